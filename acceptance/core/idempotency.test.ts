import { describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName, type Answer } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createProjectWithBucket,
  createTable,
  importFile,
  multipart,
  prepareUpload,
  rowsOf,
  uploadFile,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const withKey = (key: string) => ({ headers: { 'x-idempotency-key': key } });
const REPLAY = 'x-idempotency-replay';

function expectReplay(answer: Answer, first: Answer, key: string): void {
  expect(answer.status).toBe(first.status);
  expect(answer.body).toEqual(first.body);
  expect(answer.text === '').toBe(first.text === '');
  expect(answer.headers.get(REPLAY)).toBe('true');
  expect(answer.headers.get('x-idempotency-key')).toBe(key);
}

function expectFirst(answer: Answer): void {
  expect(answer.headers.get(REPLAY)).toBeNull();
  expect(answer.headers.get('x-idempotency-key')).toBeNull();
}

describe('a request sent twice with one key', () => {
  it('runs once: POST', async () => {
    const key = uniqueName('key');
    const id = uniqueName('idem_test');
    const first = await server.admin.post('/projects', { id, name: 'ž' }, withKey(key));
    expect(first.status).toBe(201);
    expectFirst(first);
    const second = await server.admin.post('/projects', { id, name: 'ž' }, withKey(key));
    expectReplay(second, first, key);
  });

  it('runs once: PUT', async () => {
    const project = await createProject(server.admin);
    const key = uniqueName('key');
    const first = await project.api.put(project.path, { name: 'one' }, withKey(key));
    mustSucceed(await project.api.put(project.path, { name: 'two' }));
    expectReplay(await project.api.put(project.path, { name: 'one' }, withKey(key)), first, key);
    expect((await project.api.get(project.path)).body).toMatchObject({ name: 'two' });
  });

  it('runs once: DELETE, with an empty replay', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const key = uniqueName('key');
    const path = `${project.bucketsPath}/${bucket}`;
    const first = await project.api.delete(path, withKey(key));
    expect([first.status, first.text]).toEqual([204, '']);
    const second = await project.api.delete(path, withKey(key));
    expectReplay(second, first, key);
    expect(second.text).toBe('');
    expect((await project.api.delete(path)).status).toBe(404);
  });

  it('runs once: an append is there once', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const file = await uploadFile(project, 'id\n1\n');
    const body = { file_id: file.id, import_options: { incremental: true } };
    const key = uniqueName('key');
    const first = await project.api.post(`${table.path}/import/file`, body, withKey(key));
    expect(first.status).toBe(200);
    expectReplay(await project.api.post(`${table.path}/import/file`, body, withKey(key)), first, key);
    expect(await rowsOf(table)).toEqual([[1]]);
    mustSucceed(await importFile(table, file.id, { import_options: { incremental: true } }));
    expect(await rowsOf(table)).toEqual([[1], [1]]);
  });

  it('runs once: an upload, which is streamed', async () => {
    const project = await createProject(server.admin);
    const upload = await prepareUpload(project);
    const key = uniqueName('key');
    const send = () => {
      const form = multipart('content');
      return project.api.request('POST', upload.upload_url, {
        ...form,
        headers: { ...form.headers, 'x-idempotency-key': key },
      });
    };
    const first = await send();
    expect(first.status).toBe(200);
    expectReplay(await send(), first, key);
    expect((await project.api.post(project.filesPath, { upload_key: upload.upload_key })).status).toBe(201);
  });

  it('gets the same refusal', async () => {
    const project = await createProject(server.admin);
    const key = uniqueName('key');
    const first = await project.api.delete(`${project.bucketsPath}/later`, withKey(key));
    expect(first.status).toBe(404);
    await createBucket(project, 'later');
    expectReplay(await project.api.delete(`${project.bucketsPath}/later`, withKey(key)), first, key);
  });

  it('is replayed after a restart', async () => {
    const id = uniqueName('idem_test');
    const key = uniqueName('key');
    const first = await server.admin.post('/projects', { id }, withKey(key));
    await server.process.restart('SIGKILL');
    expectReplay(await server.admin.post('/projects', { id }, withKey(key)), first, key);
  });

  it('with two keys runs twice', async () => {
    const id = uniqueName('idem_test');
    expect((await server.admin.post('/projects', { id }, withKey(uniqueName('key')))).status).toBe(201);
    expect((await server.admin.post('/projects', { id }, withKey(uniqueName('key')))).status).toBe(409);
  });
});

describe('one key for different requests', () => {
  const conflict = (message: string) => ({ error: 'idempotency_conflict', message });

  it('conflicts by method, then path, then body', async () => {
    const project = await createProject(server.admin);
    const key = uniqueName('key');
    mustSucceed(await project.api.post(project.bucketsPath, { name: 'b1' }, withKey(key)));

    const method = await project.api.delete(`${project.bucketsPath}/b1`, withKey(key));
    expect([method.status, method.body]).toEqual([409, conflict('Idempotency key was used with POST, not DELETE')]);
    const path = await project.api.post(`${project.filesPath}/prepare`, { filename: 'b1' }, withKey(key));
    expect([path.status, path.body]).toEqual([409, conflict('Idempotency key was used with different endpoint')]);
    const body = await project.api.post(project.bucketsPath, { name: 'b2' }, withKey(key));
    expect([body.status, body.body]).toEqual([409, conflict('Idempotency key was used with different request body')]);
    expectFirst(body);

    const list = mustSucceed(await project.api.get<{ total: number }>(project.bucketsPath));
    expect(list.total).toBe(1);
    const replay = await project.api.post(project.bucketsPath, { name: 'b1' }, withKey(key));
    expect([replay.status, replay.headers.get(REPLAY)]).toEqual([201, 'true']);
  });
});

describe('the scope of a key', () => {
  it('is the caller: two projects may use the same key', async () => {
    const key = uniqueName('key');
    const left = await createProject(server.admin);
    const right = await createProject(server.admin);
    for (const project of [left, right]) {
      const answer = await project.api.post(project.bucketsPath, { name: 'b' }, withKey(key));
      expect(answer.status).toBe(201);
      expectFirst(answer);
    }
  });

  it('is checked after authentication: nobody sees the answer of another', async () => {
    const id = uniqueName('idem_test');
    const key = uniqueName('key');
    mustSucceed(await server.admin.post('/projects', { id }, withKey(key)));
    const nobody = await server.anonymous.post('/projects', { id }, withKey(key));
    expect(nobody.status).toBe(401);
    expectFirst(nobody);
    const stranger = await server.admin.as('nonsense').post('/projects', { id }, withKey(key));
    expect(stranger.status).toBe(401);
    expect(stranger.text).not.toContain('api_key');
  });

  it('a refusal for want of a key is not kept', async () => {
    const id = uniqueName('idem_test');
    const key = uniqueName('key');
    expect((await server.anonymous.post('/projects', { id }, withKey(key))).status).toBe(401);
    expect((await server.admin.post('/projects', { id }, withKey(key))).status).toBe(201);
  });
});

describe('methods that ignore the header', () => {
  it('GET', async () => {
    const project = await createProject(server.admin);
    const key = uniqueName('key');
    expectFirst(await project.api.get(project.path, withKey(key)));
    mustSucceed(await project.api.put(project.path, { name: 'new' }));
    const again = await project.api.get(project.path, withKey(key));
    expect(again.body).toMatchObject({ name: 'new' });
    expectFirst(again);
  });

  it('an empty key is no key', async () => {
    const project = await createProject(server.admin);
    const body = { name: 'b' };
    expect((await project.api.post(project.bucketsPath, body, withKey(''))).status).toBe(201);
    expect((await project.api.post(project.bucketsPath, body, withKey(''))).status).toBe(409);
  });
});

describe('requests at the same time with one key', () => {
  it('run once, and all get the one answer', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', v: 'VARCHAR' });
    const lines = Array.from({ length: 200_000 }, (_, n) => `${n},value ${n}`);
    const file = await uploadFile(project, `id,v\n${lines.join('\n')}\n`);
    const key = uniqueName('key');
    const body = { file_id: file.id, import_options: { incremental: true } };

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => project.api.post(`${table.path}/import/file`, body, withKey(key))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(new Set(answers.map(({ text }) => JSON.stringify(JSON.parse(text)))).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get(REPLAY) === null)).toHaveLength(1);
    expect((await project.api.get(table.path)).body).toMatchObject({ row_count: 200_000 });
  });
});

describe('a key past its lifetime', () => {
  const shortLived = useServer({ env: { IDEMPOTENCY_TTL_SECONDS: '1' } });

  it('runs as new', async () => {
    const post = () => shortLived.admin.post('/projects', { id: 'once' }, withKey('short'));
    expect((await post()).status).toBe(201);
    await expect.poll(async () => (await post()).status, { timeout: 10_000, interval: 200 }).toBe(409);
  });
});
