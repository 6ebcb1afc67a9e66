import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, errorCode, mustSucceed } from '../helpers/api.js';
import { startServer, type ServerProcess } from '../helpers/server-process.js';
import {
  createProjectWithBucket,
  createTable,
  exportTable,
  importContent,
  importFile,
  prepareUpload,
  projectOf,
  rowsOf,
  sendUpload,
  tableOf,
  tablesPath,
  uploadFile,
  type Project,
  type Table,
} from '../helpers/storage.js';

/** A server that finds its disk fuller than its reserve allows: the reserve is larger than any disk. */
let dataDir: string;
let server: ServerProcess;
let admin: Api;
let project: Project;
let table: Table;
let fileId: string;
let upload: Awaited<ReturnType<typeof prepareUpload>>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'acceptance-full-'));
  const roomy = await startServer({ dataDir });
  const made = await createProjectWithBucket(new Api(roomy.baseUrl, roomy.adminKey));
  const filled = await createTable(made.project, made.bucket, { id: 'INTEGER' });
  mustSucceed(await importContent(filled, 'id\n1\n2\n'));
  fileId = (await uploadFile(made.project, 'id\n3\n')).id;
  upload = await prepareUpload(made.project);
  await roomy.stop();

  server = await startServer({ dataDir, env: { DISK_RESERVE_BYTES: '1000TB' }, expectedErrors: [/storage_full/] });
  admin = new Api(server.baseUrl, server.adminKey);
  project = projectOf(admin, made.project.id, made.project.apiKey);
  table = tableOf(project, made.bucket, filled.name);
});

afterAll(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

describe('below the disk reserve', () => {
  it('every write is a 507 and changes nothing', async () => {
    const writes = {
      project: await admin.post('/projects', { id: 'another' }),
      bucket: await project.api.post(project.bucketsPath, { name: 'another' }),
      table: await project.api.post(tablesPath(project, table.bucket), {
        name: 'another',
        columns: [{ name: 'id', type: 'INTEGER' }],
      }),
      import: await importFile(table, fileId),
      export: await exportTable(table),
      upload: await sendUpload(project, upload, 'id\n4\n'),
    };
    for (const [what, answer] of Object.entries(writes)) {
      expect([answer.status, errorCode(answer)], `${what}: ${answer.text}`).toEqual([507, 'storage_full']);
    }
    expect(await rowsOf(table)).toEqual([[1], [2]]);
    expect((await project.api.get(`${project.path}/stats`)).body).toMatchObject({ table_count: 1, bucket_count: 1 });
  });

  it('health says so, and reading works', async () => {
    const health = mustSucceed(await admin.get<{ disk: { writable: boolean } }>('/health'));
    expect(health.disk.writable).toBe(false);
    expect((await project.api.get(`${project.filesPath}/${fileId}/download`)).text).toBe('id\n3\n');
  });

  it('deleting works', async () => {
    expect((await project.api.delete(`${project.filesPath}/${fileId}`)).status).toBe(204);
    expect((await project.api.delete(table.path)).status).toBe(204);
    expect((await project.api.delete(`${project.bucketsPath}/${table.bucket}`)).status).toBe(204);
    expect((await project.api.delete(project.path)).status).toBe(204);
  });
});
