import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  importRows,
  ISO_TIME,
  newBucket,
  newProject,
  newTable,
  UUID,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapter 1: what holds for every request. */
const server = useServer();
let project: ContractProject;
let table: string;

beforeAll(async () => {
  project = await newProject(server.admin, 'test_proj_123');
  await newBucket(project, 'in_c_sales');
  table = await newTable(project, 'in_c_sales', 'orders', { columns: [{ name: 'id', type: 'BIGINT' }] });
});

describe('1.1 transport', () => {
  it('ignores unknown members of a body', async () => {
    const answer = await server.admin.post('/projects', { id: 'unknown-members', nonsense: { a: [1] } });
    expect(answer.status).toBe(201);
  });

  it('writes integers of any size as plain JSON integers', async () => {
    mustSucceed(await importRows(project, table, 'id\n9223372036854775807\n'));
    const answer = await project.api.get(`${table}/preview`);
    expect(answer.text).toContain('"id":9223372036854775807');
  });

  it('answers JSON, and 204 without a body', async () => {
    const read = await project.api.get(project.path);
    expect(read.headers.get('content-type')).toMatch(/^application\/json/);
    mustSucceed(await project.api.post(project.buckets, { name: 'passing' }));
    const deleted = await project.api.delete(`${project.buckets}/passing`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
  });

  it.each([
    ['GET', '/no/such/path', 404, 'Not Found'],
    ['DELETE', '/health', 405, 'Method Not Allowed'],
    ['PUT', '/backend/init', 405, 'Method Not Allowed'],
  ])('%s %s is %i', async (method, path, status, detail) => {
    const answer = await server.admin.request(method, path);
    expect([answer.status, answer.body]).toEqual([status, { detail }]);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET|POST/);
  });

  it('redirects a trailing slash', async () => {
    const answer = await server.admin.get('/projects/');
    expect([answer.status, answer.headers.get('location')]).toEqual([307, expect.stringMatching(/\/projects$/)]);
  });
});

describe('1.2 headers', () => {
  it('echo the request id, and make a uuid4 where there is none', async () => {
    const sent = await server.anonymous.get('/health', { headers: { 'x-request-id': 'my-request-1' } });
    expect(sent.headers.get('x-request-id')).toBe('my-request-1');
    const made = (await server.anonymous.get('/health')).headers.get('x-request-id');
    expect(made).toMatch(UUID);
    expect(made?.[14]).toBe('4');
    const onError = await server.anonymous.get('/projects', { headers: { 'x-request-id': 'my-request-2' } });
    expect([onError.status, onError.headers.get('x-request-id')]).toEqual([401, 'my-request-2']);
  });
});

describe('1.3 authentication', () => {
  it.each([
    ['no header', undefined],
    ['another scheme', 'Basic abc'],
    ['an empty token', 'Bearer '],
    ['no token', 'Bearer'],
  ])('%s is 401', async (_, authorization) => {
    for (const path of ['/projects', project.path]) {
      const answer = await server.anonymous.get(
        path,
        authorization === undefined ? {} : { headers: { authorization } },
      );
      expect([answer.status, answer.body, answer.headers.get('www-authenticate')]).toEqual([
        401,
        { detail: 'Not authenticated' },
        'Bearer',
      ]);
    }
  });

  it('takes the scheme in any case', async () => {
    const headers = { authorization: `bearer ${project.key}` };
    expect((await server.anonymous.get(project.path, { headers })).status).toBe(200);
  });

  it.each([
    ['GET', '/projects'],
    ['POST', '/projects'],
    ['POST', '/backend/init'],
    ['POST', '/backend/remove'],
  ])('%s %s needs the admin key', async (method, path) => {
    for (const api of [project.api, server.anonymous.as('wrong')]) {
      const answer = await api.request(method, path, method === 'GET' ? {} : { json: { id: 'never' } });
      expect([answer.status, answer.body, answer.headers.get('www-authenticate')]).toEqual([
        401,
        { detail: { error: 'unauthorized', message: 'Invalid admin API key', details: {} } },
        'Bearer',
      ]);
    }
  });

  it('answers 403 to a key that is unknown, malformed or of another project, and for unknown projects', async () => {
    const other = await newProject(server.admin, '456');
    for (const key of [other.key, 'garbage', `proj_test_proj_123_admin_${'0'.repeat(32)}`]) {
      expectRefusal(await server.anonymous.as(key).get(project.path), {
        status: 403,
        error: 'forbidden',
        message: 'Access denied to project test_proj_123',
      });
    }
    expectRefusal(await project.api.get('/projects/unheard-of'), {
      status: 403,
      error: 'forbidden',
      message: 'Access denied to project unheard-of',
    });
  });

  it('lets the admin key into every project, and tells it of unknown ones', async () => {
    expect((await server.admin.get(project.path)).status).toBe(200);
    expect((await server.admin.get(`/projects/unheard-of/stats`)).status).toBe(404);
  });

  it('gives the first key in the form proj_{id}_admin_{32 hex}', () => {
    expect(project.key).toMatch(/^proj_test_proj_123_admin_[0-9a-f]{32}$/);
  });

  it('looks at JSON first, then at the key, then at the fields', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await server.anonymous.post('/projects', undefined, { headers, body: '{"id": ' })).status).toBe(422);
    expect((await server.anonymous.post('/projects', {})).status).toBe(401);
    expectInvalid(await server.admin.post('/projects', {}), ['body', 'id'], 'missing');
  });
});

describe('1.4 validation', () => {
  it.each([
    [{ name: 'x' }, ['body', 'columns'], 'missing'],
    [{ name: 5, columns: [{ name: 'id', type: 'INT' }] }, ['body', 'name'], 'string_type'],
    [{ name: 'x', columns: [] }, ['body', 'columns'], 'too_short'],
    [{ name: 'x', columns: [{ name: 'id' }] }, ['body', 'columns', 0, 'type'], 'missing'],
  ])('%j', async (body, loc, type) => {
    expectInvalid(await project.api.post(`${project.buckets}/in_c_sales/tables`, body), loc, type);
  });

  it.each([
    ['limit=0', ['query', 'limit'], 'greater_than_equal'],
    ['limit=1001', ['query', 'limit'], 'less_than_equal'],
    ['offset=-1', ['query', 'offset'], 'greater_than_equal'],
    ['limit=many', ['query', 'limit'], 'int_parsing'],
  ])('GET /projects?%s', async (query, loc, type) => {
    expectInvalid(await server.admin.get(`/projects?${query}`), loc, type);
  });

  it('says where broken JSON breaks', async () => {
    const options = { headers: { 'content-type': 'application/json' }, body: '{"id": }' };
    const answer = await server.admin.post('/projects', undefined, options);
    expect([answer.status, answer.body]).toMatchObject([
      422,
      { detail: [{ type: 'json_invalid', loc: ['body', expect.any(Number)], msg: 'JSON decode error' }] },
    ]);
  });

  it('takes a number in text for an integer, and words for a boolean', async () => {
    const prepared = await project.api.post(`${project.path}/files/prepare`, { filename: 'a.csv', size_bytes: '12' });
    expect(prepared.status).toBe(200);
    for (const word of ['no', 'off', '0', 'false']) {
      mustSucceed(await project.api.post(project.buckets, { name: 'coerced' }));
      expect((await project.api.delete(`${project.buckets}/coerced?cascade=${word}`)).status, word).toBe(204);
    }
  });
});

describe('1.5 lists and times', () => {
  it('gives an empty page beyond the end, with the total', async () => {
    const answer = await server.admin.get('/projects?offset=1000&limit=5');
    expect([answer.status, answer.body]).toEqual([200, { projects: [], total: expect.any(Number) }]);
  });

  it('lists projects newest first, 100 at a time', async () => {
    await newProject(server.admin, 'older-one');
    await newProject(server.admin, 'newer-one');
    const { projects } = mustSucceed(await server.admin.get<{ projects: { id: string }[] }>('/projects'));
    expect(projects.slice(0, 2).map(({ id }) => id)).toEqual(['newer-one', 'older-one']);
  });

  it('lists buckets and tables by name in byte order', async () => {
    const sorted = await newProject(server.admin, 'sorted');
    for (const name of ['b', 'a_b', 'Z', 'a.b', 'a']) await newBucket(sorted, name);
    const { buckets } = mustSucceed(await sorted.api.get<{ buckets: { name: string }[] }>(sorted.buckets));
    expect(buckets.map(({ name }) => name)).toEqual(['Z', 'a', 'a.b', 'a_b', 'b']);
    for (const name of ['t2', 't10', 'T1']) await newTable(sorted, 'a', name);
    const { tables } = mustSucceed(await sorted.api.get<{ tables: { name: string }[] }>(`${sorted.buckets}/a/tables`));
    expect(tables.map(({ name }) => name)).toEqual(['T1', 't10', 't2']);
  });

  it('writes times in ISO 8601 with offset', async () => {
    const { created_at: created } = mustSucceed(await server.admin.get<{ created_at: string }>(project.path));
    expect(created).toMatch(ISO_TIME);
  });
});

describe('1.6 idempotency', () => {
  const keyed = (key: string) => ({ headers: { 'x-idempotency-key': key } });

  it('replays the first answer, with headers that only the replay has', async () => {
    const key = randomUUID();
    const first = await server.admin.post('/projects', { id: 'idem_test_1', name: 'One' }, keyed(key));
    expect(first.status).toBe(201);
    expect([first.headers.get('x-idempotency-key'), first.headers.get('x-idempotency-replay')]).toEqual([null, null]);
    const replay = await server.admin.post('/projects', { id: 'idem_test_1', name: 'One' }, keyed(key));
    expect([replay.status, replay.body]).toEqual([201, first.body]);
    expect(replay.headers.get('x-idempotency-key')).toBe(key);
    expect(replay.headers.get('x-idempotency-replay')).toBe('true');
  });

  it('runs twice with two keys: the second is an ordinary conflict', async () => {
    mustSucceed(await server.admin.post('/projects', { id: 'idem_test_2' }, keyed(randomUUID())));
    const second = await server.admin.post('/projects', { id: 'idem_test_2' }, keyed(randomUUID()));
    expectRefusal(second, { status: 409, error: 'project_exists' });
  });

  it('keeps refusals as well', async () => {
    const key = randomUUID();
    const answers = [];
    for (let n = 0; n < 2; n += 1)
      answers.push(await server.admin.post('/projects', { id: 'idem_test_2' }, keyed(key)));
    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    expect(answers[1]?.headers.get('x-idempotency-replay')).toBe('true');
  });

  it('replays a 204 with an empty body', async () => {
    await newProject(server.admin, 'idem_test_4');
    const key = randomUUID();
    for (const replayed of [null, 'true']) {
      const answer = await server.admin.delete('/projects/idem_test_4', keyed(key));
      expect([answer.status, answer.text, answer.headers.get('x-idempotency-replay')]).toEqual([204, '', replayed]);
    }
  });

  it('PUT honours the key', async () => {
    const key = randomUUID();
    mustSucceed(await project.api.put(project.path, { name: 'Renamed' }, keyed(key)));
    mustSucceed(await project.api.put(project.path, { name: 'Again' }));
    const replay = await project.api.put<{ name: string }>(project.path, { name: 'Renamed' }, keyed(key));
    expect([replay.body.name, replay.headers.get('x-idempotency-replay')]).toEqual(['Renamed', 'true']);
    expect((await project.api.get(project.path)).body).toMatchObject({ name: 'Again' });
  });

  it('GET ignores the header', async () => {
    const key = randomUUID();
    const before = mustSucceed(await server.admin.get<{ total: number }>('/projects', keyed(key)));
    await newProject(server.admin, 'idem_test_5');
    const after = await server.admin.get<{ total: number }>('/projects', keyed(key));
    expect(after.body.total).toBe(before.total + 1);
    expect(after.headers.get('x-idempotency-replay')).toBeNull();
  });

  it.each([
    ['another method', 'DELETE', '/projects/idem_test_3', undefined, 'Idempotency key was used with POST, not DELETE'],
    ['another path', 'POST', '/backend/init', undefined, 'Idempotency key was used with different endpoint'],
    ['another body', 'POST', '/projects', { id: 'z' }, 'Idempotency key was used with different request body'],
  ])('%s is a conflict, in a form of its own', async (_, method, path, json, message) => {
    const key = `conflict-${message}`;
    await server.admin.post('/projects', { id: `idem_test_3` }, keyed(key));
    const answer = await server.admin.request(method, path, { ...keyed(key), ...(json === undefined ? {} : { json }) });
    expect([answer.status, answer.body]).toEqual([409, { error: 'idempotency_conflict', message }]);
    expect(answer.headers.get('x-idempotency-replay')).toBeNull();
  });

  it('runs parallel requests with one key once', async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => server.admin.post('/projects', { id: 'idem_parallel' }, keyed(key))),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
  });
});

describe('1.7 identifiers', () => {
  it('are in the stated forms', async () => {
    const object = mustSucceed(await server.admin.get<{ db_path: string }>(project.path));
    expect(object.db_path).toBe('project_test_proj_123');
    const prepared = mustSucceed(
      await project.api.post<{ upload_key: string }>(`${project.path}/files/prepare`, { filename: 'test.csv' }),
    );
    expect(prepared.upload_key).toMatch(UUID);
    const { id } = mustSucceed(
      await project.api.post<{ id: string }>(`${project.path}/branches/default/snapshots`, {
        bucket: 'in_c_sales',
        table: 'orders',
      }),
    );
    expect(id).toMatch(/^snap_orders_\d{8}_\d{6}_\d{3}$/);
  });
});

describe('1.8 names that tests use', () => {
  it.each(['123', 'test-project', 'snap_e2e_proj', 'apikey_proj_3'])('project %s', async (id) => {
    expect((await server.admin.post('/projects', { id })).status).toBe(201);
  });

  it.each(['bucket', 'bucket1', 'out_c_reports', 'my_special_bucket', 'in.c-sales'])('bucket %s', async (name) => {
    expect((await project.api.post(project.buckets, { name })).status).toBe(201);
  });

  it.each(['order_items', 'data', 'all_types', 'table_a', 'users_restored'])('table %s', async (name) => {
    await newTable(project, 'in_c_sales', name);
  });

  it('columns', async () => {
    const names = [
      'id',
      'name',
      'date',
      'timestamp',
      'value',
      'total',
      'col',
      'quantity',
      'col_varchar',
      'order',
      'a b',
    ];
    const columns = names.map((name) => ({ name, type: 'VARCHAR' }));
    const path = await newTable(project, 'in_c_sales', 'columns', { columns });
    const { columns: shown } = mustSucceed(await project.api.get<{ columns: { name: string }[] }>(path));
    expect(shown.map(({ name }) => name)).toEqual(names);
  });
});
