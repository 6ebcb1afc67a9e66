import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANALYST, CatalogUnderTest } from './catalog-under-test.fixture.js';

let workspace: CatalogUnderTest;

beforeAll(async () => {
  workspace = await CatalogUnderTest.open();
  await workspace.session.run(
    `CREATE TABLE shops (id INTEGER PRIMARY KEY, price DECIMAL(10,2) DEFAULT 1.5, name VARCHAR NOT NULL, tags VARCHAR[])`,
  );
});
afterAll(() => workspace.close());

describe('the catalogue of a workspace', () => {
  it('answers a transaction that is older than the picture of its views', async () => {
    const older = await workspace.instance.connect();
    await workspace.connect(older);
    const sql = `SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'orders'`;
    await older.run('BEGIN');
    const expected = await workspace.query(sql, older);
    await workspace.catalog.settled();
    expect(await workspace.query(sql, older)).toEqual(expected);
    await older.run('COMMIT');
    expect(await workspace.query(sql, older)).toEqual(expected);
    older.closeSync();
  });

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

  it('shows defaults, checks and views as PostgreSQL prints them', async () => {
    await workspace.session.run(
      `CREATE TYPE mood AS ENUM ('sad', 'ok');
       CREATE TABLE defaults (day DATE DEFAULT '2024-01-01', moment TIMESTAMP DEFAULT CAST('2024-01-01' AS TIMESTAMP), feeling mood DEFAULT 'ok',
         list INTEGER[] DEFAULT '{1}', price DECIMAL(10,2) DEFAULT 1.5 CHECK (price >= 0), word VARCHAR DEFAULT 'it''s' CHECK (word <> 'a' AND word != ''));
       CREATE VIEW totals AS SELECT name, count(*) AS n, sum(price) AS total FROM shops GROUP BY name;
       COMMENT ON COLUMN totals.n IS ''`,
    );
    const defaults = await workspace.query(
      `SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'defaults'::regclass ORDER BY adnum`,
    );
    expect(defaults.flat()).toEqual([
      "'2024-01-01'::date",
      "'2024-01-01'::timestamp without time zone",
      "'ok'::mood",
      "'{1}'::integer[]",
      '1.5',
      "'it''s'::text",
    ]);
    const checks = `FROM pg_constraint WHERE conrelid = 'defaults'::regclass ORDER BY conname`;
    expect(await workspace.query(`SELECT conname, pg_get_constraintdef(oid) ${checks}`)).toEqual([
      ['defaults_price_check', 'CHECK ((price >= (0)::numeric))'],
      ['defaults_word_check', "CHECK (((word <> 'a'::text) AND (word <> ''::text)))"],
    ]);
    const columns = await workspace.query(
      `SELECT format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'totals'::regclass ORDER BY attnum`,
    );
    expect(columns).toEqual([
      ['text', null],
      ['bigint', null],
      ['numeric', null],
    ]);
    const [view] = await workspace.query(`SELECT pg_get_viewdef('totals'::regclass)`);
    expect(view?.[0]).toContain('count(*) AS n');
  });

  it('prints ordinary views as PostgreSQL does, and others as they are kept', async () => {
    await workspace.session.run(`CREATE TABLE priced (id INTEGER, price DECIMAL(9, 2), "Note" VARCHAR)`);
    await workspace.session.run(
      `CREATE VIEW printed AS SELECT p.id, p."Note", sum(p.price) AS total FROM priced p WHERE p.price > 10 AND p.id IN (1, 2) GROUP BY p.id, p."Note"`,
    );
    await workspace.session.run(`CREATE VIEW kept AS SELECT id FROM priced WHERE regexp_matches("Note", 'a')`);
    const [printed] = await workspace.query(
      `SELECT pg_get_viewdef('printed'::regclass), pg_get_viewdef('printed'::regclass, true)`,
    );
    expect(printed).toEqual([
      ' SELECT p.id,\n    p."Note",\n    sum(p.price) AS total\n   FROM priced p\n  WHERE ((p.price > (10)::numeric) AND (p.id = ANY (ARRAY[1, 2])))\n  GROUP BY p.id, p."Note";',
      ' SELECT p.id,\n    p."Note",\n    sum(p.price) AS total\n   FROM priced p\n  WHERE p.price > 10::numeric AND (p.id = ANY (ARRAY[1, 2]))\n  GROUP BY p.id, p."Note";',
    ]);
    const [kept] = await workspace.query(`SELECT definition FROM pg_views WHERE viewname = 'kept'`);
    expect(kept?.[0]).toMatch(/^ SELECT id FROM priced WHERE regexp_matches/);
    await workspace.session.run(`DROP VIEW printed; DROP VIEW kept; DROP TABLE priced`);
  });

  it('answers sizes as numbers', async () => {
    await workspace.session.run('CREATE TABLE filled AS SELECT range AS i FROM range(100000); FORCE CHECKPOINT ws');
    const [row] = await workspace.query(
      `SELECT pg_table_size('filled') > 100000, pg_total_relation_size('filled') <= pg_database_size(current_database()), pg_relation_size('shops_pkey'::regclass)`,
    );
    expect(row).toEqual(['t', 't', '0']);
  });

  it('gives constants the types that PostgreSQL does', async () => {
    const typed = await workspace.session.runAndReadAll(
      await workspace.catalog.prepare(
        workspace.session,
        ANALYST,
        workspace.catalog.translate(
          `SELECT NULL AS a, n, (SELECT min(oid) FROM pg_class) FROM generate_series(1, 2) AS n`,
        ),
      ),
    );
    expect(typed.columnTypes().slice(0, 2).map(String)).toEqual(['VARCHAR', 'INTEGER']);
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
