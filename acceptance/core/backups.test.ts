import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import { createProjectWithBucket, createTable, importContent, uploadFile } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const BACKUPS = '/backend/backups';

interface Backup {
  readonly name: string;
  readonly created_at: string;
  readonly path: string;
  readonly size_bytes: number;
}

const make = async (body: unknown = {}): Promise<Backup> => mustSucceed(await server.admin.post<Backup>(BACKUPS, body));

describe('POST /backend/backups', () => {
  it('answers when a whole backup is there, made of hard links on the same file system', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, 'id\n1\n2\n'));
    await uploadFile(project, 'a file');
    const answer = await server.admin.post<Backup>(BACKUPS, { name: 'Nightly.1' });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body).toEqual({
      name: 'Nightly.1',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\+00:00$/),
      duration_ms: expect.any(Number),
      service_version: expect.stringMatching(/^\d+\./),
      path: join(server.process.dataDir, 'backups', 'Nightly.1'),
      size_bytes: expect.any(Number),
      project_count: 1,
      bucket_count: 1,
      table_count: 1,
      version_file_count: 2,
      file_count: 2,
      workspace_count: 0,
      skipped_workspaces: [],
      linked_files: 4,
      copied_files: 0,
      has_admin_key: false,
    });
    const { path } = answer.body;
    // With certificate and key of the PostgreSQL door, which were not given but made.
    expect((await readdir(path)).sort()).toEqual(['duckdb', 'files', 'manifest.json', 'metadata.sqlite', 'pgwire']);
    const versions = join(path, 'duckdb', `project_${project.id}`, '_versions');
    for (const name of await readdir(versions)) expect((await stat(join(versions, name))).nlink).toBeGreaterThan(1);
    const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')) as unknown;
    expect(manifest).toMatchObject({ format: 'duckdb-storage-backup', name: 'Nightly.1', counts: { tables: 1 } });
  });

  it('gives a name from the time when none is given', async () => {
    for (const body of [{}, { name: null }]) {
      expect((await make(body)).name).toMatch(/^backup_\d{8}_\d{6}_\d{3}$/);
    }
  });

  it('refuses a name that is in use, whatever its case', async () => {
    await make({ name: 'taken' });
    const answer = await server.admin.post(BACKUPS, { name: 'Taken' });
    expect([answer.status, errorCode(answer), errorMessage(answer)]).toEqual([
      409,
      'backup_exists',
      'Backup taken already exists',
    ]);
    expect(errorDetails(answer)).toEqual({ backup_name: 'taken' });
  });

  it.each(['', '_unfinished', '../up', 'a/b', '.hidden', 'x'.repeat(65), 'a b'])(
    'refuses the name %j',
    async (name) => {
      const answer = await server.admin.post(BACKUPS, { name });
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ detail: [{ type: 'invalid_name', loc: ['body', 'name'] }] });
    },
  );

  it('makes one at a time, and says which one is under way', async () => {
    const answers = await Promise.all(['one', 'two', 'three'].map((name) => server.admin.post(BACKUPS, { name })));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThanOrEqual(1);
    for (const refused of answers.filter((answer) => !made.includes(answer))) {
      expect([refused.status, errorCode(refused)]).toEqual([409, 'backup_running']);
      expect(errorDetails(refused)).toEqual({ backup_name: expect.stringMatching(/^(one|two|three)$/) });
    }
  });

  it('runs once for one idempotency key', async () => {
    const headers = { 'x-idempotency-key': 'backup-once' };
    const first = await server.admin.post<Backup>(BACKUPS, { name: 'once' }, { headers });
    const again = await server.admin.post<Backup>(BACKUPS, { name: 'once' }, { headers });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('x-idempotency-replay')).toBe('true');
  });
});

describe('GET /backend/backups', () => {
  it('lists complete backups, newest first, in pages', async () => {
    const made = [await make(), await make(), await make()];
    const newest = made.reverse().map(({ name }) => name);
    const list = mustSucceed(await server.admin.get<{ backups: Backup[]; total: number }>(BACKUPS));
    expect(list.backups.slice(0, 3).map(({ name }) => name)).toEqual(newest);
    expect(list.total).toBe(list.backups.length);
    const page = mustSucceed(
      await server.admin.get<{ backups: Backup[]; total: number }>(`${BACKUPS}?limit=1&offset=1`),
    );
    expect([page.backups.map(({ name }) => name), page.total]).toEqual([[newest[1]], list.total]);
    expect((await server.admin.get(`${BACKUPS}?limit=0`)).status).toBe(422);
  });

  it('gets one', async () => {
    const made = await make({ name: 'single' });
    expect((await server.admin.get(`${BACKUPS}/single`)).body).toEqual(made);
    expect((await server.admin.get(`${BACKUPS}/SINGLE`)).body).toEqual(made);
  });
});

describe('DELETE /backend/backups/{name}', () => {
  it('removes the backup and nothing else', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const { path } = await make({ name: 'short-lived' });
    const deleted = await server.admin.delete(`${BACKUPS}/short-lived`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(join(server.process.dataDir, 'backups', '_unfinished'))).toEqual([]);
    expect((await project.api.get(`${table.path}/preview`)).status).toBe(200);
  });
});

describe('a backup that is not there', () => {
  it.each(['GET', 'DELETE'])('%s is 404', async (method) => {
    for (const name of ['absent', '_unfinished', '../duckdb', '..%2f..']) {
      const answer = await server.admin.request(method, `${BACKUPS}/${encodeURIComponent(name)}`);
      expect([answer.status, errorCode(answer), errorDetails(answer)], name).toEqual([
        404,
        'backup_not_found',
        { backup_name: name },
      ]);
    }
  });
});

describe('callers', () => {
  it('need the admin key', async () => {
    const { project } = await createProjectWithBucket(server.admin);
    for (const [method, path] of [
      ['POST', BACKUPS],
      ['GET', BACKUPS],
      ['GET', `${BACKUPS}/x`],
      ['DELETE', `${BACKUPS}/x`],
    ] as const) {
      const asProject = await project.api.request(method, path);
      expect([asProject.status, errorCode(asProject)], `${method} ${path}`).toEqual([401, 'unauthorized']);
      expect((await server.anonymous.request(method, path)).status).toBe(401);
    }
  });
});

describe('metrics', () => {
  it('tell of backups', async () => {
    await make();
    const { text } = await server.anonymous.get('/metrics');
    expect(text).toMatch(/^duckdb_backup_running 0$/m);
    expect(text).toMatch(/^duckdb_backups_total\{outcome="success"\} [1-9]/m);
    expect(text).toMatch(/^duckdb_backup_last_success_timestamp_seconds 1\.?\d+/m);
    expect(text).toMatch(/^duckdb_backup_files\{kind="done"\} \d+$/m);
  });
});
