import { existsSync, linkSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../../test/helpers/temp-dir.js';
import type { WorkspaceTable, WorkspaceTableName } from '../../model/workspace-view.js';
import { DuckDbWorkspaceDatabase } from './duckdb-workspace-database.js';

interface Scene {
  readonly database: DuckDbWorkspaceDatabase;
  readonly folder: string;
  readonly asked: WorkspaceTableName[][];
  publish(bucket: string, table: string, select: string): Promise<void>;
  forget(bucket: string, table: string): void;
}

let lastVersion = 0;

async function openScene(options: { attachedVersions?: number; sizeLimitBytes?: number } = {}): Promise<Scene> {
  const folder = await tempDir();
  for (const name of ['versions', 'attach', 'exchange', 'temp', 'ws']) mkdirSync(join(folder, name));
  const tables = new Map<string, { versionId: string; bucket: string; table: string }>();
  const asked: WorkspaceTableName[][] = [];
  const find = ({ schema, table }: WorkspaceTableName): WorkspaceTable | null => {
    for (const { versionId, bucket, table: tableName } of tables.values()) {
      const schemaSpellings = [bucket, bucket.replaceAll(/[-.]/g, '_')];
      if (!schemaSpellings.includes(schema.toLowerCase()) || tableName !== table.toLowerCase()) continue;
      const linkName = `${versionId}.duckdb`;
      const link = join(folder, 'attach', linkName);
      if (!existsSync(link)) linkSync(join(folder, 'versions', linkName), link);
      return { versionId, linkName, schemaSpellings: [...new Set(schemaSpellings)], tableName };
    }
    return null;
  };
  const database = await DuckDbWorkspaceDatabase.open(
    {
      filePath: join(folder, 'ws', 'w1.duckdb'),
      sizeLimitBytes: options.sizeLimitBytes ?? 1_000_000_000,
      attachDirectory: join(folder, 'attach'),
      exchangeDirectory: join(folder, 'exchange'),
      tempDirectory: join(folder, 'temp'),
      memoryLimitBytes: 300_000_000,
      threads: 2,
      maxTempBytes: 100_000_000,
      attachedVersions: options.attachedVersions ?? 8,
    },
    {
      resolveTables: (names) => {
        asked.push([...names]);
        return Promise.resolve(names.map(find));
      },
      isBucketSchema: () => Promise.resolve(false),
    },
    (error) => {
      throw error;
    },
  );
  onTestFinished(() => database.close());
  return {
    database,
    folder,
    asked,
    publish: async (bucket, table, select) => {
      lastVersion += 1;
      const versionId = `version${lastVersion}`;
      await writeVersion(join(folder, 'versions', `${versionId}.duckdb`), select);
      tables.set(`${bucket}.${table}`, { versionId, bucket, table });
    },
    forget: (bucket, table) => void tables.delete(`${bucket}.${table}`),
  };
}

async function writeVersion(path: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`ATTACH '${path}' AS v (STORAGE_VERSION 'v1.5.0')`);
  await connection.run(`CREATE TABLE v.main.data AS ${select}`);
  await connection.run('CHECKPOINT v');
  connection.closeSync();
  instance.closeSync();
}

/** A session in short: pins per transaction, path before each statement. */
class Session {
  #pins: ReturnType<DuckDbWorkspaceDatabase['beginPins']> | undefined;

  constructor(
    private readonly database: DuckDbWorkspaceDatabase,
    readonly connection: DuckDBConnection,
  ) {}

  async begin(): Promise<void> {
    await this.connection.run('BEGIN');
    this.#pins = this.database.beginPins(this.connection);
  }

  async end(how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await this.connection.run(how);
    this.#pins?.release();
    this.#pins = undefined;
  }

  async rows(sql: string): Promise<unknown> {
    const pins = this.#pins ?? this.database.beginPins(this.connection);
    try {
      const { value } = await this.database.pathFor(sql, pins);
      await this.connection.run(`SET search_path = '${value.replaceAll("'", "''")}'`);
      return (await this.connection.runAndReadAll(sql)).getRowsJson();
    } finally {
      if (this.#pins === undefined) pins.release();
    }
  }
}

async function connect(scene: Scene): Promise<Session> {
  const connection = await scene.database.connect();
  onTestFinished(() => connection.closeSync());
  return new Session(scene.database, connection);
}

describe('tables of the project', () => {
  test('both spellings, qualified columns, joins, and any case', async () => {
    const scene = await openScene();
    await scene.publish('in.c-sales', 'orders', 'SELECT range AS id, range % 3 AS customer FROM range(10)');
    await scene.publish('in.c-sales', 'customers', "SELECT range AS id, 'c' || range AS name FROM range(3)");
    const session = await connect(scene);
    expect(await session.rows('SELECT count(*), max(in_c_sales.orders.id) FROM in_c_sales.orders')).toEqual([
      ['10', '9'],
    ]);
    expect(await session.rows('SELECT sum(id) FROM "in.c-sales"."orders"')).toEqual([['45']]);
    expect(await session.rows('SELECT count(*) FROM IN_C_SALES.Orders')).toEqual([['10']]);
    expect(
      await session.rows(
        'SELECT c.name, count(*) FROM in_c_sales.orders o JOIN "in.c-sales".customers c ON o.customer = c.id GROUP BY 1 ORDER BY 1',
      ),
    ).toEqual([
      ['c0', '4'],
      ['c1', '3'],
      ['c2', '3'],
    ]);
  });

  test('a transaction keeps the version it first saw, the next one sees the newest', async () => {
    const scene = await openScene();
    await scene.publish('b', 't', 'SELECT 1 AS x');
    const session = await connect(scene);
    await session.begin();
    expect(await session.rows('SELECT x FROM b.t')).toEqual([[1]]);
    await session.rows('CREATE TABLE mine AS SELECT x FROM b.t');
    await scene.publish('b', 't', 'SELECT 2 AS x');
    await scene.publish('b', 'later', 'SELECT 3 AS x');
    expect(await session.rows('SELECT x FROM b.t')).toEqual([[1]]);
    expect(await session.rows('SELECT t.x + later.x FROM b.t, b.later')).toEqual([[4]]);
    await session.end('COMMIT');
    expect(await session.rows('SELECT t.x, mine.x FROM b.t, mine')).toEqual([[2, 1]]);
    scene.forget('b', 't');
    await expect(session.rows('SELECT x FROM b.t')).rejects.toThrow(/does not exist/);
  });

  test('views and macros of the workspace find their tables, nested, new, temporary and not committed yet', async () => {
    const scene = await openScene();
    await scene.publish('b', 't', 'SELECT 5 AS x');
    const session = await connect(scene);
    const other = await connect(scene);
    await session.rows('CREATE VIEW inner_view AS SELECT x FROM b.t');
    await session.rows('CREATE VIEW outer_view AS SELECT x + 1 AS y FROM inner_view');
    expect(await other.rows('SELECT y FROM outer_view')).toEqual([[6]]);
    await scene.publish('b', 't', 'SELECT 7 AS x');
    expect(await other.rows('SELECT y FROM outer_view')).toEqual([[8]]);
    await session.rows('CREATE MACRO doubled() AS TABLE SELECT x * 2 AS d FROM b.t');
    expect(await other.rows('SELECT d FROM doubled()')).toEqual([[14]]);
    await session.begin();
    await session.rows('CREATE VIEW fresh AS SELECT x FROM b.t');
    expect(await session.rows('SELECT x FROM fresh')).toEqual([[7]]);
    await session.end('ROLLBACK');
    await expect(other.rows('SELECT x FROM fresh')).rejects.toThrow(/does not exist/);
    await session.rows('CREATE TEMP VIEW passing AS SELECT x FROM b.t');
    expect(await session.rows('SELECT x FROM passing')).toEqual([[7]]);
    await expect(other.rows('SELECT x FROM passing')).rejects.toThrow(/does not exist/);
  });

  test('versions are shared, detached when too many, and never under a transaction', async () => {
    const scene = await openScene({ attachedVersions: 1 });
    for (const table of ['t1', 't2', 't3']) await scene.publish('b', table, `SELECT '${table}' AS x`);
    const [reader, writer] = [await connect(scene), await connect(scene)];
    await reader.begin();
    await reader.rows('SELECT x FROM b.t1');
    for (const table of ['t2', 't3', 't2']) expect(await writer.rows(`SELECT x FROM b.${table}`)).toEqual([[table]]);
    expect(await reader.rows('SELECT x FROM b.t1')).toEqual([['t1']]);
    await reader.end('COMMIT');
    // A path that names what is detached by now does not stop the next statement.
    expect(await reader.rows('SELECT 1')).toEqual([[1]]);
    expect(await reader.rows('SELECT x FROM b.t1')).toEqual([['t1']]);
  });

  test('the service is asked once per name and transaction, and not at all without a dot', async () => {
    const scene = await openScene();
    await scene.publish('b', 't', 'SELECT 1 AS x');
    const session = await connect(scene);
    await session.rows('SELECT 1');
    expect(scene.asked).toEqual([]);
    await session.begin();
    for (let repeat = 0; repeat < 3; repeat += 1) await session.rows('SELECT q.x FROM b.t q');
    await session.end('COMMIT');
    expect(scene.asked).toEqual([
      [
        { schema: 'q', table: 'x' },
        { schema: 'b', table: 't' },
      ],
    ]);
  });
});

describe('the instance', () => {
  test('no file, no setting, no extension; what the session may set is set for it alone', async () => {
    const scene = await openScene();
    const { connection } = await connect(scene);
    for (const sql of [
      "SELECT * FROM read_text('/etc/hostname')",
      "COPY (SELECT 1) TO '/tmp/never'",
      "ATTACH '/tmp/never.duckdb' AS never",
      "SET memory_limit = '10GB'",
      'SET threads = 64',
      "SET temp_directory = '/tmp'",
      'SET enable_external_access = true',
      'SET lock_configuration = false',
      'RESET allowed_directories',
      'INSTALL httpfs',
    ]) {
      await expect(connection.run(sql), sql).rejects.toThrow();
    }
    await connection.run("SET TimeZone = 'Europe/Prague'");
    const other = await connect(scene);
    const zone = "SELECT current_setting('TimeZone'), 7 / 2";
    expect((await connection.runAndReadAll(zone)).getRowsJson()).toEqual([['Europe/Prague', 3]]);
    expect(await other.rows(zone)).toEqual([['UTC', 3]]);
    expect(await other.rows('SELECT x FROM (VALUES (1), (NULL)) t(x) ORDER BY x')).toEqual([[1], [null]]);
  });

  test('what a statement spills is bounded', async () => {
    const scene = await openScene();
    const session = await connect(scene);
    await expect(
      session.rows('CREATE TEMP TABLE big AS SELECT range a, hash(range) b, hash(range + 1) c FROM range(50000000)'),
    ).rejects.toThrow(/max_temp_directory_size|Out of Memory/);
    expect(await session.rows('SELECT 1')).toEqual([[1]]);
  });
});

describe('the size limit', () => {
  const LIMIT = 20_000_000;
  const GROW = 'CREATE TABLE big AS SELECT range AS a, hash(range) AS b FROM range(100000000)';

  test('a statement that would pass it fails in time, nothing is lost, and the room comes back', async () => {
    const scene = await openScene({ sizeLimitBytes: LIMIT });
    const session = await connect(scene);
    await session.rows('CREATE TABLE kept AS SELECT 1 AS x');
    const guard = await scene.database.beginGrowth(session.connection);
    await session.begin();
    await expect(session.rows(GROW)).rejects.toThrow(/INTERRUPT/);
    await expect(guard.mustFit()).rejects.toMatchObject({ sqlState: '53100' });
    await session.end('ROLLBACK');
    await guard.end();
    expect(await session.rows('SELECT x FROM kept')).toEqual([[1]]);
    expect(statSync(join(scene.folder, 'ws', 'w1.duckdb')).size).toBeLessThan(LIMIT);
    const next = await scene.database.beginGrowth(session.connection);
    await next.mustFit();
    await next.end();
  });

  test('a full workspace refuses to grow until something is dropped', async () => {
    const scene = await openScene({ sizeLimitBytes: LIMIT });
    const session = await connect(scene);
    await session.rows('CREATE TABLE full_one AS SELECT hash(range) AS b FROM range(4000000)');
    await expect(scene.database.beginGrowth(session.connection)).rejects.toMatchObject({ sqlState: '53100' });
    await session.rows('DROP TABLE full_one');
    const guard = await scene.database.beginGrowth(session.connection);
    await session.rows('CREATE TABLE small AS SELECT 1 AS x');
    await guard.mustFit();
    await guard.end();
  });
});
