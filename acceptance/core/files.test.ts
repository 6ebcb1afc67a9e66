import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createProject, download, uploadFile, type FileObject, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const UNKNOWN = '122732a0-bfec-4016-a60e-0ae76f55f704';
let project: Project;

beforeAll(async () => {
  project = await createProject(server.admin);
});

describe('download', () => {
  const content = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 251));
  let file: FileObject;
  const get = (headers: Record<string, string> = {}) =>
    project.api.get(`${project.filesPath}/${file.id}/download`, { headers });

  beforeAll(async () => {
    file = await uploadFile(project, content, { filename: 'd.bin' });
  });

  it('gives the bytes and says what they are', async () => {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(content)).toBe(true);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1000',
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename="d.bin"',
      etag: expect.stringMatching(/^"[^"]+"$/),
      'last-modified': expect.stringMatching(/GMT$/),
    });
  });

  it.each<[string, number, number]>([
    ['bytes=0-9', 0, 9],
    ['bytes=990-', 990, 999],
    ['bytes=-10', 990, 999],
    ['bytes=999-5000', 999, 999],
    ['bytes=-5000', 0, 999],
  ])('%s is a 206', async (range, start, end) => {
    const answer = await get({ range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000`);
    expect(answer.headers.get('content-length')).toBe(String(end - start + 1));
    expect(answer.bytes.equals(content.subarray(start, end + 1))).toBe(true);
  });

  it.each(['bytes=1000-', 'bytes=2000-3000', 'bytes=-0'])('%s is a 416', async (range) => {
    const answer = await get({ range });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe('bytes */1000');
  });

  it.each(['bytes=abc', 'lines=1-2', 'bytes=9-3', ''])('ignores the malformed range %j', async (range) => {
    const answer = await get({ range });
    expect([200, 416]).toContain(answer.status);
  });

  it('honours If-None-Match and If-Range', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    const notModified = await get({ 'if-none-match': etag });
    expect([notModified.status, notModified.bytes.length]).toEqual([304, 0]);
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
  });

  it('names text types with their charset and any name safely', async () => {
    const named = await uploadFile(project, 'x', { filename: 'žluť "a".csv', content_type: 'text/csv' });
    const answer = await project.api.get(`${project.filesPath}/${named.id}/download`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const disposition = answer.headers.get('content-disposition') ?? '';
    expect(disposition.toLowerCase()).toContain("filename*=utf-8''");
    expect(disposition).toContain('%C5%BElu%C5%A5%20%22a%22.csv');
  });

  it('is possible by HEAD without a body', async () => {
    const answer = await project.api.request('HEAD', `${project.filesPath}/${file.id}/download`);
    expect([200, 405]).toContain(answer.status);
    expect(answer.bytes).toHaveLength(0);
  });
});

describe('an unknown file', () => {
  it.each([
    ['GET', ''],
    ['GET', '/download'],
    ['DELETE', ''],
  ])('%s {id}%s is file_not_found', async (method, rest) => {
    const refused = await project.api.request(method, `${project.filesPath}/${UNKNOWN}${rest}`);
    expect(refused.status).toBe(404);
    expect(refused.body).toEqual({
      detail: {
        error: 'file_not_found',
        message: `File ${UNKNOWN} not found in project ${project.id}`,
        details: { project_id: project.id, file_id: UNKNOWN },
      },
    });
  });

  it('is also one of another project', async () => {
    const other = await createProject(server.admin);
    const file = await uploadFile(other, 'x');
    for (const rest of ['', '/download']) {
      expect((await project.api.get(`${project.filesPath}/${file.id}${rest}`)).status).toBe(404);
    }
    expect((await project.api.delete(`${project.filesPath}/${file.id}`)).status).toBe(404);
    expect((await download(other, file.id)).toString()).toBe('x');
  });
});

describe('DELETE', () => {
  it('removes the file and its bytes', async () => {
    const own = await createProject(server.admin);
    const file = await uploadFile(own, 'x');
    const deleted = await own.api.delete(`${own.filesPath}/${file.id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await own.api.get(`${own.filesPath}/${file.id}`)).status).toBe(404);
    expect((await own.api.delete(`${own.filesPath}/${file.id}`)).status).toBe(404);
    expect((await own.api.get(own.filesPath)).body).toEqual({ files: [], total: 0 });
    const left = await readdir(join(server.process.dataDir, 'files', `project_${own.id}`), {
      recursive: true,
      withFileTypes: true,
    });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
  });
});
