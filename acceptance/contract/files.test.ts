import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  ISO_TIME,
  newFile,
  newProject,
  upload,
  UUID,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapter 2.11. */
const server = useServer();
let project: ContractProject;
let files: string;
const CONTENT = 'id,name\n1,a\n2,b\n';
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

interface Prepared {
  readonly upload_key: string;
  readonly upload_url: string;
  readonly expires_at: string;
}

beforeAll(async () => {
  project = await newProject(server.admin, 'test_proj_123');
  files = `${project.path}/files`;
});

const prepare = async (body: object = { filename: 'test.csv' }): Promise<Prepared> =>
  mustSucceed(await project.api.post<Prepared>(`${files}/prepare`, body));

describe('2.11 files', () => {
  it('prepare, upload, register', async () => {
    const body = {
      filename: 'test.csv',
      content_type: 'text/csv',
      size_bytes: CONTENT.length,
      tags: { a: '1', b: '2' },
    };
    const prepared = await project.api.post<Prepared>(`${files}/prepare`, body);
    expect([prepared.status, prepared.body]).toEqual([
      200,
      {
        upload_key: expect.stringMatching(UUID),
        upload_url: `${files}/upload/${prepared.body.upload_key}`,
        expires_at: expect.stringMatching(ISO_TIME),
      },
    ]);
    const lifetimeHours = (new Date(prepared.body.expires_at).getTime() - Date.now()) / 3_600_000;
    expect(Math.round(lifetimeHours)).toBe(24);

    const uploaded = await upload(project, prepared.body.upload_url, CONTENT);
    expect([uploaded.status, uploaded.body]).toEqual([
      200,
      {
        upload_key: prepared.body.upload_key,
        staging_path: `staging/${prepared.body.upload_key}_test.csv`,
        size_bytes: CONTENT.length,
        checksum_sha256: SHA256,
      },
    ]);

    const registration = { upload_key: prepared.body.upload_key, name: 'renamed.csv', tags: { b: '3', c: '4' } };
    const registered = await project.api.post<{ id: string }>(files, registration);
    expect([registered.status, registered.body]).toMatchObject([
      201,
      {
        id: expect.stringMatching(UUID),
        project_id: 'test_proj_123',
        name: 'renamed.csv',
        path: expect.stringMatching(
          new RegExp(`^project_test_proj_123/\\d{4}/\\d\\d/\\d\\d/${registered.body.id}_renamed.csv$`),
        ),
        size_bytes: CONTENT.length,
        content_type: 'text/csv',
        checksum_sha256: SHA256,
        is_staged: false,
        created_at: expect.stringMatching(ISO_TIME),
        expires_at: null,
        tags: { a: '1', b: '3', c: '4' },
      },
    ]);
    expect((await project.api.get(`${files}/${registered.body.id}`)).body).toEqual(registered.body);
    expectRefusal(await project.api.post(files, registration), { status: 404, error: 'upload_session_not_found' });
  });

  it('lists the newest first, with the number of all', async () => {
    const own = await newProject(server.admin, uniqueName('listed'));
    const made = [];
    for (const name of ['a.csv', 'b.csv', 'c.csv']) made.unshift((await newFile(own, CONTENT, name)).id);
    const list = (query: string) =>
      own.api.get<{ files: { id: string }[]; total: number }>(`${own.path}/files${query}`);
    const all = mustSucceed(await list(''));
    expect([all.files.map(({ id }) => id), all.total]).toEqual([made, 3]);
    const page = mustSucceed(await list('?limit=1&offset=1&include_staged=true'));
    expect([page.files.map(({ id }) => id), page.total]).toEqual([[made[1]], 3]);
    expectInvalid(await list('?limit=0'), ['query', 'limit']);
  });

  it('downloads with the headers of a file, whole and in parts', async () => {
    const prepared = await prepare({ filename: 'd.csv', content_type: 'text/csv' });
    mustSucceed(await upload(project, prepared.upload_url, CONTENT, 'd.csv'));
    const { id } = mustSucceed(await project.api.post<{ id: string }>(files, { upload_key: prepared.upload_key }));
    const whole = await project.api.get(`${files}/${id}/download`);
    expect([whole.status, whole.text]).toEqual([200, CONTENT]);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-length': String(CONTENT.length),
      'content-disposition': 'attachment; filename="d.csv"',
      'accept-ranges': 'bytes',
      etag: expect.any(String),
      'last-modified': expect.any(String),
    });
    const part = await project.api.get(`${files}/${id}/download`, { headers: { range: 'bytes=3-6' } });
    expect([part.status, part.text]).toEqual([206, CONTENT.slice(3, 7)]);
    expect(part.headers.get('content-range')).toBe(`bytes 3-6/${CONTENT.length}`);
    const plain = await newFile(project, CONTENT, 'žluťoučký.bin');
    const unnamed = await project.api.get(`${files}/${plain.id}/download`);
    expect(unnamed.headers.get('content-type')).toBe('application/octet-stream');
    expect(unnamed.headers.get('content-disposition')).toContain("filename*=utf-8''");
  });

  it('DELETE', async () => {
    const { id } = await newFile(project, CONTENT);
    const deleted = await project.api.delete(`${files}/${id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await project.api.get(`${files}/${id}`)).status).toBe(404);
  });

  it('refuses a declared size beyond 10 GiB', async () => {
    expectRefusal(await project.api.post(`${files}/prepare`, { filename: 'huge.csv', size_bytes: 10_737_418_241 }), {
      status: 400,
      error: 'file_too_large',
      details: { max_size_bytes: 10_737_418_240, requested_size_bytes: 10_737_418_241 },
    });
    expect(
      (await project.api.post(`${files}/prepare`, { filename: 'huge.csv', size_bytes: 10_737_418_240 })).status,
    ).not.toBe(400);
    expectInvalid(await project.api.post(`${files}/prepare`, {}), ['body', 'filename'], 'missing');
  });

  it('refuses upload keys that are unknown or of another project', async () => {
    const key = '00000000-0000-4000-8000-000000000000';
    const notFound = {
      status: 404,
      error: 'upload_session_not_found',
      message: 'Upload session not found or expired',
      details: { upload_key: key },
    };
    expectRefusal(await upload(project, `${files}/upload/${key}`, CONTENT), notFound);
    expectRefusal(await project.api.post(files, { upload_key: key }), notFound);
    const other = await newProject(server.admin, uniqueName('other'));
    const prepared = await prepare();
    const mismatch = {
      status: 403,
      error: 'upload_session_mismatch',
      details: { upload_key: prepared.upload_key, project_id: other.id },
    };
    expectRefusal(await upload(other, `${other.path}/files/upload/${prepared.upload_key}`, CONTENT), mismatch);
    expectRefusal(await other.api.post(`${other.path}/files`, { upload_key: prepared.upload_key }), mismatch);
  });

  it('refuses to register what was not uploaded', async () => {
    const { upload_key: key } = await prepare();
    expectRefusal(await project.api.post(files, { upload_key: key }), {
      status: 400,
      error: 'file_not_uploaded',
      details: { upload_key: key },
    });
    expectInvalid(await project.api.post(files, {}), ['body', 'upload_key'], 'missing');
  });

  it('replaces the first upload by a second one', async () => {
    const prepared = await prepare();
    mustSucceed(await upload(project, prepared.upload_url, 'first'));
    mustSucceed(await upload(project, prepared.upload_url, 'second'));
    const { id } = mustSucceed(await project.api.post<{ id: string }>(files, { upload_key: prepared.upload_key }));
    expect((await project.api.get(`${files}/${id}/download`)).text).toBe('second');
  });

  it('refuses a body that is no form', async () => {
    const prepared = await prepare();
    expect((await project.api.post(prepared.upload_url, { file: 'x' })).status).toBe(422);
  });

  it.each([
    ['GET', ''],
    ['GET', '/download'],
    ['DELETE', ''],
  ])('%s of an unknown file%s', async (method, path) => {
    const id = '00000000-0000-4000-8000-000000000000';
    expectRefusal(await project.api.request(method, `${files}/${id}${path}`), {
      status: 404,
      error: 'file_not_found',
      message: `File ${id} not found in project test_proj_123`,
      details: { project_id: 'test_proj_123', file_id: id },
    });
  });

  it.each([
    ['POST', '/files/prepare', { filename: 'a' }],
    ['POST', '/files', { upload_key: 'x' }],
    ['GET', '/files', undefined],
    ['GET', '/files/x', undefined],
    ['GET', '/files/x/download', undefined],
    ['DELETE', '/files/x', undefined],
  ])('%s %s of an unknown project', async (method, path, json) => {
    const ask = server.admin.request(method, `/projects/nonexistent${path}`, json === undefined ? {} : { json });
    expectRefusal(await ask, {
      status: 404,
      error: 'project_not_found',
      message: 'Project nonexistent not found',
      details: { project_id: 'nonexistent' },
    });
  });
});
