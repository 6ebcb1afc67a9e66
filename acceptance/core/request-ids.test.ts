import { describe, expect, it } from 'vitest';
import { sendRaw } from '../helpers/raw-http.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('X-Request-ID', () => {
  it.each([
    ['200', '/health', 200],
    ['404 of a route', '/nowhere', 404],
    ['401', '/projects', 401],
    ['307', '/health/', 307],
  ])('is on every answer (%s), echoed when sent', async (_, path, status) => {
    const made = await server.anonymous.get(path);
    expect([made.status, made.headers.get('x-request-id')]).toEqual([status, expect.stringMatching(UUID)]);
    const echoed = await server.anonymous.get(path, { headers: { 'x-request-id': 'my-request-42' } });
    expect([echoed.status, echoed.headers.get('x-request-id')]).toEqual([status, 'my-request-42']);
  });

  it('differs from request to request', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await server.anonymous.get('/health')).headers.get('x-request-id')),
    );
    expect(new Set(ids).size).toBe(20);
  });

  it('is in the log line of the request', async () => {
    const id = 'find-me-in-the-log';
    await server.anonymous.get('/projects', { headers: { 'x-request-id': id } });
    await expect.poll(() => JSON.stringify(server.process.log())).toContain(id);
  });

  it('that could not be echoed safely is bounded or replaced', async () => {
    const long = await server.anonymous.get('/health', { headers: { 'x-request-id': 'x'.repeat(5000) } });
    expect(long.status).toBe(200);
    expect((long.headers.get('x-request-id') ?? '').length).toBeLessThanOrEqual(256);
    const tab = await sendRaw(server.process.baseUrl, { path: '/health', headers: { 'x-request-id': 'a\tb' } });
    expect(tab.status).toBe(200);
    expect(String(tab.headers['x-request-id'])).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe('CORS', () => {
  it('allows any origin, method and header', async () => {
    const preflight = await server.anonymous.request('OPTIONS', '/projects', {
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization, x-idempotency-key',
      },
    });
    expect(preflight.status).toBeLessThan(300);
    expect(preflight.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/app\.example)$/);
    expect(preflight.headers.get('access-control-allow-methods')).toMatch(/PUT|\*/);
    expect((preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase()).toMatch(/authorization|\*/);

    const actual = await server.anonymous.get('/health', { headers: { origin: 'https://app.example' } });
    expect(actual.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/app\.example)$/);
  });
});
