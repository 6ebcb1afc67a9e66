import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SqliteDialect } from '../sqlite/sqlite-dialect.js';
import { WriteThreadDriver } from '../sqlite/write-thread-driver.js';
import { MIGRATIONS, migrate, NewerSchemaError } from './migrate.js';
import type { Migration } from './migration.js';

const NOW = new Date('2026-03-01T00:00:00Z');

describe('migrate', () => {
  let directory: string;
  let driver: WriteThreadDriver;
  let db: Kysely<unknown>;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'migrate-'));
    driver = new WriteThreadDriver(join(directory, 'test.sqlite'));
    db = new Kysely<unknown>({ dialect: new SqliteDialect(driver) });
  });
  afterEach(async () => {
    await driver.destroy();
    await rm(directory, { recursive: true });
  });

  const step = (number: number, ...statements: string[]): Migration => ({
    number,
    name: `step ${number}`,
    up: async (tx) => {
      for (const statement of statements) await sql.raw(statement).execute(tx);
    },
  });
  const read = async (query: string): Promise<unknown[]> => {
    const { rows } = await db.transaction().execute((tx) => sql.raw(query).execute(tx));
    return rows;
  };

  it('numbers the migrations of this build from 1 without gaps', () => {
    expect(MIGRATIONS.map((migration) => migration.number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });

  it('runs each step once, in order', async () => {
    const first = step(1, 'create table a (x integer)', 'insert into a values (1)');
    await migrate(db, NOW, [first]);
    await migrate(db, NOW, [first, step(2, 'insert into a values (2)')]);
    expect(await read('select x from a order by x')).toEqual([{ x: 1 }, { x: 2 }]);
    expect(await read('select number, name from schema_migrations')).toEqual([
      { number: 1, name: 'step 1' },
      { number: 2, name: 'step 2' },
    ]);
  });

  it('keeps nothing of a step that fails, and continues with it later', async () => {
    const first = step(1, 'create table a (x integer)');
    const broken = step(2, 'insert into a values (1)', 'create table b (y integer)', 'insert into absent values (1)');
    await expect(migrate(db, NOW, [first, broken])).rejects.toMatchObject({ code: 'internal_server_error' });
    expect(await read('select x from a')).toEqual([]);
    await migrate(db, NOW, [first, step(2, 'create table b (y integer)')]);
    expect(await read('select count(*) as steps from schema_migrations')).toEqual([{ steps: 2 }]);
  });

  it('refuses a schema it does not know', async () => {
    await migrate(db, NOW, [step(1), step(2)]);
    await expect(migrate(db, NOW, [step(1)])).rejects.toThrow(NewerSchemaError);
    await expect(migrate(db, NOW, [step(1)])).rejects.toThrow('has schema 2, and this build knows schemas up to 1');
  });
});
