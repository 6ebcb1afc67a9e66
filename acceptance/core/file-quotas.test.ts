import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, mustSucceed } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createTable,
  exportTable,
  prepareUpload,
  sendUpload,
  uploadFile,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer({
  env: { PROJECT_MAX_FILES: '3', PROJECT_MAX_FILE_BYTES: '10KB', MAX_UPLOAD_BYTES: '8KB' },
});
const bytes = (count: number) => Buffer.alloc(count, 'x');

describe('quotas of a project', () => {
  it('bound the number of files, and deleting makes room', async () => {
    const project = await createProject(server.admin);
    const files = [await uploadFile(project, 'a'), await uploadFile(project, 'b'), await uploadFile(project, 'c')];
    const refused = await project.api.post(`${project.filesPath}/prepare`, { filename: 'd' });
    expect([refused.status, errorCode(refused)]).toEqual([413, 'quota_exceeded']);

    const bucket = await createBucket(project);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const exported = await exportTable(table);
    expect([exported.status, errorCode(exported)]).toEqual([413, 'quota_exceeded']);

    mustSucceed(await project.api.delete(`${project.filesPath}/${files[0]?.id}`));
    await uploadFile(project, 'd');
  });

  it('hold under parallel registrations', async () => {
    const project = await createProject(server.admin);
    const uploads = await Promise.all(Array.from({ length: 3 }, () => prepareUpload(project)));
    for (const upload of uploads) mustSucceed(await sendUpload(project, upload, 'x'));
    await Promise.all(uploads.map(({ upload_key }) => project.api.post(project.filesPath, { upload_key })));
    const { total } = mustSucceed(await project.api.get<{ total: number }>(project.filesPath));
    expect(total).toBe(3);
    expect((await project.api.post(`${project.filesPath}/prepare`, { filename: 'd' })).status).toBe(413);
  });

  it('bound the bytes', async () => {
    const project = await createProject(server.admin);
    await uploadFile(project, bytes(6000));
    const upload = await prepareUpload(project);
    const refused = await sendUpload(project, upload, bytes(6000));
    expect([refused.status, errorCode(refused)]).toEqual([413, 'quota_exceeded']);
    await uploadFile(project, bytes(3000));
  });

  it('leave other projects alone', async () => {
    const full = await createProject(server.admin);
    await uploadFile(full, bytes(8000));
    const other = await createProject(server.admin);
    await uploadFile(other, bytes(8000));
  });
});

describe('the size of one upload', () => {
  it('is refused at prepare with 400 and while it streams with 413', async () => {
    const project = await createProject(server.admin);
    const declared = await project.api.post(`${project.filesPath}/prepare`, { filename: 'x', size_bytes: 8001 });
    expect([declared.status, errorCode(declared)]).toEqual([400, 'file_too_large']);
    expect(errorDetails(declared)).toMatchObject({ max_size_bytes: 8000, requested_size_bytes: 8001 });

    const upload = await prepareUpload(project);
    const streamed = await sendUpload(project, upload, bytes(8001));
    expect([streamed.status, errorCode(streamed)]).toEqual([413, 'file_too_large']);
    expect(errorDetails(streamed)).toMatchObject({ max_size_bytes: 8000 });
    mustSucceed(await sendUpload(project, upload, bytes(8000)));
  });
});
