import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One line of the server's log. */
export interface LogEntry {
  readonly level: string;
  readonly msg: string;
  readonly [member: string]: unknown;
}

export interface ServerOptions {
  /** Settings on top of the defaults below; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** An existing data folder; a new temporary one otherwise, removed at the end. */
  readonly dataDir?: string;
  /** Log lines of level error that this test provokes. */
  readonly expectedErrors?: readonly RegExp[];
  readonly readyTimeoutMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Another build than this tree's own can be tested by naming its `main.js`. */
const MAIN =
  process.env['ACCEPTANCE_MAIN'] ?? fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const ERROR_LEVELS: readonly string[] = ['error', 'fatal'];
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 40_000;

export const ADMIN_KEY = 'acceptance-admin-key';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs the built program with a clean environment of its own, away from any `.env` of the working directory. */
export function spawnMain(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): ChildProcess {
  const settings = Object.entries({ PATH: process.env['PATH'], HOME: process.env['HOME'], ...env });
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN, ...args], {
    cwd,
    env: Object.fromEntries(settings.filter(([, value]) => value !== undefined)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const COMMAND_TIMEOUT_MS = 20_000;

/** Runs a command of the program to its end; one that does not end is killed (`signal` says so). */
export async function runMain(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Exit & { readonly stdout: string; readonly stderr: string }> {
  const child = spawnMain(args, env, tmpdir());
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
  const exit = await new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(timer);
  return { ...exit, ...output };
}

/** The settings of a test server. The disk reserve is small, because the tests say nothing about the machine's disk. */
export function serverEnvironment(dataDir: string, env: ServerOptions['env'] = {}): Record<string, string | undefined> {
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    GRPC_PORT: '0',
    PGWIRE_PORT: '0',
    DATA_DIR: dataDir,
    ADMIN_API_KEY: ADMIN_KEY,
    DISK_RESERVE_BYTES: '100MB',
    UV_THREADPOOL_SIZE: '16',
    ...env,
  };
}

/** A server process of the built program on a free port, with its log. */
export class ServerProcess {
  readonly #lines: LogEntry[] = [];
  readonly #plainLines: string[] = [];
  #stderr = '';
  #child: ChildProcess;
  #exited: Promise<Exit>;
  #ready: Promise<LogEntry>;
  #baseUrl = '';

  private constructor(
    readonly dataDir: string,
    private readonly options: ServerOptions,
    private readonly ownsDataDir: boolean,
  ) {
    ({ child: this.#child, exited: this.#exited, ready: this.#ready } = this.#spawn());
  }

  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'acceptance-')));
    const server = new ServerProcess(dataDir, options, options.dataDir === undefined);
    await server.#becomeReady();
    return server;
  }

  get baseUrl(): string {
    return this.#baseUrl;
  }

  get adminKey(): string {
    return this.options.env?.['ADMIN_API_KEY'] ?? ADMIN_KEY;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The server process has no pid');
    return this.#child.pid;
  }

  get exited(): Promise<Exit> {
    return this.#exited;
  }

  /** Every log line since the first start, restarts included. */
  log(): readonly LogEntry[] {
    return this.#lines;
  }

  /** What the process wrote beside its log. */
  stderr(): string {
    return this.#stderr;
  }

  /** Lines of standard output that are no log lines. */
  plainOutput(): readonly string[] {
    return this.#plainLines;
  }

  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return await this.#exited;
  }

  /** Ends the process (with `signal`) and starts it again on the same data folder; the port changes. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(signal);
    ({ child: this.#child, exited: this.#exited, ready: this.#ready } = this.#spawn());
    await this.#becomeReady();
  }

  /** Ends the process, removes a temporary data folder, and fails when the log has an error nobody expected. */
  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const hanging = new Promise<'hangs'>((resolve) => {
      timer = setTimeout(() => resolve('hangs'), STOP_TIMEOUT_MS);
    });
    this.#child.kill('SIGTERM');
    const ended = await Promise.race([this.#exited, hanging]);
    clearTimeout(timer);
    if (ended === 'hangs') await this.kill('SIGKILL');
    if (this.ownsDataDir) await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    if (ended === 'hangs') throw new Error(`The server did not end within ${STOP_TIMEOUT_MS} ms of SIGTERM`);
    this.mustHaveCleanLog();
  }

  mustHaveCleanLog(): void {
    const expected = this.options.expectedErrors ?? [];
    const unexpected = this.#lines.filter(
      (line) => ERROR_LEVELS.includes(line.level) && !expected.some((pattern) => pattern.test(JSON.stringify(line))),
    );
    if (unexpected.length === 0) return;
    const shown = unexpected.slice(0, 5).map((line) => JSON.stringify(line));
    throw new Error(`The server logged ${unexpected.length} unexpected error lines:\n${shown.join('\n')}`);
  }

  #spawn(): { child: ChildProcess; exited: Promise<Exit>; ready: Promise<LogEntry> } {
    const child = spawnMain(['serve'], serverEnvironment(this.dataDir, this.options.env), tmpdir());
    const exited = new Promise<Exit>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    const ready = new Promise<LogEntry>((resolve, reject) => {
      let rest = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        const lines = `${rest}${chunk.toString()}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const entry = this.#remember(line);
          if (entry?.msg === 'ready') resolve(entry);
        }
      });
      void exited.then(({ code, signal }) => {
        reject(new StartError(`The server ended (code ${code}, signal ${signal}) before it was ready`, this.#stderr));
      });
    });
    ready.catch(() => undefined);
    return { child, exited, ready };
  }

  #remember(line: string): LogEntry | undefined {
    if (!line.startsWith('{')) {
      this.#plainLines.push(line);
      return undefined;
    }
    const entry = JSON.parse(line) as LogEntry;
    this.#lines.push(entry);
    return entry;
  }

  async #becomeReady(): Promise<void> {
    const limitMs = this.options.readyTimeoutMs ?? READY_TIMEOUT_MS;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new StartError(`The server was not ready within ${limitMs} ms`, this.#stderr)),
        limitMs,
      );
    });
    try {
      const entry = await Promise.race([this.#ready, late]);
      this.#baseUrl = String(entry['baseUrl']);
    } catch (error) {
      this.#child.kill('SIGKILL');
      if (this.ownsDataDir) await rm(this.dataDir, { recursive: true, force: true });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    message: string,
    readonly stderr: string,
  ) {
    super(`${message}\n${stderr}`);
  }
}

export function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  return ServerProcess.start(options);
}
