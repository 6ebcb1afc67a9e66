import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CatalogUnderTest } from './catalog-under-test.fixture.js';

let workspace: CatalogUnderTest;

beforeAll(async () => {
  workspace = await CatalogUnderTest.open();
  await workspace.session.run(
    `CREATE TABLE shops (id INTEGER PRIMARY KEY, price DECIMAL(10,2) DEFAULT 1.5, name VARCHAR NOT NULL, tags VARCHAR[])`,
  );
});
afterAll(() => workspace.close());

describe('the catalogue of a workspace', () => {
  it('shows the workspace as schema public and each bucket as a schema', async () => {
    const schemas = await workspace.query(`SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1`);
    expect(schemas.flat()).toEqual(['in_c_sales', 'information_schema', 'public']);
  });

  it('finds a bucket by its name and by the spelling that needs no quotes', async () => {
    const [row] = await workspace.query(
      `SELECT '"in.c-sales".orders'::regclass::oid = 'in_c_sales.orders'::regclass::oid, 'in_c_sales.orders'::regclass::text`,
    );
    expect(row).toEqual(['t', 'in_c_sales.orders']);
  });

  it('says the types that PostgreSQL would', async () => {
    const columns = await workspace.query(
      `SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
       WHERE attrelid = 'shops'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(columns).toEqual([
      ['id', 'integer', 't'],
      ['price', 'numeric(10,2)', 'f'],
      ['name', 'text', 't'],
      ['tags', 'text[]', 'f'],
    ]);
  });

  it('shows what the own transaction made, and nobody else sees it', async () => {
    const other = await workspace.instance.connect();
    await workspace.connect(other);
    const tables = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename = 'fresh'`;
    await workspace.session.run('BEGIN; CREATE TABLE fresh (a INTEGER)');
    try {
      expect(await workspace.query(tables)).toEqual([['fresh']]);
      expect(await workspace.query(tables, other)).toEqual([]);
    } finally {
      await workspace.session.run('ROLLBACK');
      other.closeSync();
    }
    expect(await workspace.query(tables)).toEqual([]);
  });

  it('tells that project tables are read-only and own tables are not', async () => {
    const [row] = await workspace.query(
      `SELECT has_table_privilege('in_c_sales.orders', 'SELECT'), has_table_privilege('in_c_sales.orders', 'INSERT'),
         has_table_privilege('shops', 'INSERT'), has_schema_privilege('in_c_sales', 'CREATE')`,
    );
    expect(row).toEqual(['t', 'f', 't', 'f']);
  });

  it('leaves statements about anything else alone', () => {
    expect(workspace.catalog.translate('SELECT * FROM shops')).toBeUndefined();
    expect(workspace.catalog.translate('SELECT * FROM shops, pg_class')).toBeUndefined();
    expect(workspace.catalog.translate('FROM pg_class')).toBeUndefined();
  });
});
