import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, mustSucceed } from '../helpers/api.js';
import {
  createProject,
  download,
  multipart,
  prepareUpload,
  sendUpload,
  sha256,
  uploadFile,
  type FileObject,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UNKNOWN = '122732a0-bfec-4016-a60e-0ae76f55f704';
let project: Project;

beforeAll(async () => {
  project = await createProject(server.admin);
});

const register = (body: unknown) => project.api.post<FileObject>(project.filesPath, body);

describe('prepare', () => {
  it('opens an upload for a day', async () => {
    const before = Date.now();
    const upload = await prepareUpload(project);
    expect(upload.upload_key).toMatch(UUID);
    expect(upload.upload_url).toBe(`${project.filesPath}/upload/${upload.upload_key}`);
    const lifetimeMs = Date.parse(upload.expires_at) - before;
    expect(lifetimeMs).toBeGreaterThan(86_390_000);
    expect(lifetimeMs).toBeLessThan(86_500_000);
  });

  it('refuses a declared size beyond the limit with 400', async () => {
    const refused = await project.api.post(`${project.filesPath}/prepare`, {
      filename: 'huge.csv',
      size_bytes: 10_737_418_241,
    });
    expect([refused.status, errorCode(refused)]).toEqual([400, 'file_too_large']);
    expect(errorDetails(refused)).toMatchObject({
      max_size_bytes: 10_737_418_240,
      requested_size_bytes: 10_737_418_241,
    });
  });

  it.each([
    ['no filename', {}, 'missing', ['body', 'filename']],
    ['a number as filename', { filename: 1 }, 'string_type', ['body', 'filename']],
    ['a fraction as size', { filename: 'x', size_bytes: 1.5 }, 'int_from_float', ['body', 'size_bytes']],
    ['a number as tag', { filename: 'x', tags: { a: 1 } }, 'string_type', ['body', 'tags', 'a']],
    ['a short checksum', { filename: 'x', checksum_sha256: 'abc' }, undefined, ['body', 'checksum_sha256']],
  ])('%s is a 422', async (_, body, type, loc) => {
    const refused = await project.api.post(`${project.filesPath}/prepare`, body);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ detail: [{ loc, ...(type === undefined ? {} : { type }) }] });
  });

  it('of an unknown project is project_not_found', async () => {
    const refused = await server.admin.post('/projects/missing/files/prepare', { filename: 'x' });
    expect([refused.status, errorCode(refused)]).toEqual([404, 'project_not_found']);
  });
});

describe('upload', () => {
  it('answers size and checksum', async () => {
    const content = randomBytes(300_000);
    const upload = await prepareUpload(project, { filename: 'd.csv' });
    const answer = await sendUpload(project, upload, content);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      upload_key: upload.upload_key,
      staging_path: `staging/${upload.upload_key}_d.csv`,
      size_bytes: content.length,
      checksum_sha256: sha256(content),
    });
  });

  it('sent again replaces the first', async () => {
    const upload = await prepareUpload(project);
    mustSucceed(await sendUpload(project, upload, 'first'));
    mustSucceed(await sendUpload(project, upload, 'second!'));
    const file = mustSucceed(await register({ upload_key: upload.upload_key }));
    expect(file.size_bytes).toBe(7);
    expect((await download(project, file.id)).toString()).toBe('second!');
  });

  it('of nothing is a file of 0 bytes', async () => {
    const file = await uploadFile(project, '');
    expect(file).toMatchObject({ size_bytes: 0, checksum_sha256: sha256('') });
    expect(await download(project, file.id)).toHaveLength(0);
  });

  it.each([
    ['size', { size_bytes: 4 }, 'size_mismatch'],
    ['checksum', { checksum_sha256: sha256('other') }, 'checksum_mismatch'],
  ])('with another %s than declared is refused; the right bytes may follow', async (_, declared, code) => {
    const upload = await prepareUpload(project, declared);
    const refused = await sendUpload(project, upload, 'three');
    expect([refused.status, errorCode(refused)]).toEqual([400, code]);
    expect(errorCode(await register({ upload_key: upload.upload_key }))).toBe('file_not_uploaded');
    const right = code === 'size_mismatch' ? 'four' : 'other';
    expect((await sendUpload(project, upload, right)).status).toBe(200);
  });

  it('with an unknown key is upload_session_not_found', async () => {
    for (const key of [UNKNOWN, 'x', '%20']) {
      const form = multipart('x');
      const refused = await project.api.request('POST', `${project.filesPath}/upload/${key}`, form);
      expect([refused.status, errorCode(refused)]).toEqual([404, 'upload_session_not_found']);
      expect(refused.body).toMatchObject({ detail: { message: 'Upload session not found or expired' } });
    }
  });

  it('with the key of another project is a mismatch', async () => {
    const other = await createProject(server.admin);
    const upload = await prepareUpload(other);
    const form = multipart('x');
    const refused = await project.api.request('POST', `${project.filesPath}/upload/${upload.upload_key}`, form);
    expect([refused.status, errorCode(refused)]).toEqual([403, 'upload_session_mismatch']);
    expect(errorDetails(refused)).toEqual({ upload_key: upload.upload_key, project_id: project.id });
    const taken = await register({ upload_key: upload.upload_key });
    expect([taken.status, errorCode(taken)]).toEqual([403, 'upload_session_mismatch']);
  });

  it.each([
    ['JSON', { json: { file: 'x' } }],
    ['no body', {}],
    ['text', { body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['a form without boundary', { body: 'x', headers: { 'content-type': 'multipart/form-data' } }],
    ['a form without the part', multipart('x', { part: 'other' })],
  ])('of %s is a 422', async (_, request) => {
    const upload = await prepareUpload(project);
    expect((await project.api.request('POST', upload.upload_url, request)).status).toBe(422);
  });

  it('streams a large file without keeping a second copy', async () => {
    const block = randomBytes(1 << 20);
    async function* content(): AsyncIterable<Uint8Array> {
      for (let count = 0; count < 64; count++) yield block;
    }
    const file = await uploadFile(project, content());
    expect(file.size_bytes).toBe(64 << 20);
    expect((await download(project, file.id)).equals(Buffer.concat(Array.from({ length: 64 }, () => block)))).toBe(
      true,
    );
    const directory = join(server.process.dataDir, 'files', '_unfinished');
    expect(await readdir(directory).catch(() => [])).toEqual([]);
  });
});

describe('register', () => {
  it('answers the file object', async () => {
    const upload = await prepareUpload(project, {
      filename: 'd.csv',
      content_type: 'text/csv',
      tags: { a: '1', b: '2' },
    });
    mustSucceed(await sendUpload(project, upload, 'id\n1\n'));
    const created = await register({ upload_key: upload.upload_key, tags: { b: 'two', c: '3' } });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      id: expect.stringMatching(UUID),
      project_id: project.id,
      name: 'd.csv',
      size_bytes: 5,
      content_type: 'text/csv',
      checksum_sha256: sha256('id\n1\n'),
      is_staged: false,
      expires_at: null,
      tags: { a: '1', b: 'two', c: '3' },
    });
    expect(created.body.path).toMatch(
      new RegExp(`^project_${project.id}/\\d{4}/\\d\\d/\\d\\d/${created.body.id}_d\\.csv$`),
    );
    expect((await project.api.get(`${project.filesPath}/${created.body.id}`)).body).toEqual(created.body);
  });

  it('may rename; without tags and type these are null', async () => {
    const upload = await prepareUpload(project);
    mustSucceed(await sendUpload(project, upload, 'x'));
    const file = mustSucceed(await register({ upload_key: upload.upload_key, name: 'renamed.csv' }));
    expect(file).toMatchObject({ name: 'renamed.csv', content_type: null, tags: null });
  });

  it('before the upload is file_not_uploaded', async () => {
    const upload = await prepareUpload(project);
    const refused = await register({ upload_key: upload.upload_key });
    expect([refused.status, errorCode(refused)]).toEqual([400, 'file_not_uploaded']);
    expect(errorDetails(refused)).toEqual({ upload_key: upload.upload_key });
  });

  it('twice is upload_session_not_found', async () => {
    const upload = await prepareUpload(project);
    mustSucceed(await sendUpload(project, upload, 'x'));
    mustSucceed(await register({ upload_key: upload.upload_key }));
    const again = await register({ upload_key: upload.upload_key });
    expect([again.status, errorCode(again)]).toEqual([404, 'upload_session_not_found']);
  });

  it('twice at once makes one file', async () => {
    const upload = await prepareUpload(project);
    mustSucceed(await sendUpload(project, upload, 'x'));
    const answers = await Promise.all(Array.from({ length: 5 }, () => register({ upload_key: upload.upload_key })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 404, 404, 404, 404]);
  });
});
