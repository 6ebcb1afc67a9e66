import { test } from 'vitest';
import { openTestDoor } from '../../../test/helpers/test-door.js';
test('smoke', async () => {
  const { app, log, metrics, refused, calls } = await openTestDoor();
  const a = { authorization: 'Bearer admin' };
  const show = async (o: object) => {
    const r = await app.inject(o as never);
    console.log(
      JSON.stringify(o).slice(0, 200),
      '->',
      r.statusCode,
      r.headers['content-type'],
      r.headers.allow ?? r.headers.location ?? '',
      r.body.slice(0, 300),
    );
    return r;
  };
  await show({ url: '/' });
  await show({ url: '/health' });
  await show({ url: '/nope' });
  await show({ method: 'PATCH', url: '/projects', payload: '{bad', headers: { 'content-type': 'application/json' } });
  await show({ method: 'HEAD', url: '/projects', headers: a });
  await show({ method: 'OPTIONS', url: '/projects' });
  await show({ url: '/projects/', headers: a });
  await show({ url: '/projects' });
  await show({ url: '/projects', headers: a });
  await show({ url: '/projects?limit=0&offset=x', headers: a });
  await show({ method: 'POST', url: '/projects', payload: '{bad', headers: { 'content-type': 'application/json' } });
  await show({ method: 'POST', url: '/projects', payload: {}, headers: a });
  await show({ method: 'POST', url: '/projects', payload: {} });
  await show({ method: 'POST', url: '/projects', headers: a });
  await show({ method: 'POST', url: '/projects', payload: { id: 5, name: null }, headers: a });
  await show({ method: 'POST', url: '/projects', payload: { id: 'a', settings: { x: [[1]] } }, headers: a });
  await show({
    method: 'POST',
    url: '/projects',
    payload: '{"id":"a","settings":{"n":9223372036854775807}}',
    headers: { ...a, 'content-type': 'application/json' },
  });
  await show({
    method: 'POST',
    url: '/projects',
    payload: 'id=a',
    headers: { ...a, 'content-type': 'application/x-www-form-urlencoded' },
  });
  const B = '/projects/p1/branches/default/buckets';
  await show({ method: 'POST', url: B + '/sales/tables', payload: { name: 't', columns: [] }, headers: a });
  await show({
    method: 'POST',
    url: B + '/sales/tables',
    payload: { name: 't', columns: [{ name: 'a', type: 'INT', nullable: 'maybe' }, { name: 1 }] },
    headers: a,
  });
  await show({
    method: 'POST',
    url: B + '/sales/tables',
    payload: { name: 't', columns: [{ name: 'a', type: 'INT', nullable: 'no' }] },
    headers: a,
  });
  await show({ method: 'DELETE', url: B + '/sales?cascade=maybe', headers: a });
  await show({ method: 'DELETE', url: B + '/sales?cascade=off', headers: a });
  await show({ url: B + '/sales/tables/orders/preview?columns=id,"Name, full"&limit=3', headers: a });
  await show({ url: B + '/sales/tables/orders/preview?limit=10001', headers: a });
  await show({
    method: 'POST',
    url: B + '/sales/tables/orders/import/file',
    payload: { file_id: 'x', import_options: { dedup_mode: 'x', max_bad_rows: 1.5, incremental: 'on' } },
    headers: a,
  });
  await show({
    method: 'POST',
    url: B + '/sales/tables/orders/import/file',
    payload: { file_id: 'x', import_options: { incremental: 'on' }, csv_options: null },
    headers: a,
  });
  await show({ method: 'POST', url: '/projects/p1/files/upload/k', payload: 'x', headers: a });
  await show({ url: '/projects/p1/files/f1/download', headers: { ...a, range: 'bytes=2-4' } });
  await show({ method: 'HEAD', url: '/projects/p1/files/f1/download', headers: { ...a } });
  await show({ url: '/projects/p1/files/f1/download', headers: { ...a, range: 'bytes=20-' } });
  await show({ url: '/projects/%zz', headers: a });
  await show({ url: '/docs' });
  await show({ url: '/docs/static/index.html' });
  await show({ url: '/redoc' });
  await show({ method: 'POST', url: '/openapi.json' });
  const r = await show({ url: '/openapi.json' });
  const d = JSON.parse(r.body);
  console.log(JSON.stringify(d.paths['/projects/{project_id}/files/upload/{upload_key}'], null, 1));
  console.log(JSON.stringify(d.paths['/projects'].post, null, 1), Object.keys(d.components.schemas));
  await show({ url: '/metrics' });
  console.log(
    (await metrics.render(() => {}))
      .split('\n')
      .filter((l) => /requests_total|in_flight/.test(l))
      .join('\n'),
  );
  console.log(JSON.stringify(log.unexpected().slice(0, 2)), refused.length, calls.size);
  await app.close();
});
