import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorkspace, type RawClient, type TestWorkspace } from '../../../test/helpers/workspace-session.js';

describe('ALTER TABLE … RENAME TO', () => {
  let workspace: TestWorkspace;
  let client: RawClient;
  const rows = async (sql: string, by = client): Promise<unknown> => {
    const answer = await by.query(sql);
    expect(answer.error).toBeUndefined();
    return answer.rows;
  };

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
    await rows('CREATE SCHEMA marts');
  });
  afterAll(() => workspace.close());

  it('renames a view', async () => {
    await rows('CREATE VIEW marts.v AS SELECT 1 AS x');
    await rows('ALTER TABLE marts.v RENAME TO w');
    expect(await rows('SELECT x FROM marts.w')).toEqual([['1']]);
  });

  it('takes indexes, keys, checks, defaults and comments along', async () => {
    await rows(
      `CREATE TABLE marts.a (id INTEGER PRIMARY KEY, "on" VARCHAR DEFAULT 'd' CHECK ("on" <> ''), n DECIMAL(10,2) NOT NULL)`,
    );
    await rows('CREATE UNIQUE INDEX a_on ON marts.a ("on"); CREATE INDEX "a n" ON marts.a (n, id)');
    await rows(`COMMENT ON TABLE marts.a IS 'it''s a'; COMMENT ON COLUMN marts.a."on" IS 'on'`);
    await rows('INSERT INTO marts.a (id, n) VALUES (1, 1.5)');
    await rows('ALTER TABLE IF EXISTS marts.a RENAME TO "B b"');
    expect(await rows('SELECT * FROM marts."B b"')).toEqual([['1', 'd', '1.50']]);
    expect(await rows('SELECT index_name, sql FROM duckdb_indexes() ORDER BY 1')).toEqual([
      ['a n', 'CREATE INDEX "a n" ON marts."B b"(n, id);'],
      ['a_on', 'CREATE UNIQUE INDEX a_on ON marts."B b"("on");'],
    ]);
    expect(await rows("SELECT comment FROM duckdb_tables() WHERE table_name = 'B b'")).toEqual([["it's a"]]);
    expect(await rows("SELECT comment FROM duckdb_columns() WHERE table_name = 'B b' AND comment IS NOT NULL")).toEqual(
      [['on']],
    );
    expect((await client.query('INSERT INTO marts."B b" VALUES (1, \'x\', 1)')).error?.code).toBe('23505');
    expect((await client.query('INSERT INTO marts."B b" VALUES (2, \'\', 1)')).error?.code).toBe('23514');
    expect((await client.query('SELECT 1 FROM marts.a')).error?.code).toBe('42P01');
  });

  it('swaps tables in a transaction, while other sessions list indexes', async () => {
    const other = await workspace.connect();
    await rows('CREATE TABLE swapped AS SELECT 1 AS i; CREATE INDEX swapped_i ON swapped (i)');
    await rows('BEGIN; SELECT count(*) FROM duckdb_indexes()', other);
    await rows('BEGIN; CREATE TABLE swapped__tmp AS SELECT 2 AS i; CREATE INDEX swapped_i2 ON swapped__tmp (i)');
    await rows('ALTER TABLE swapped RENAME TO swapped__backup; ALTER TABLE swapped__tmp RENAME TO swapped');
    const listed = "SELECT index_name FROM duckdb_indexes() WHERE table_name LIKE 'swapped%'";
    expect(await rows(listed, other)).toEqual([['swapped_i']]);
    await rows('DROP TABLE swapped__backup; COMMIT');
    expect(await rows(`${listed}; SELECT i FROM swapped; COMMIT`, other)).toEqual([['swapped_i'], ['1']]);
    expect(await rows(`${listed}; SELECT i FROM swapped`, other)).toEqual([['swapped_i2'], ['2']]);
  });

  it('of a temporary table comes before that of another of its name', async () => {
    await rows('CREATE TABLE twice AS SELECT 1 AS i; CREATE TEMP TABLE twice AS SELECT 2 AS i');
    await rows('CREATE INDEX twice_i ON twice (i); ALTER TABLE twice RENAME TO once');
    expect(await rows('SELECT i FROM once; SELECT i FROM twice')).toEqual([['2'], ['1']]);
  });

  it('is refused where foreign keys lead to a table, and changes nothing', async () => {
    await rows(
      'CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE INDEX p_id ON p (id); CREATE TABLE f (id INTEGER REFERENCES p (id))',
    );
    expect((await client.query('ALTER TABLE p RENAME TO q')).error?.code).toBe('2BP01');
    expect(await rows('SELECT count(*) FROM p')).toEqual([['0']]);
  });
});
