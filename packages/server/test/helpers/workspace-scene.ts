import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { StatementEnd, StatementStart } from '../../src/model/workspace-activity.js';
import type { WorkspaceCatalog, WorkspaceTable } from '../../src/model/workspace-view.js';
import { ChildProcessWorkspaceHosts } from '../../src/workers/child-process-workspace-hosts.js';
import {
  DEFAULT_HOST_TIMING,
  type WorkspaceHostLimits,
  type WorkspaceHostTiming,
} from '../../src/workers/workspace-host-options.js';
import type { WorkspaceSource } from '../../src/workers/workspace-hosts.js';
import type { SessionEvent, SessionPreamble } from '../../src/workers/workspace-messages.js';
import type { WorkspaceEndReason } from '../../src/workers/workspace-ends.js';
import { tempDir } from './temp-dir.js';
import { createTestLogger, type TestLog } from './test-log.js';

const LIMITS: WorkspaceHostLimits = {
  maxOpen: 10,
  spareWorkers: 0,
  memoryLimitBytes: 512_000_000,
  threads: 2,
  maxTempBytes: 500_000_000,
  minFileSizeBytes: 5_000_000_000,
  attachedVersions: 16,
  residentBytes: 1_500_000_000,
  addressSpaceBytes: 5_000_000_000,
  openFiles: 4096,
  firstUserId: 59_000,
};

export interface WorkspaceSceneOptions {
  readonly limits?: Partial<WorkspaceHostLimits>;
  readonly timing?: Partial<WorkspaceHostTiming>;
  readonly sizeLimitBytes?: number;
}

/** A project of a few tables on the disk, and hosts whose workers speak the plain protocol of `plain-workspace-worker.mjs`. */
export class WorkspaceScene {
  readonly tables = new Map<string, { readonly versionId: string; readonly path: string }>();
  readonly started: StatementStart[] = [];
  readonly finished: StatementEnd[] = [];
  readonly sessionEvents: SessionEvent[] = [];
  readonly ends: WorkspaceEndReason[] = [];
  readonly log: TestLog = createTestLogger();
  hosts!: ChildProcessWorkspaceHosts;

  private constructor(
    readonly root: string,
    readonly options: WorkspaceSceneOptions,
  ) {}

  static async start(options: WorkspaceSceneOptions = {}): Promise<WorkspaceScene> {
    const scene = new WorkspaceScene(await tempDir(), options);
    scene.startHosts();
    onTestFinished(() => scene.hosts.stop(5_000));
    return scene;
  }

  /** Again, after a stop: as after a restart of the service. */
  startHosts(): void {
    this.hosts = new ChildProcessWorkspaceHosts({
      entry: new URL('./plain-workspace-worker.mjs', import.meta.url),
      root: this.root,
      base: join(this.root, '_staging', 'workspaces'),
      source: this.#source(),
      observer: {
        sessionEvent: (_workspace, _session, event) => void this.sessionEvents.push(event),
        workerOpened: () => undefined,
        counted: () => undefined,
        workerEnded: (reason) => void this.ends.push(reason),
      },
      logger: this.log.logger,
      limits: { ...LIMITS, ...this.options.limits },
      timing: { ...DEFAULT_HOST_TIMING, ...this.options.timing },
    });
  }

  /** A new version of a table, made by another process: this one has no engine. */
  publish(bucket: string, table: string, select: string): string {
    const versionId = randomUUID().replaceAll('-', '');
    const folder = join(this.root, 'project_p', '_versions');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${versionId}.duckdb`);
    const script = `
      import { DuckDBInstance } from '@duckdb/node-api';
      const connection = await (await DuckDBInstance.create(':memory:')).connect();
      await connection.run("ATTACH '${path}' AS v (STORAGE_VERSION 'v1.5.0')");
      await connection.run(${JSON.stringify(`CREATE TABLE v.main.data AS ${select}`)});
      await connection.run('CHECKPOINT v');
      await connection.run('DETACH v');`;
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname });
    chmodSync(path, 0o444);
    this.tables.set(`${bucket}.${table}`, { versionId, path });
    return path;
  }

  workspacePath(workspaceId: string): string {
    const folder = join(this.root, 'project_p', '_workspaces', workspaceId);
    mkdirSync(folder, { recursive: true });
    return join(folder, `${workspaceId}.duckdb`);
  }

  async connect(workspaceId: string, limits: Partial<SessionPreamble['limits']> = {}): Promise<PlainClient> {
    const sessionId = `pgw_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const stream = await this.hosts.openSession(workspaceId, {
      sessionId,
      backendPid: 1,
      cancelSecret: 1,
      username: 'ws_user',
      databaseName: `workspace_${workspaceId}`,
      clientIp: null,
      encrypted: false,
      startupParameters: {},
      limits: { statementTimeoutMs: 60_000, idleTimeoutMs: 3_600_000, maxStatementBytes: 16_000_000, ...limits },
    });
    const client = new PlainClient(stream, sessionId);
    await client.ready();
    return client;
  }

  #source(): WorkspaceSource {
    return {
      placeOf: (workspaceId) =>
        Promise.resolve(
          workspaceId === 'gone'
            ? undefined
            : {
                filePath: this.workspacePath(workspaceId),
                sizeLimitBytes: this.options.sizeLimitBytes ?? 10_000_000_000,
                databaseName: `workspace_${workspaceId}`,
                username: 'ws_user',
              },
        ),
      resolveTables: (_workspaceId, names, attachDirectory) =>
        Promise.resolve(
          names.map(({ schema, table }) => {
            for (const [name, version] of this.tables) {
              const [bucket = '', tableName = ''] = name.split('.');
              const schemaSpellings = [...new Set([bucket, bucket.replaceAll('_', '-')])];
              const isBucket = schemaSpellings.some((one) => one.toLowerCase() === schema.toLowerCase());
              if (!isBucket || tableName.toLowerCase() !== table.toLowerCase()) continue;
              return { ...this.#link(version, attachDirectory), schemaSpellings, tableName };
            }
            return null;
          }),
        ),
      catalogOf: () => Promise.resolve(this.#catalog()),
      statementStarted: (start) => void this.started.push(start),
      statementFinished: (end) => void this.finished.push(end),
    };
  }

  #link(
    { versionId, path }: { readonly versionId: string; readonly path: string },
    attachDirectory: string,
  ): Pick<WorkspaceTable, 'versionId' | 'linkName'> {
    const linkName = `${versionId}.duckdb`;
    const link = join(attachDirectory, linkName);
    if (!existsSync(link)) linkSync(path, link);
    return { versionId, linkName };
  }

  #catalog(): WorkspaceCatalog {
    const buckets = [...new Set([...this.tables.keys()].map((name) => name.split('.')[0] ?? ''))];
    return {
      generation: '1',
      buckets: buckets.map((name) => ({
        name,
        schemaSpellings: [name, name.replaceAll('_', '-')],
        description: null,
        tables: [],
      })),
    };
  }
}

export interface PlainError {
  readonly sqlState: string | null;
  readonly message: string;
}

/** One answer of a query: rows per statement, the error that ended it, or that the connection is gone. */
export interface PlainAnswer {
  readonly rows: readonly (readonly unknown[])[][];
  readonly error: PlainError | undefined;
  readonly closed: boolean;
}

export class PlainClient {
  #buffer = Buffer.alloc(0);
  #frames: { type: string; body: Buffer }[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(
    readonly stream: Duplex,
    readonly sessionId: string,
  ) {
    stream.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      while (this.#buffer.length >= 5) {
        const length = this.#buffer.readInt32BE(1) + 1;
        if (this.#buffer.length < length) break;
        this.#frames.push({ type: this.#buffer.toString('latin1', 0, 1), body: this.#buffer.subarray(5, length) });
        this.#buffer = this.#buffer.subarray(length);
      }
      this.#wake?.();
    });
    for (const event of ['end', 'close', 'error'])
      stream.on(event, () => {
        this.#closed = true;
        this.#wake?.();
      });
  }

  /** The rows of the last statement; throws what the server said. */
  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const { rows, error, closed } = await this.query(sql);
    if (error !== undefined) throw Object.assign(new Error(error.message), error);
    if (closed) throw new Error('the connection is closed');
    return rows.at(-1) ?? [];
  }

  async query(sql: string): Promise<PlainAnswer> {
    const body = Buffer.from(sql, 'utf8');
    const head = Buffer.alloc(5);
    head.write('Q', 0, 'latin1');
    head.writeInt32BE(body.length + 4, 1);
    this.stream.write(Buffer.concat([head, body]));
    return this.ready();
  }

  async ready(): Promise<PlainAnswer> {
    const rows: (readonly unknown[])[][] = [];
    let error: PlainError | undefined;
    for (;;) {
      const frame = this.#frames.shift();
      if (frame === undefined) {
        if (this.#closed) return { rows, error, closed: true };
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (frame.type === 'Z') return { rows, error, closed: false };
      if (frame.type === 'D') rows.push(JSON.parse(frame.body.toString('utf8')) as (readonly unknown[])[]);
      if (frame.type === 'X') error = JSON.parse(frame.body.toString('utf8')) as PlainError;
      if (frame.type === 'E') error = fatalFields(frame.body);
    }
  }

  end(): void {
    this.stream.destroy();
  }
}

function fatalFields(body: Buffer): PlainError {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field) => [field.charAt(0), field.slice(1)] as const),
  );
  return { sqlState: fields.get('C') ?? null, message: fields.get('M') ?? '' };
}
