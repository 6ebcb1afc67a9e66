import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { ServerProcess } from '../../../../../acceptance/helpers/server-process.js';
import type { WorkspaceHandle } from '../../../../../acceptance/helpers/workspaces.js';
import { SeededRandom } from './seeded-random.js';
import { EMPTY_WORKSPACE, readWorkspace } from './workspace-model.js';
import { isLoss, WorkspaceScript } from './workspace-script.js';
import { workspaceWorkerPids } from './workspace-workers.js';

/** A kill comes within this time of the beginning of a connection, or of the work on it. */
const LATEST_KILL_MS = 250;
const KILL_WHILE_CONNECTING = 0.3;
const POLL_MS = 20;

/** One workspace that is used and killed, again and again. */
export class WorkspaceLane {
  readonly script: WorkspaceScript;
  /** How long the first statement took to be answered after a worker was killed, connecting included. */
  readonly comebacksMs: number[] = [];
  readonly #random: SeededRandom;

  constructor(
    private readonly server: ServerProcess,
    private readonly workspace: WorkspaceHandle,
    private readonly name: string,
    seed: number,
  ) {
    this.#random = new SeededRandom(seed);
    this.script = new WorkspaceScript(this.#random, EMPTY_WORKSPACE);
  }

  /** Works until its worker is killed at a random moment, which may be while it opens the workspace; then comes back. */
  async loseWorker(): Promise<void> {
    const use = this.use();
    const killing = this.#moment(use).then(() => this.#killWorkers(use));
    await use.lost;
    await killing;
    const before = performance.now();
    const client = await connect(this.server, this.workspace);
    await client.query('SELECT 1');
    this.comebacksMs.push(performance.now() - before);
    await client.end();
  }

  /** Connects, looks whether everything is as it was told, and works on until the connection is cut, which may be at any point of this. */
  use(): Use {
    let startedWork: () => void = () => undefined;
    const working = new Promise<void>((resolve) => (startedWork = resolve));
    const use = { working, isLost: false, lost: Promise.resolve() };
    use.lost = this.#useUntilLost(startedWork).finally(() => {
      use.isLost = true;
      startedWork();
    });
    // Whoever kills waits first; what went wrong is still thrown to who waits for the loss.
    use.lost.catch(() => undefined);
    return use;
  }

  async mustHoldWhatItWasTold(): Promise<void> {
    const client = await connect(this.server, this.workspace);
    this.script.mustHold(await readWorkspace(client), this.name);
    await client.end();
  }

  async #useUntilLost(startedWork: () => void): Promise<void> {
    let client: Client | undefined;
    try {
      client = await connect(this.server, this.workspace);
      this.script.mustHold(await readWorkspace(client), this.name);
      startedWork();
      await this.script.runUntilLost(client);
    } catch (error) {
      if (!isLoss(error)) throw error;
    } finally {
      await client?.end().catch(() => undefined);
    }
  }

  async #moment({ working }: Use): Promise<void> {
    if (!this.#random.chance(KILL_WHILE_CONNECTING)) await working;
    await pause(this.#random.between(0, LATEST_KILL_MS));
  }

  /** A worker that dies while it opens the workspace is replaced without the client's notice: so until the client has lost its connection. */
  async #killWorkers(use: Use): Promise<void> {
    while (!use.isLost) {
      const [open] = await workspaceWorkerPids(this.server.pid, this.workspace.id);
      if (open !== undefined) kill9(open);
      await pause(POLL_MS);
    }
  }
}

export interface Use {
  /** Settles when the content was found right and the script begins, or when that will not happen any more. */
  readonly working: Promise<void>;
  readonly isLost: boolean;
  /** Rejects when something else than the connection failed. */
  readonly lost: Promise<void>;
}

export async function connect(server: ServerProcess, workspace: WorkspaceHandle): Promise<Client> {
  const { database, username: user, password } = workspace.created.connection;
  const client = new Client({ host: '127.0.0.1', port: portOf(server), database, user, password: password ?? '' });
  // The end of a connection is noticed by whoever uses it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** The port changes with every start of the service. */
function portOf(server: ServerProcess): number {
  const opened = server.log().filter(({ msg }) => msg === 'PostgreSQL door is open');
  return Number(opened.at(-1)?.['port']);
}

function kill9(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
