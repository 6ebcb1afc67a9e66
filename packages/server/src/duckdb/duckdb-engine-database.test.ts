import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import { DuckDbEngineDatabase } from './duckdb-engine-database.js';
import { LARGE_BLOCK_BYTES, SMALL_BLOCK_BYTES } from './engine-database.js';
import { dataTable } from './table-ddl.js';

const never = new AbortController().signal;

let directory: string;
let database: DuckDbEngineDatabase;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'engine-'));
  database = await DuckDbEngineDatabase.open({
    memoryLimit: '500MB',
    threads: 2,
    tempDirectory: join(directory, 'temp'),
    maxTempBytes: 50_000_000,
    attachedVersions: 2,
  });
});

afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

async function makeFile(name: string, rows: number, blockSizeBytes = SMALL_BLOCK_BYTES): Promise<string> {
  const path = join(directory, name);
  await database.withStagedFile(path, { blockSizeBytes }, never, async (connection, alias) => {
    await connection.run(`CREATE TABLE ${dataTable(alias)} AS SELECT range AS id FROM range(${rows})`);
  });
  return path;
}

async function single(sql: string): Promise<unknown> {
  return database.withConnection(
    never,
    async (connection) => (await connection.runAndReadAll(sql)).getRowsJson()[0]?.[0],
  );
}

const attached = (): Promise<unknown> =>
  single(`SELECT count(*)::INT FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL`);

function openDescriptorsOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  }).length;
}

describe('settings', () => {
  test('are in force and locked', async () => {
    expect(await single(`SELECT current_setting('TimeZone')`)).toBe('UTC');
    expect(await single(`SELECT current_setting('max_temp_directory_size')`)).toBe('47.6 MiB');
    expect(await single(`SELECT current_setting('preserve_insertion_order')`)).toBe(true);
    await expect(single(`SET memory_limit = '10GB'`)).rejects.toThrow(/locked/);
  });
});

describe('withStagedFile', () => {
  test('leaves one closed file without a log', async () => {
    const path = await makeFile('a.duckdb', 10);
    expect(readdirSync(directory)).not.toContain('a.duckdb.wal');
    expect(statSync(path).size).toBeLessThan(60_000);
    expect(openDescriptorsOf(path)).toBe(0);
    expect(await attached()).toBe(0);
  });

  test('continues an existing file whatever its block size', async () => {
    const path = await makeFile('a.duckdb', 10, LARGE_BLOCK_BYTES);
    await database.withStagedFile(path, { blockSizeBytes: SMALL_BLOCK_BYTES }, never, async (connection, alias) => {
      await connection.run(`INSERT INTO ${dataTable(alias)} VALUES (99)`);
    });
    const count = await database.withVersion({ id: 'v', path }, (alias) =>
      single(`SELECT count(*)::INT FROM ${dataTable(alias)}`),
    );
    expect(count).toBe(11);
  });

  test.each([
    [true, 2],
    [false, 4],
  ])(
    'merges half-filled row groups after rows were deleted only if it shall (%s)',
    async (mergeRowGroups, expected) => {
      const path = join(directory, 'groups.duckdb');
      const options = { blockSizeBytes: SMALL_BLOCK_BYTES, mergeRowGroups };
      const groups = await database.withStagedFile(path, options, never, async (connection, alias) => {
        const table = dataTable(alias);
        await connection.run(`CREATE TABLE ${table} (id BIGINT)`);
        for (let part = 0; part < 4; part += 1) {
          await connection.run(`INSERT INTO ${table} SELECT ${part} FROM range(60_000)`);
          await connection.run(`CHECKPOINT ${alias}`);
        }
        await connection.run(`DELETE FROM ${table} WHERE rowid % 100 = 0`);
        await connection.run(`CHECKPOINT ${alias}`);
        const info = await connection.runAndReadAll(
          `SELECT count(DISTINCT row_group_id)::INTEGER FROM pragma_storage_info('${table.replaceAll('"', '')}')`,
        );
        return info.getRowsJson()[0]?.[0];
      });
      expect(groups).toBe(expected);
    },
  );

  test('passes the error on and lets go of the file, also inside a transaction', async () => {
    const path = join(directory, 'bad.duckdb');
    const work = database.withStagedFile(
      path,
      { blockSizeBytes: SMALL_BLOCK_BYTES },
      never,
      async (connection, alias) => {
        await connection.run('BEGIN');
        await connection.run(`CREATE TABLE ${dataTable(alias)} (id INTEGER)`);
        await connection.run('SELECT no_such_column');
      },
    );
    await expect(work).rejects.toThrow(/no_such_column/);
    expect(await attached()).toBe(0);
    expect(openDescriptorsOf(path)).toBe(0);
  });

  test('an abort interrupts the statement and becomes request_cancelled', async () => {
    const path = join(directory, 'slow.duckdb');
    const abort = new AbortController();
    const work = database.withStagedFile(
      path,
      { blockSizeBytes: SMALL_BLOCK_BYTES },
      abort.signal,
      async (connection, alias) => {
        await connection.run(`CREATE TABLE ${dataTable(alias)} AS SELECT 1 AS id`);
        const running = connection.run('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b');
        abort.abort();
        await running;
      },
    );
    await expect(work).rejects.toSatisfy((error) => isDomainError(error, 'request_cancelled'));
    expect(await attached()).toBe(0);
  });
});

describe('readVersion', () => {
  test('keeps its statement while the version stays attached, and detaches versions beyond the limit', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (let rows = 1; rows <= 4; rows += 1) {
        const path = join(directory, `${rows}.duckdb`);
        if (round === 0) await makeFile(`${rows}.duckdb`, rows);
        const sqlOf = (alias: string): string => `SELECT count(*)::INT FROM ${dataTable(alias)}`;
        const results = await Promise.all(
          [1, 2].map(() => database.readVersion({ id: String(rows), path }, sqlOf, never)),
        );
        for (const result of results) expect(await result.getRowsJson()).toEqual([[rows]]);
        expect(await attached()).toBeLessThanOrEqual(2);
      }
    }
    expect(openDescriptorsOf(join(directory, '1.duckdb'))).toBe(0);
  });
});

describe('withVersion', () => {
  test('concurrent users of a version share one attachment', async () => {
    const path = await makeFile('a.duckdb', 3);
    const aliases = await Promise.all(
      [1, 2, 3].map(() => database.withVersion({ id: 'a', path }, async (alias) => alias)),
    );
    expect(new Set(aliases).size).toBe(1);
    expect(await attached()).toBe(1);
  });

  test('detaches the least recently used, never one in use', async () => {
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => ({ id, path: await makeFile(`${id}.duckdb`, 1) })),
    );
    if (a === undefined || b === undefined || c === undefined) throw new Error('three files expected');
    await database.withVersion(a, async (alias) => {
      await database.withVersion(b, async () => undefined);
      await database.withVersion(c, async () => undefined);
      expect(await attached()).toBe(2);
      expect(await single(`SELECT count(*)::INT FROM ${dataTable(alias)}`)).toBe(1);
    });
    expect(openDescriptorsOf(b.path)).toBe(0);
    expect(openDescriptorsOf(a.path)).toBe(1);
  });

  test('stays readable when the file is unlinked, and is read-only', async () => {
    const path = await makeFile('a.duckdb', 5);
    await database.withVersion({ id: 'a', path }, async (alias) => {
      rmSync(path);
      expect(existsSync(path)).toBe(false);
      expect(await single(`SELECT count(*)::INT FROM ${dataTable(alias)}`)).toBe(5);
      await expect(single(`DELETE FROM ${dataTable(alias)}`)).rejects.toThrow(/read-only/);
    });
  });

  test('a missing file is a storage error that names no path, and may be tried again', async () => {
    const missing = { id: 'a', path: join(directory, 'a.duckdb') };
    const failure: unknown = await database
      .withVersion(missing, async () => undefined)
      .catch((error: unknown) => error);
    expect(isDomainError(failure, 'storage_error')).toBe(true);
    expect(String(failure)).not.toContain(directory);
    await makeFile('a.duckdb', 1);
    await database.withVersion(missing, async () => undefined);
  });
});
