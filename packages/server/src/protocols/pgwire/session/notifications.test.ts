import type { BackendMessage } from 'pg-protocol/dist/messages.js';
import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  openTestWorkspace,
  type RawClient,
  type TestWorkspace,
} from '../../../../test/helpers/workspace-session.js';

describe('notifications', () => {
  let workspace: TestWorkspace;
  let listener: RawClient;
  let speaker: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    listener = await workspace.connect();
    speaker = await workspace.connect();
  });

  afterAll(() => workspace.close());

  beforeEach(async () => {
    await listener.query('ROLLBACK; UNLISTEN *');
    await speaker.query('ROLLBACK; UNLISTEN *');
  });

  const said = (messages: readonly BackendMessage[]): string[] =>
    (messages as unknown as { name: string; channel: string; payload: string }[])
      .filter(({ name }) => name === 'notification')
      .map(({ channel, payload }) => `${channel} ${payload}`);

  /** What a client is told with the answer of a statement. */
  async function toldWith(client: RawClient, sql: string): Promise<string[]> {
    client.send(serialize.query(sql));
    const messages = await client.until('readyForQuery');
    expect(answerOf(messages).error).toBeUndefined();
    return said(messages);
  }

  it('reach a session that is idle at once, and only on its channels', async () => {
    expect((await listener.query('LISTEN news')).tags).toEqual(['LISTEN']);
    await speaker.query("NOTIFY other, 'no'");
    expect(await speaker.query("NOTIFY news, 'it''s'")).toMatchObject({ tags: ['NOTIFY'], notices: [] });
    expect(said(await listener.until('notification'))).toEqual(["news it's"]);
    await speaker.query('NOTIFY news');
    expect(said(await listener.until('notification'))).toEqual(['news ']);
    await listener.query('UNLISTEN news');
    await speaker.query('NOTIFY news');
    expect(await toldWith(listener, 'SELECT 1')).toEqual([]);
  });

  it('reach the own session, too, before it may go on', async () => {
    expect(await toldWith(listener, "LISTEN mine; NOTIFY mine, 'a'")).toEqual(['mine a']);
  });

  it('wait for the end of both transactions, and are forgotten with one', async () => {
    await listener.query('LISTEN news');
    await speaker.query("BEGIN; NOTIFY news, 'a'; NOTIFY news, 'b'; NOTIFY news, 'a'");
    await listener.query('BEGIN');
    await speaker.query('COMMIT');
    expect(await toldWith(listener, 'SELECT 1')).toEqual([]);
    expect(await toldWith(listener, 'COMMIT')).toEqual(['news a', 'news b']);

    await speaker.query("BEGIN; NOTIFY news, 'never'; ROLLBACK");
    await speaker.query("BEGIN; SAVEPOINT s; NOTIFY news, 'never'; ROLLBACK TO s; NOTIFY news, 'kept'; COMMIT");
    expect(said(await listener.until('notification'))).toEqual(['news kept']);
    await listener.query('BEGIN; LISTEN later; ROLLBACK');
    await speaker.query('NOTIFY later');
    expect(await toldWith(listener, 'SELECT 1')).toEqual([]);
  });

  it('are said by pg_notify, with parameters and with literals', async () => {
    await listener.query('LISTEN news');
    const answer = await speaker.extended('select pg_notify($1, $2)', ['news', 'with č']);
    expect(answer).toMatchObject({ error: undefined, rows: [['']], tags: ['SELECT 1'] });
    expect(said(await listener.until('notification'))).toEqual(['news with č']);
    await speaker.query("SELECT pg_notify('news', NULL)");
    expect(said(await listener.until('notification'))).toEqual(['news ']);
    const computed = await speaker.query("SELECT pg_notify('news', a) FROM (VALUES ('x')) t (a)");
    expect(computed.error?.code).toBe('0A000');
  });

  it('have limits', async () => {
    await listener.query('LISTEN news; BEGIN');
    expect((await speaker.query(`NOTIFY news, '${'x'.repeat(8000)}'`)).error?.code).toBe('22023');
    expect((await speaker.query("SELECT pg_notify('', 'x')")).error?.code).toBe('22023');
    const long = 'x'.repeat(7999);
    let told = 0;
    let error: string | undefined;
    while (error === undefined && told < 2_000) {
      error = (await speaker.query(`NOTIFY news, '${long}'`)).error?.code;
      told += 1;
    }
    expect(error).toBe('54000');
    expect(await toldWith(listener, 'COMMIT')).toHaveLength(told - 1);
    expect((await speaker.query("NOTIFY news, 'again'")).error).toBeUndefined();
  });

  it('end with the session that listens', async () => {
    const leaving = await workspace.connect();
    await leaving.query('LISTEN news');
    await leaving.leave();
    expect((await speaker.query('NOTIFY news')).error).toBeUndefined();
  });
});
