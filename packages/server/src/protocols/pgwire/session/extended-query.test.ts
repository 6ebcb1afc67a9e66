import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  openTestWorkspace,
  type RawClient,
  type TestWorkspace,
} from '../../../../test/helpers/workspace-session.js';

describe('the extended protocol', () => {
  let workspace: TestWorkspace;
  let client: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
  });

  afterAll(() => workspace.close());

  beforeEach(async () => {
    await client.query('ROLLBACK; DEALLOCATE ALL');
    await client.query("CREATE OR REPLACE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR DEFAULT 'x', c DECIMAL(10,2))");
  });

  async function describeStatement(sql: string, types: readonly number[] = []): Promise<ReturnType<typeof described>> {
    client.send(serialize.parse({ text: sql, types: [...types] }), serialize.describe({ type: 'S' }), serialize.sync());
    return described(await client.until('readyForQuery'));
  }

  function described(messages: Awaited<ReturnType<RawClient['until']>>): {
    readonly parameters: readonly number[];
    readonly columns: readonly string[];
    readonly error: string | undefined;
  } {
    const parameters = messages.find(({ name }) => name === 'parameterDescription') as
      { dataTypeIDs?: number[] } | undefined;
    const answer = answerOf(messages);
    return {
      parameters: parameters?.dataTypeIDs ?? [],
      columns: answer.columns.map(({ name, oid }) => `${name}:${oid}`),
      error: answer.error?.code,
    };
  }

  it.each([
    ['SELECT a, b, c FROM t WHERE a = $1 AND b = $2', [], [23, 25], ['a:23', 'b:25', 'c:1700']],
    ['INSERT INTO t VALUES ($1, $2, $3) RETURNING a, c', [], [23, 25, 1700], ['a:23', 'c:1700']],
    ['INSERT INTO t VALUES ($1, $2, $3)', [], [23, 25, 1700], []],
    ['UPDATE t SET b = $1 WHERE a = $2 RETURNING *', [], [25, 23], ['a:23', 'b:25', 'c:1700']],
    ['SELECT $1', [], [25], ['$1:25']],
    ['SELECT $1 AS x', [23], [23], ['x:23']],
    ['SELECT $1 + a AS x FROM t', [], [20], ['x:20']],
    ['SELECT $1::DATE AS d, $2::INTEGER[] AS l', [], [1082, 1007], ['d:1082', 'l:1007']],
    // DuckDB binds functions of JSON and of lists only when it has values.
    ['SELECT a, to_json($1::text) AS j FROM t WHERE a > $2::smallint', [], [25, 21], ['a:23', 'j:114']],
    ['SELECT list_concat($1, [1]) AS l', [1007], [1007], ['l:1007']],
    ["SELECT json_object('k', CAST($1 AS double precision)) AS j", [], [701], ['j:114']],
    ['SELECT coalesce($1, 1) AS x, greatest($2, 1) AS y', [1700, 701], [1700, 701], ['x:1700', 'y:701']],
    ['SELECT a FROM t WHERE a = ANY ($1)', [], [1016], ['a:23']],
    ['SELECT a FROM t WHERE b <> ALL ($1)', [], [1009], ['a:23']],
    ['SHOW search_path', [], [], ['search_path:25']],
    ['CREATE TABLE other AS SELECT 1', [], [], []],
    ['BEGIN', [], [], []],
  ] as const)('describes %s without running it', async (sql, types, parameters, columns) => {
    const answer = await describeStatement(sql, types);
    expect(answer.error).toBeUndefined();
    expect(answer.parameters).toEqual(parameters);
    expect(answer.columns.map((column) => column.replace(/^CAST.*:/, '$1:'))).toEqual(columns);
    expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([['0']]);
  });

  it('binds values in text and binary', async () => {
    const inserted = await client.extended('INSERT INTO t VALUES ($1, $2, $3) RETURNING *', ['1', 'its', '3.5']);
    expect(inserted).toMatchObject({ error: undefined, rows: [['1', 'its', '3.50']], tags: ['INSERT 0 1'] });
    client.send(
      serialize.parse({ text: 'SELECT a, b FROM t WHERE a = $1' }),
      serialize.bind({ values: [Buffer.from([0, 0, 0, 1])], valueMapper: (value: unknown) => value, binary: true }),
      serialize.execute({}),
      serialize.sync(),
    );
    const messages = await client.until('readyForQuery');
    const row = messages.find(({ name }) => name === 'dataRow') as unknown as { fields: string[] };
    expect(answerOf(messages).error).toBeUndefined();
    expect([...Buffer.from(row.fields[0] ?? '')]).toEqual([0, 0, 0, 1]);
    const bad = await client.extended('SELECT a FROM t WHERE a = $1', ['x']);
    expect(bad.error?.code).toBe('22P02');
  });

  it('finds the members of an array', async () => {
    await client.query("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y, z')");
    const listed = await client.extended('SELECT a FROM t WHERE a = ANY ($1) AND b = ANY ($2)', ['{2,3}', '{"y, z"}']);
    expect(listed).toMatchObject({ error: undefined, rows: [['2']] });
    expect((await client.extended('SELECT a FROM t WHERE a <> ALL ($1)', ['{2,3}'])).rows).toEqual([['1']]);
  });

  it('keeps all digits of a numeric, wherever it stands', async () => {
    await client.query('INSERT INTO t (a, c) VALUES (1, 12.34)');
    const run = async (text: string, ...values: string[]): Promise<unknown> => {
      client.send(
        serialize.parse({ text, types: values.map(() => 1700) }),
        serialize.bind({ values }),
        serialize.execute({}),
        serialize.sync(),
      );
      const answer = answerOf(await client.until('readyForQuery'));
      return answer.error ?? answer.rows[0];
    };
    expect(await run('SELECT $1, $1 + 1, abs($1)', '-12.50')).toEqual(['-12.50', '-11.50', '12.50']);
    expect(await run('SELECT c * $1 FROM t', '1.5')).toEqual(['18.510']);
    expect(await run('SELECT coalesce($1, 1)', '1.2')).toEqual(['1.2']);
    expect(await run('SELECT a FROM t WHERE a < $1', '1.4')).toEqual(['1']);
    expect(await run('SELECT x FROM (VALUES ($1), ($2)) AS v(x) ORDER BY 1', '9.99', '0.125')).toEqual(['0.125']);
  });

  it('skips what follows an error until Sync', async () => {
    client.send(
      serialize.parse({ text: 'SELECT nope FROM t' }),
      serialize.bind({}),
      serialize.execute({}),
      serialize.parse({ text: 'INSERT INTO t VALUES (1)' }),
      serialize.bind({}),
      serialize.execute({}),
      serialize.sync(),
      serialize.parse({ text: 'SELECT 2' }),
      serialize.bind({}),
      serialize.execute({}),
      serialize.sync(),
    );
    expect(answerOf(await client.until('readyForQuery')).flow).toEqual(['error', 'readyForQuery']);
    expect(answerOf(await client.until('readyForQuery'))).toMatchObject({ rows: [['2']], tags: ['SELECT 1'] });
  });

  it('makes a pipeline one transaction', async () => {
    const insert = (a: number): Uint8Array[] => [
      serialize.parse({ text: `INSERT INTO t (a) VALUES (${a})` }),
      serialize.bind({}),
      serialize.execute({}),
    ];
    client.send(...insert(1), ...insert(1), ...insert(2), serialize.sync());
    expect(answerOf(await client.until('readyForQuery'))).toMatchObject({ error: { code: '23505' }, status: 'I' });
    expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([['0']]);
    client.send(...insert(1), ...insert(2), serialize.sync());
    expect(answerOf(await client.until('readyForQuery')).tags).toEqual(['INSERT 0 1', 'INSERT 0 1']);
    expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([['2']]);
  });

  it('keeps statements and portals by name', async () => {
    client.send(serialize.parse({ name: 's', text: 'SELECT $1::INTEGER + 1' }), serialize.sync());
    await client.until('readyForQuery');
    for (const value of ['1', '5']) {
      client.send(serialize.bind({ statement: 's', values: [value] }), serialize.execute({}), serialize.sync());
      expect(answerOf(await client.until('readyForQuery')).rows).toEqual([[String(Number(value) + 1)]]);
    }
    expect((await client.query('EXECUTE s(41)')).rows).toEqual([['42']]);
    client.send(serialize.parse({ name: 's', text: 'SELECT 1' }), serialize.sync());
    expect(answerOf(await client.until('readyForQuery')).error?.code).toBe('42P05');
    client.send(serialize.bind({ statement: 's' }), serialize.sync());
    expect(answerOf(await client.until('readyForQuery')).error?.code).toBe('08P01');
    client.send(serialize.close({ type: 'S', name: 's' }), serialize.bind({ statement: 's' }), serialize.sync());
    expect(answerOf(await client.until('readyForQuery'))).toMatchObject({ error: { code: '26000' } });
    client.send(serialize.execute({ portal: 'nope' }), serialize.sync());
    expect(answerOf(await client.until('readyForQuery')).error?.code).toBe('34000');
  });

  it('tells when a prepared statement does not fit its table any more', async () => {
    client.send(serialize.parse({ name: 's', text: 'SELECT * FROM t' }), serialize.sync());
    await client.until('readyForQuery');
    await client.query('ALTER TABLE t ADD COLUMN d DATE');
    client.send(serialize.bind({ statement: 's' }), serialize.execute({}), serialize.sync());
    expect(answerOf(await client.until('readyForQuery')).error).toMatchObject({
      code: '0A000',
      message: 'cached plan must not change result type',
    });
  });

  it('takes one statement, or none', async () => {
    client.send(serialize.parse({ text: 'SELECT 1; SELECT 2' }), serialize.sync());
    expect(answerOf(await client.until('readyForQuery')).error?.code).toBe('42601');
    expect((await client.extended('')).flow).toEqual([
      'parseComplete',
      'bindComplete',
      'noData',
      'emptyQuery',
      'readyForQuery',
    ]);
    expect((await client.query(' ; -- nothing')).flow).toEqual(['emptyQuery', 'readyForQuery']);
  });

  it('prepares statements in SQL', async () => {
    expect((await client.query('PREPARE p (int, text) AS SELECT $1 + 1, $2')).tags).toEqual(['PREPARE']);
    expect(await client.query("EXECUTE p(1 + 1, 'it''s')")).toMatchObject({
      rows: [['3', "it's"]],
      tags: ['SELECT 1'],
    });
    expect((await client.query('EXECUTE p(1)')).error?.code).toBe('42601');
    expect((await client.query('DEALLOCATE p')).tags).toEqual(['DEALLOCATE']);
    expect((await client.query('EXECUTE p(1, 2)')).error?.code).toBe('26000');
  });

  it('describes a cursor of DECLARE as a portal', async () => {
    await client.query('BEGIN');
    await client.query("DECLARE c CURSOR FOR SELECT 1 AS one, 'x' AS two");
    client.send(serialize.describe({ type: 'P', name: 'c' }), serialize.sync());
    expect(described(await client.until('readyForQuery')).columns).toHaveLength(2);
    client.send(serialize.describe({ type: 'P', name: 'd' }), serialize.sync());
    expect(described(await client.until('readyForQuery')).error).toBe('34000');
    await client.query('ROLLBACK');
  });

  it('moves in the rows of a portal', async () => {
    await client.query('BEGIN');
    client.send(
      serialize.parse({ text: 'SELECT * FROM generate_series(1, 10) AS t (a)', types: [] }),
      serialize.bind({ portal: 'p' }),
      serialize.execute({ portal: 'p', rows: 3 }),
      serialize.sync(),
    );
    expect(answerOf(await client.until('readyForQuery')).rows).toEqual([['1'], ['2'], ['3']]);
    expect((await client.query('MOVE FORWARD 2 FROM p')).tags).toEqual(['MOVE 2']);
    client.send(serialize.execute({ portal: 'p', rows: 2 }), serialize.sync());
    expect(answerOf(await client.until('readyForQuery')).rows).toEqual([['6'], ['7']]);
    expect((await client.query('MOVE ALL FROM p')).tags).toEqual(['MOVE 3']);
    expect((await client.query('MOVE p')).tags).toEqual(['MOVE 0']);
    expect((await client.query('MOVE nothing')).error?.code).toBe('34000');
    await client.query('ROLLBACK');
  });

  it('sends an error at once, though the client flushes instead of syncing', async () => {
    client.send(serialize.parse({ text: 'SELECT * FROM missing', types: [] }), serialize.flush());
    expect((await client.until('error')).at(-1)?.name).toBe('error');
    client.send(serialize.sync());
    expect((await client.until('readyForQuery')).at(-1)?.name).toBe('readyForQuery');
  });
});
