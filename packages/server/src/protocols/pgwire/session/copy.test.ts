import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  openTestWorkspace,
  type Answer,
  type RawClient,
  type TestWorkspace,
} from '../../../../test/helpers/workspace-session.js';

describe('COPY', () => {
  let workspace: TestWorkspace;
  let client: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
  });

  afterAll(() => workspace.close());

  beforeEach(async () => {
    await client.query('ROLLBACK');
    await client.query('CREATE OR REPLACE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR)');
  });

  async function copyIn(
    sql: string,
    pieces: readonly string[],
    end: Uint8Array = serialize.copyDone(),
  ): Promise<Answer> {
    client.send(serialize.query(sql));
    client.send(...pieces.map((piece) => serialize.copyData(Buffer.from(piece))), end);
    return answerOf(await client.until('readyForQuery'));
  }

  async function copyOut(sql: string): Promise<{ readonly text: string; readonly answer: Answer }> {
    client.send(serialize.query(sql));
    const messages = await client.until('readyForQuery');
    const chunks = (messages as unknown as { name: string; chunk: Buffer }[]).filter(({ name }) => name === 'copyData');
    return { text: Buffer.concat(chunks.map(({ chunk }) => chunk)).toString(), answer: answerOf(messages) };
  }

  it('takes in text and csv, and gives them back', async () => {
    expect(await copyIn('COPY t FROM STDIN', ['1\ton', 'e\\tx\n2\t\\N\n'])).toMatchObject({
      error: undefined,
      tags: ['COPY 2'],
    });
    expect(
      (await copyIn('COPY public.t (b, a) FROM STDIN WITH (FORMAT csv, HEADER)', ['b,a\n"q""x",3\n'])).tags,
    ).toEqual(['COPY 1']);
    const text = await copyOut('COPY (SELECT * FROM t ORDER BY a) TO STDOUT');
    expect(text.text).toBe('1\tone\\tx\n2\t\\N\n3\tq"x\n');
    expect(text.answer).toMatchObject({
      tags: ['COPY 3'],
      flow: expect.arrayContaining(['copyOutResponse', 'copyDone']),
    });
    expect((await copyOut('COPY t (a) TO STDOUT CSV HEADER')).text.split('\n')[0]).toBe('a');
    expect((await copyOut('COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT csv, HEADER)')).text).toBe('1\n');
  });

  it('is all or nothing', async () => {
    expect((await copyIn('COPY t FROM STDIN', ['1\ta\nx\tb\n'])).error).toMatchObject({ code: '22P02' });
    expect((await copyIn('COPY t FROM STDIN', ['1\ta\n1\tb\n'])).error).toMatchObject({ code: '23505' });
    expect((await copyIn('COPY t FROM STDIN', ['1\ta\n'], serialize.copyFail('changed my mind'))).error).toMatchObject({
      code: '57014',
      message: 'COPY from stdin failed: changed my mind',
    });
    expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([['0']]);
    expect((await copyIn('COPY nope FROM STDIN', [])).error?.code).toBe('42P01');
  });

  it('belongs to the transaction', async () => {
    await client.query('BEGIN');
    expect(await copyIn('COPY t FROM STDIN', ['1\ta\n'])).toMatchObject({ tags: ['COPY 1'], status: 'T' });
    await client.query('ROLLBACK');
    expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([['0']]);
    await client.query('BEGIN READ ONLY');
    expect((await copyIn('COPY t FROM STDIN', [])).error).toMatchObject({ code: '25006' });
  });

  it.each(["COPY t FROM 'file.csv'", "COPY t TO '/tmp/x'", "COPY t TO PROGRAM 'sh'"])('refuses %s', async (sql) => {
    expect((await client.query(sql)).error?.code).toMatch(/^(42501|0A000)$/);
  });
});
