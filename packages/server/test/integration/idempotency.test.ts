import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../helpers/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p1' });
  await app.call('POST', '/projects/p1/branches/default/buckets', { name: 'b' });
});
afterAll(async () => {
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});

const tables = '/projects/p1/branches/default/buckets/b/tables';
const withKey = (key: string) => ({ headers: { 'x-idempotency-key': key } });
const columns = [{ name: 'id', type: 'INTEGER' }];

describe('a request that is sent twice', () => {
  it('runs once, and the retry gets the first answer', async () => {
    const first = await app.call('POST', tables, { name: 'once', columns }, withKey('k1'));
    const retry = await app.call('POST', tables, { name: 'once', columns }, withKey('k1'));
    expect(first.status).toBe(201);
    expect(first.headers.get('x-idempotency-replay')).toBeNull();
    expect(retry.status).toBe(201);
    expect(retry.body).toEqual(first.body);
    expect(retry.headers.get('x-idempotency-replay')).toBe('true');
  });

  it('waits for the first one when that is still running', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => app.call('POST', tables, { name: 'raced', columns }, withKey('k2'))),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(answers.filter((answer) => answer.headers.get('x-idempotency-replay') === 'true')).toHaveLength(19);
    expect((await app.call('GET', tables)).body.total).toBe(2);
  });

  it('gets the same refusal, even after its reason is gone', async () => {
    const refused = await app.call('POST', `${tables}/missing/export`, {}, withKey('k3'));
    await app.call('POST', tables, { name: 'missing', columns });
    const retry = await app.call('POST', `${tables}/missing/export`, {}, withKey('k3'));
    expect([refused.status, retry.status]).toEqual([404, 404]);
    expect(retry.headers.get('x-idempotency-replay')).toBe('true');
  });

  it('is told when it is not the same request', async () => {
    await app.call('POST', tables, { name: 'first', columns }, withKey('k4'));
    const otherBody = await app.call('POST', tables, { name: 'second', columns }, withKey('k4'));
    const otherPath = await app.call('POST', `${tables}/x/export`, {}, withKey('k4'));
    const otherMethod = await app.call('DELETE', `${tables}/first`, undefined, withKey('k4'));
    for (const answer of [otherBody, otherPath, otherMethod]) {
      expect(answer.status).toBe(409);
      expect(answer.body.error).toBe('idempotency_conflict');
    }
    expect(otherMethod.body.message).toBe('Idempotency key was used with POST, not DELETE');
  });

  it('is another request when another caller sends it', async () => {
    const { api_key: key } = (await app.call('POST', '/projects', { id: 'p2' })).body;
    await app.call('POST', '/projects/p2/branches/default/buckets', { name: 'a' }, withKey('k5'));
    const other = await app.call(
      'POST',
      '/projects/p2/branches/default/buckets',
      { name: 'b' },
      { ...withKey('k5'), key },
    );
    expect(other.status).toBe(201);
  });

  it('is not looked up before the caller is known', async () => {
    await app.call('POST', tables, { name: 'secret', columns }, withKey('k6'));
    const stranger = await app.call('POST', tables, { name: 'secret', columns }, { ...withKey('k6'), key: null });
    expect(stranger.status).toBe(401);
  });
});
