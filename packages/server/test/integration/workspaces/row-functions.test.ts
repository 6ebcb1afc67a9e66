import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

/** Functions that return rows, and errors about values, over the whole server with a real client. */
let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p1', name: 'p1' });
  const { connection } = (await app.call('POST', '/projects/p1/workspaces', { name: 'w' })).body;
  const { database, username: user, password } = connection;
  client = new Client({ host: '127.0.0.1', port: app.pgwirePort ?? 0, database, user, password, ssl: false });
  await client.connect();
  await client.query(
    `CREATE TABLE docs (id integer, doc jsonb); INSERT INTO docs VALUES (1, '[{"n":"a"}]'), (2, '[]')`,
  );
});
afterAll(async () => {
  await client.end();
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});

/** The names of the columns, and the rows. */
async function answer(sql: string, values: unknown[] = []): Promise<{ names: string[]; rows: unknown[][] }> {
  const { fields, rows } = await client.query<unknown[]>({ text: sql, values, rowMode: 'array' });
  return { names: fields.map(({ name }) => name), rows };
}

describe('in FROM', () => {
  test.each<[string, string[], unknown[][]]>([
    [`SELECT * FROM jsonb_array_elements('[1,{"a":2}]'::jsonb)`, ['value'], [[1], [{ a: 2 }]]],
    [`SELECT * FROM json_array_elements_text('["a",null]') AS e`, ['value'], [['a'], [null]]],
    [`SELECT e->>'a' AS a FROM jsonb_array_elements('[{"a":2}]'::jsonb) e`, ['a'], [['2']]],
    [`SELECT value->>'a' AS a FROM pg_catalog.jsonb_array_elements('[{"a":2}]'::jsonb)`, ['a'], [['2']]],
    [
      `SELECT v, n FROM jsonb_array_elements('[7,8]'::jsonb) WITH ORDINALITY AS t(v, n)`,
      ['v', 'n'],
      [
        [7, '1'],
        [8, '2'],
      ],
    ],
    [
      `SELECT * FROM string_to_table('a,b', ',') WITH ORDINALITY`,
      ['string_to_table', 'ordinality'],
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [`SELECT id, e->>'n' AS n FROM docs, jsonb_array_elements(docs.doc) AS e`, ['id', 'n'], [[1, 'a']]],
    [
      `SELECT id, e.value FROM docs LEFT JOIN LATERAL jsonb_array_elements(doc) e ON true WHERE id = 2`,
      ['id', 'value'],
      [[2, null]],
    ],
    [
      `SELECT * FROM jsonb_each('{"a":1,"b":{"c":2}}'::jsonb)`,
      ['key', 'value'],
      [
        ['a', 1],
        ['b', { c: 2 }],
      ],
    ],
    [
      `SELECT * FROM json_each_text('{"a":1,"b":null}')`,
      ['key', 'value'],
      [
        ['a', '1'],
        ['b', null],
      ],
    ],
    [`SELECT k, v FROM json_each('{"a":1}'::json) AS x(k, v)`, ['k', 'v'], [['a', 1]]],
    [`SELECT "type" FROM json_each('{"x":{"y":1}}', '$.x')`, ['type'], [['UBIGINT']]],
    [`SELECT * FROM jsonb_object_keys('{"a":1,"b":2}'::jsonb) k`, ['k'], [['a'], ['b']]],
    [`SELECT w FROM regexp_split_to_table('a b  c', '\\s+') AS w`, ['w'], [['a'], ['b'], ['c']]],
    [`SELECT * FROM string_to_table('a,b,', ',', 'b') AS s`, ['s'], [['a'], [null], ['']]],
    [`SELECT count(*)::int AS c FROM string_to_table('', ',')`, ['c'], [[0]]],
    [
      `SELECT e.value, current_user = session_user AS same FROM jsonb_array_elements('["user"]'::jsonb) e`,
      ['value', 'same'],
      [['user', true]],
    ],
  ])('%s', async (sql, names, rows) => {
    expect(await answer(sql)).toEqual({ names, rows });
  });

  test('with parameters, and kept in views', async () => {
    expect((await answer('SELECT value FROM jsonb_array_elements($1::jsonb)', ['[1,2]'])).rows).toEqual([[1], [2]]);
    expect((await answer('SELECT jsonb_array_elements($1::jsonb)', ['[3]'])).rows).toEqual([[3]]);
    expect((await answer('SELECT key FROM jsonb_each($1::jsonb)', ['{"k":1}'])).rows).toEqual([['k']]);
    await client.query('CREATE VIEW elements AS SELECT id, e.value FROM docs, jsonb_array_elements(doc) e');
    expect((await answer('SELECT * FROM elements')).rows).toEqual([[1, { n: 'a' }]]);
  });
});

describe('in a list of columns', () => {
  test.each<[string, string[], unknown[][]]>([
    [`SELECT jsonb_array_elements('[1,2]'::jsonb)`, ['jsonb_array_elements'], [[1], [2]]],
    [`SELECT string_to_table('a,b', ',')`, ['string_to_table'], [['a'], ['b']]],
    [`SELECT (jsonb_each('{"a":1}'::jsonb)).key`, ['key'], [['a']]],
    [
      `SELECT generate_series(1, 3) AS g, unnest(ARRAY['a', 'b']) AS u`,
      ['g', 'u'],
      [
        ['1', 'a'],
        ['2', 'b'],
        ['3', null],
      ],
    ],
    [
      `SELECT generate_series(1, 2) * 10 AS x, 'l' AS l`,
      ['x', 'l'],
      [
        ['10', 'l'],
        ['20', 'l'],
      ],
    ],
    [`SELECT list_sum(generate_series(1, 3))::int AS s`, ['s'], [[6]]],
  ])('%s', async (sql, names, rows) => {
    expect(await answer(sql)).toEqual({ names, rows });
  });
});

describe('values that are none of their type', () => {
  test('of an enumeration', async () => {
    await client.query(`CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE people (mood mood)`);
    await client.query(`CREATE TYPE size AS ENUM ('s', 'l')`);
    for (const sql of [`SELECT 'bad'::mood`, `INSERT INTO people VALUES ('bad')`, `SELECT lower('BAD')::mood`]) {
      await expect(client.query(sql)).rejects.toMatchObject({
        code: '22P02',
        message: 'invalid input value for enum mood: "bad"',
      });
    }
    await client.query('BEGIN');
    await expect(client.query(`SELECT 'xl'::size`)).rejects.toMatchObject({
      message: 'invalid input value for enum size: "xl"',
    });
    await client.query('ROLLBACK');
    await expect(client.query(`SELECT 'x'::utinyint`)).rejects.toMatchObject({
      message: 'invalid input syntax for type smallint: "x"',
    });
  });

  test('of a number', async () => {
    await expect(client.query(`SELECT 'abc'::int`)).rejects.toMatchObject({
      code: '22P02',
      message: 'invalid input syntax for type integer: "abc"',
      position: '13',
    });
  });
});
