import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CatalogUnderTest } from './catalog-under-test.fixture.js';
import { postgresql15 } from './postgresql-15.js';

/** Takes the statistics of expressions apart, which nobody has here. */
const UNREADABLE = ['pg_stats_ext_exprs'];

let workspace: CatalogUnderTest;

beforeAll(async () => {
  // Making the catalogue takes a while on a busy machine.
  workspace = await CatalogUnderTest.open();
  await workspace.session.run(
    `CREATE TYPE mood AS ENUM ('sad', 'ok');
     CREATE SEQUENCE numbers;
     CREATE TABLE shops (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, opened DATE, feeling mood);
     CREATE TABLE sales (id BIGINT PRIMARY KEY, shop INTEGER REFERENCES shops (id), amount DECIMAL(10,2) CHECK (amount > 0));
     INSERT INTO shops VALUES (1, 'one', NULL, 'ok'), (2, 'two', NULL, NULL)`,
  );
}, 120_000);
afterAll(() => workspace.close());

describe('the views of PostgreSQL', () => {
  it('all answer', { timeout: 240_000 }, async () => {
    const problems: string[] = [];
    const views = postgresql15().relations.filter(({ kind, name }) => kind === 'v' && !UNREADABLE.includes(name));
    for (const { schema, name } of views) {
      await workspace
        .query(`SELECT * FROM ${schema}.${name} LIMIT 1`)
        .catch((error: unknown) => problems.push(`${name}: ${String(error).slice(0, 200)}`));
    }
    expect(problems).toEqual([]);
  });

  it('count rows and nothing else', async () => {
    const tables = `SELECT relname, n_live_tup, seq_scan, last_vacuum FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY 1`;
    expect(await workspace.query(tables)).toEqual([
      ['sales', '0', '0', null],
      ['shops', '2', '0', null],
    ]);
    expect(await workspace.query('SELECT * FROM pg_replication_slots')).toEqual([]);
  });

  it('know what a foreign key leads to', async () => {
    const keys = await workspace.query(
      `SELECT r.constraint_name, r.unique_constraint_name, k.column_name FROM information_schema.referential_constraints AS r
       JOIN information_schema.key_column_usage AS k ON k.constraint_name = r.unique_constraint_name`,
    );
    expect(keys).toEqual([['sales_shop_fkey', 'shops_pkey', 'id']]);
  });
});

describe('statements of database tools', () => {
  it('get rows of vectors, functions and types as PostgreSQL prints them', async () => {
    const [index] = await workspace.query(
      `SELECT i.*, i.indkey AS keys FROM pg_catalog.pg_index i WHERE i.indrelid = 'sales'::regclass`,
    );
    expect(index?.slice(-1)).toEqual(['1']);
    expect(index?.slice(15, 17)).toEqual(['1', '0']);
    const [type] = await workspace.query(`SELECT typname, t.* FROM pg_type t WHERE typname = 'mood'`);
    expect(type?.[0]).toBe('mood');
    expect(type).toEqual(expect.arrayContaining(['enum_in', 'enum_out', '-']));
    expect(await workspace.query('SELECT sequencename, data_type FROM pg_sequences')).toEqual([['numbers', 'bigint']]);
    expect(await workspace.query(`SELECT to_regclass('sales'), to_regclass('nothing'), to_regtype('int4')`)).toEqual([
      ['sales', null, 'integer'],
    ]);
  });

  it('list columns in their order, asked or not', async () => {
    const columns = await workspace.query(
      `SELECT a.attname FROM pg_attribute a, pg_class c, pg_tables t WHERE a.attrelid = c.oid AND c.relname = t.tablename AND a.attnum > 0 AND c.relname = 'shops'`,
    );
    expect(columns.flat()).toEqual(['id', 'name', 'opened', 'feeling']);
    expect(
      await workspace.query(`SELECT count(*) FROM pg_attribute a WHERE a.attrelid = 'shops'::regclass AND attnum > 0`),
    ).toEqual([['4']]);
  });

  it('join on membership of an array, also from outside', async () => {
    const columns = await workspace.query(
      `SELECT c.conname, a.attname FROM pg_constraint c
       LEFT JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) WHERE c.conrelid = 'sales'::regclass ORDER BY 1`,
    );
    expect(columns).toEqual([
      ['sales_amount_check', 'amount'],
      ['sales_pkey', 'id'],
      ['sales_shop_fkey', 'shop'],
    ]);
  });

  it('may call functions of one value in FROM, and use aliases that DuckDB reserves', async () => {
    const rows = await workspace.query(
      `SELECT at.relname, can_order, s[1] FROM pg_class at CROSS JOIN pg_catalog.pg_indexam_has_property(403, 'can_order') can_order,
         string_to_array(current_setting('search_path'), ',') s WHERE at.oid = 'sales'::regclass`,
    );
    expect(rows).toEqual([['sales', 't', '"$user"']]);
    const [times] = await workspace.query(
      `SELECT extract(year FROM pg_postmaster_start_time()), to_char(pg_postmaster_start_time(), 'YYYY-MM-DD TZ'), age(relfrozenxid) < 10
       FROM pg_class WHERE relname = 'sales'`,
    );
    expect(times).toEqual(['2000', '2000-01-01 UTC', 't']);
  });
});
