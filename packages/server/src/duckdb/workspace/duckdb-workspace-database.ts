import { DuckDBInstance, version, type DuckDBConnection } from '@duckdb/node-api';
import { STORAGE_VERSION } from '../engine-database.js';
import { quoteLiteral } from '../quoting.js';
import { pairKey } from './names-in-sql.js';
import { ObjectChanges } from './object-changes.js';
import { ProjectTables, Pins } from './project-tables.js';
import type {
  GrowthGuard,
  PinnedName,
  ResolveTables,
  SearchPath,
  TablePins,
  WorkspaceDatabase,
} from './workspace-database.js';
import { DEFAULT_SCHEMAS, type PathSchema } from './search-path.js';
import { WorkspaceFigures } from './workspace-figures.js';
import { WorkspaceSize } from './workspace-size.js';

export interface WorkspaceDatabaseSettings {
  readonly filePath: string;
  readonly sizeLimitBytes: number;
  readonly attachDirectory: string;
  readonly exchangeDirectory: string;
  readonly tempDirectory: string;
  readonly memoryLimitBytes: number;
  readonly threads: number;
  readonly maxTempBytes: number;
  readonly attachedVersions: number;
}

/** What the workspace asks the service about its project. */
export interface ProjectFacts {
  resolveTables: ResolveTables;
  isBucketSchema(name: string): Promise<boolean>;
}

/** What must happen while files can still be attached; the connection is its own to keep. */
export type BeforeLockDown = (connection: DuckDBConnection) => Promise<void>;

/**
 * What a connection may change for itself once the configuration is locked. The last one is set by the engine, when it runs an ADD COLUMN with a
 * function as its default.
 */
const SESSION_SETTINGS = [
  'TimeZone',
  'integer_division',
  'errors_as_json',
  'streaming_buffer_size',
  'current_transaction_invalidation_policy',
];

/**
 * Rows that DuckDB makes ahead of their reader. Its own megabyte is five chunks: while they are sent it makes none, and while it makes the next
 * none are sent. Larger ones delay the first row and stay in memory for a reader that has gone slow.
 */
const STREAMING_BUFFER_SIZE = '8MB';

/**
 * The instance of a workspace worker.
 *
 *   in memory ─► ATTACH ws ─► temporary space ─► global defaults ─► directories ─► no other access ─► locked, then read back
 *
 * The file is never the main database: after a crash that can fail where attaching it succeeds. Nothing is opened afterwards except links in
 * the attach directory. One instance in this process, all of it on one thread.
 */
export class DuckDbWorkspaceDatabase implements WorkspaceDatabase {
  readonly exchangeDirectory: string;
  readonly attachDirectory: string;
  readonly figures = new WorkspaceFigures();
  readonly tables: ProjectTables;
  readonly size: WorkspaceSize;
  readonly builtInFunctions: ReadonlySet<string>;
  readonly isBucketSchema: (name: string) => Promise<boolean>;
  readonly objectChanges = new ObjectChanges();

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly control: ControlConnection,
    settings: WorkspaceDatabaseSettings,
    facts: ProjectFacts,
    builtInFunctions: ReadonlySet<string>,
    onDefect: (error: unknown) => void,
  ) {
    this.exchangeDirectory = settings.exchangeDirectory;
    this.attachDirectory = settings.attachDirectory;
    this.builtInFunctions = builtInFunctions;
    this.isBucketSchema = (name) => facts.isBucketSchema(name);
    this.tables = new ProjectTables({
      control: (sql) => control.rows(sql),
      resolveTables: facts.resolveTables,
      attachDirectory: settings.attachDirectory,
      limit: settings.attachedVersions,
      onDetachFailed: onDefect,
      onAttached: (durationMs) => this.figures.attached(durationMs),
    });
    this.size = new WorkspaceSize(
      settings.filePath,
      { limitBytes: settings.sizeLimitBytes },
      { usedBytes: () => control.usedBytes(), checkpoint: () => control.checkpoint() },
    );
  }

  /** `onDefect`: something failed that no caller waits for. */
  static async open(
    settings: WorkspaceDatabaseSettings,
    facts: ProjectFacts,
    onDefect: (error: unknown) => void,
    beforeLockDown: BeforeLockDown = () => Promise.resolve(),
  ): Promise<DuckDbWorkspaceDatabase> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${settings.memoryLimitBytes}B`,
      threads: String(settings.threads),
      temp_directory: settings.tempDirectory,
      autoload_known_extensions: 'false',
      autoinstall_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_persistent_secrets: 'false',
      allow_unredacted_secrets: 'false',
    });
    try {
      const control = new ControlConnection(await instance.connect());
      await control.rows(`ATTACH ${quoteLiteral(settings.filePath)} AS ws (STORAGE_VERSION '${STORAGE_VERSION}')`);
      await beforeLockDown(await instance.connect());
      await lockDown(control, settings);
      const functions = await control.rows(
        'SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE internal',
      );
      return new DuckDbWorkspaceDatabase(
        instance,
        control,
        settings,
        facts,
        new Set(functions.map(([name]) => String(name))),
        onDefect,
      );
    } catch (error) {
      instance.closeSync();
      throw error;
    }
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.instance.connect();
    await connection.run(`SET integer_division = true`);
    await connection.run(`SET errors_as_json = true`);
    await connection.run(`SET TimeZone = 'UTC'`);
    await connection.run(`SET streaming_buffer_size = '${STREAMING_BUFFER_SIZE}'`);
    return connection;
  }

  beginPins(connection: DuckDBConnection): TablePins {
    return this.tables.begin(connection);
  }

  pathFor(sql: string, pins: TablePins, schemas: readonly PathSchema[] = DEFAULT_SCHEMAS): Promise<SearchPath> {
    if (!(pins instanceof Pins)) throw new Error('these pins are not of this database');
    return this.tables.pathFor(sql, pins, schemas);
  }

  pinned(schema: string, table: string, pins: TablePins): PinnedName | null {
    if (!(pins instanceof Pins)) throw new Error('these pins are not of this database');
    const found = pins.tables.get(pairKey(schema, table))?.table;
    if (found === undefined) return null;
    const [bucketName = schema] = found.schemaSpellings;
    return { bucketName, tableName: found.tableName };
  }

  beginGrowth(connection: DuckDBConnection): Promise<GrowthGuard> {
    return this.size.begin(connection);
  }

  /** Everything into the file, no log left. False while a transaction runs. */
  checkpoint(): Promise<boolean> {
    return this.control.checkpoint();
  }

  /** Of the engine, as it counts it. */
  async memoryBytes(): Promise<number> {
    const [row] = await this.control.rows('SELECT sum(memory_usage_bytes)::BIGINT FROM system.main.duckdb_memory()');
    return Number(row?.[0] ?? 0);
  }

  /** Connections must be closed before, or what they do fails. */
  close(): void {
    this.control.close();
    this.instance.closeSync();
  }
}

/** Attaches, detaches and measures: one statement at a time, never a user's. */
class ControlConnection {
  #queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: DuckDBConnection) {}

  rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const result = this.#queue.then(async () => (await this.connection.runAndReadAll(sql)).getRows());
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async usedBytes(): Promise<number> {
    const [row] = await this.rows(
      `SELECT block_size * used_blocks FROM system.main.pragma_database_size() WHERE database_name = 'ws'`,
    );
    return Number(row?.[0] ?? 0);
  }

  async checkpoint(): Promise<boolean> {
    try {
      await this.rows('CHECKPOINT ws');
      return true;
    } catch (error) {
      // Another transaction runs: the next one that needs room tries again.
      if (error instanceof Error && /transaction/i.test(error.message)) return false;
      throw error;
    }
  }

  close(): void {
    this.connection.closeSync();
  }
}

/** The order matters: each step takes away what the next one does not need. */
async function lockDown(control: ControlConnection, settings: WorkspaceDatabaseSettings): Promise<void> {
  // Given at open, the size of the temporary directory is accepted and then ignored.
  await control.rows(`SET GLOBAL max_temp_directory_size = '${settings.maxTempBytes}B'`);
  await control.rows(`SET GLOBAL default_null_order = 'postgres'`);
  await control.rows(`SET GLOBAL TimeZone = 'UTC'`);
  const directories = [settings.attachDirectory, settings.exchangeDirectory];
  await control.rows(`SET GLOBAL allowed_directories = [${directories.map(quoteLiteral).join(', ')}]`);
  await control.rows('SET GLOBAL enable_external_access = false');
  await control.rows(`SET GLOBAL allowed_configs = [${SESSION_SETTINGS.map(quoteLiteral).join(', ')}]`);
  await control.rows('SET GLOBAL lock_configuration = true');
  const [state] = await control.rows(
    `SELECT current_setting('enable_external_access'), current_setting('lock_configuration'), current_setting('autoload_known_extensions')`,
  );
  if (state?.[0] !== false || state[1] !== true || state[2] !== false) {
    throw new Error('the engine did not take over the settings that lock it down');
  }
}

export function duckdbVersion(): string {
  return version();
}
