import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answerOf,
  openTestWorkspace,
  type RawClient,
  type TestWorkspace,
} from '../../../test/helpers/workspace-session.js';

describe('types made by CREATE TYPE … AS ENUM', () => {
  let workspace: TestWorkspace;
  let client: RawClient;
  let mood = 0;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
    await client.query("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (m mood, l mood[], other ENUM('x'))");
    const answer = await client.query("SELECT 32768 + 128 * type_oid FROM duckdb_types() WHERE type_name = 'mood'");
    mood = Number(answer.rows[0]?.[0]);
  });
  afterAll(() => workspace.close());

  it('have the number that pg_type has for them, and the array theirs', async () => {
    const answer = await client.query('SELECT m, l, other FROM t');
    expect(answer.columns.map(({ oid }) => oid)).toEqual([mood, mood + 2, 25]);
    client.send(serialize.parse({ text: 'INSERT INTO t (m) VALUES ($1)' }), serialize.describe({ type: 'S' }));
    client.send(serialize.sync());
    const messages = await client.until('readyForQuery');
    const described = messages.find(({ name }) => name === 'parameterDescription');
    expect(described).toMatchObject({ dataTypeIDs: [mood] });
  });

  it('are read as labels, in both formats', async () => {
    await client.query('DELETE FROM t');
    for (const binary of [false, true]) {
      client.send(
        serialize.parse({ text: 'INSERT INTO t (m) VALUES ($1)', types: [mood] }),
        serialize.bind({ values: [Buffer.from('ok')], valueMapper: (value: unknown) => value, binary }),
        serialize.execute({}),
        serialize.sync(),
      );
      expect(answerOf(await client.until('readyForQuery')).error).toBeUndefined();
    }
    const listed = await client.extended('INSERT INTO t (l) VALUES ($1) RETURNING l', ['{sad,NULL,ok}'], [mood + 2]);
    expect(listed).toMatchObject({ error: undefined, rows: [['{sad,NULL,ok}']] });
    expect((await client.query('SELECT m, l FROM t')).rows).toEqual([
      ['ok', null],
      ['ok', null],
      [null, '{sad,NULL,ok}'],
    ]);
    const wrong = await client.extended('INSERT INTO t (m) VALUES ($1)', ['glad'], [mood]);
    expect(wrong.error?.code).toBe('22P02');
  });

  it('are seen by the transaction that made them', async () => {
    await client.query("BEGIN; CREATE TYPE size AS ENUM ('s', 'm')");
    const answer = await client.query("SELECT 's'::size AS s");
    expect(answer.columns[0]?.oid).toBeGreaterThan(mood);
    await client.query('ROLLBACK');
  });
});
