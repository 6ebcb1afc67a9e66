import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { RawClient } from '../helpers/pgwire/raw-client.js';
import { startTestApp, type TestApp } from '../helpers/test-app.js';

/** Figures that only a worker knows reach `/metrics`. */
let app: TestApp;
let client: RawClient;

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p', name: 'P' });
  await app.call('POST', '/projects/p/branches/default/buckets', { name: 'in_c_sales' });
  await app.call('POST', '/projects/p/branches/default/buckets/in_c_sales/tables', {
    name: 'orders',
    columns: [{ name: 'id', type: 'INTEGER' }],
  });
  const { body } = await app.call('POST', '/projects/p/workspaces', { name: 'w' });
  client = await RawClient.connect(app.pgwirePort ?? 0);
  const { username: user, database, password } = body.connection;
  await client.login({ user, database }, password);
});
afterAll(async () => {
  client.destroy();
  await app.stop();
});

/** Of a metric with these labels; 0 when it is not there. */
async function figure(name: string): Promise<number> {
  const { body } = await app.call('GET', '/metrics');
  const line = (body as string).split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

it('statements, COPY, rows set aside, attached tables and the memory of the engine', async () => {
  await client.query('CREATE TABLE t (a INTEGER)');
  client.send(serialize.query('COPY t FROM STDIN'));
  client.send(serialize.copyData(Buffer.from('1\n2\n')), serialize.copyDone());
  await client.until('Z');
  await client.query('SELECT count(*) FROM in_c_sales.orders');
  await client.query("BEGIN; DECLARE c CURSOR FOR SELECT repeat('x', 1000) FROM range(30000); FETCH 1 FROM c");
  await client.query('SELECT 1; COMMIT');

  await vi.waitFor(
    async () => {
      expect(await figure('pgwire_copy_received_bytes_total')).toBe(4);
      expect(await figure('pgwire_attach_duration_seconds_count')).toBe(1);
      expect(await figure('pgwire_spooled_bytes_total')).toBeGreaterThan(10_000_000);
      expect(await figure('pgwire_workers_engine_memory_bytes')).toBeGreaterThan(0);
    },
    { timeout: 20_000, interval: 100 },
  );
  expect(await figure('pgwire_statements_total{command="copy",status="success",sqlstate_class="00"}')).toBe(1);
});
