import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, mustSucceed } from '../helpers/api.js';
import { runMain, serverEnvironment, startServer, type ServerProcess } from '../helpers/server-process.js';
import {
  createBucket,
  createProject,
  createTable,
  download,
  importContent,
  projectOf,
  rowsOf,
  sha256,
  tableOf,
  uploadFile,
  type FileObject,
  type Project,
  type Table,
} from '../helpers/storage.js';

interface Backup {
  readonly name: string;
  readonly path: string;
  readonly table_count: number;
}

let folder: string;
let restored = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acceptance-backups-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const restore = (dataDir: string, ...args: string[]) => runMain(['restore', ...args], serverEnvironment(dataDir));
const newTarget = (): string => join(folder, `restored-${(restored += 1)}`);

/** Restores into a new folder, has doctor look at it, and starts a server there. */
async function withRestored(backup: Backup, use: (admin: Api) => Promise<void>): Promise<void> {
  const dataDir = newTarget();
  const done = await restore(dataDir, backup.path);
  expect([done.code, done.stderr], done.stdout).toEqual([0, '']);
  const doctor = await runMain(['doctor', '--json'], serverEnvironment(dataDir));
  expect([doctor.code, JSON.parse(doctor.stdout)]).toMatchObject([0, { findings: [] }]);
  const server = await startServer({ dataDir });
  try {
    await use(new Api(server.baseUrl, server.adminKey));
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true });
  }
}

describe('backups while clients write and delete', () => {
  let server: ServerProcess;
  let admin: Api;
  let project: Project;
  let first: Table;
  let second: Table;

  /** What the writer was about to write, and what was acknowledged. */
  const progress = { begun: 0, acknowledged: 0 };
  let writing = true;
  const made: { backup: Backup; acknowledgedBefore: number; begunAfter: number }[] = [];
  const sums = new Map<string, string>();

  /** `second` gets a number only after `first` has it: at every moment it is the same number or one behind. */
  async function writeInOrder(): Promise<void> {
    for (let n = 1; writing; n += 1) {
      progress.begun = n;
      for (const table of [first, second]) {
        mustSucceed(await importContent(table, `n\n${n}\n`));
      }
      progress.acknowledged = n;
    }
  }

  async function churnFiles(): Promise<void> {
    const kept: FileObject[] = [];
    for (let n = 1; writing; n += 1) {
      const content = `file ${n} `.repeat(n * 50);
      const file = await uploadFile(project, content);
      sums.set(file.id, sha256(content));
      kept.push(file);
      const oldest = kept.length > 5 ? kept.shift() : undefined;
      if (oldest !== undefined) await project.api.delete(`${project.filesPath}/${oldest.id}`);
    }
  }

  async function churnTables(): Promise<void> {
    const bucket = await createBucket(project, 'churn');
    while (writing) {
      const table = await createTable(project, bucket, { n: 'INTEGER' });
      mustSucceed(await importContent(table, 'n\n1\n2\n3\n'));
      expect((await project.api.delete(table.path)).status).toBe(204);
    }
  }

  async function churnProjects(): Promise<void> {
    while (writing) {
      const passing = await createProject(admin);
      const table = await createTable(passing, await createBucket(passing), { n: 'INTEGER' });
      mustSucceed(await importContent(table, 'n\n7\n'));
      expect((await passing.api.delete(passing.path)).status).toBe(204);
    }
  }

  beforeAll(async () => {
    // No history and quick maintenance: what is replaced or deleted goes from the disk at once.
    const env = {
      VERSION_RETENTION_COUNT: '0',
      MAINTENANCE_INTERVAL_SECONDS: '1',
      BACKUP_DIR: join(folder, 'backups'),
    };
    server = await startServer({ env });
    admin = new Api(server.baseUrl, server.adminKey);
    project = await createProject(admin, 'steady');
    const bucket = await createBucket(project, 'b');
    first = await createTable(project, bucket, { n: 'INTEGER' }, { name: 'first' });
    second = await createTable(project, bucket, { n: 'INTEGER' }, { name: 'second' });
  });
  afterAll(async () => {
    await server.stop();
  });

  it('are made while nobody waits for them', async () => {
    const clients = [writeInOrder(), churnFiles(), churnTables(), churnProjects()];
    try {
      for (let round = 1; round <= 3; round += 1) {
        const enough = progress.acknowledged + 2;
        await expect.poll(() => progress.acknowledged, { timeout: 60_000 }).toBeGreaterThanOrEqual(enough);
        const acknowledgedBefore = progress.acknowledged;
        const backup = mustSucceed(await admin.post<Backup>('/backend/backups', { name: `round-${round}` }));
        made.push({ backup, acknowledgedBefore, begunAfter: progress.begun });
      }
    } finally {
      writing = false;
      await Promise.all(clients);
    }
    expect(made).toHaveLength(3);
  });

  it.each([0, 1, 2])('number %i restores to one moment, whole and readable', async (index) => {
    const { backup, acknowledgedBefore, begunAfter } = made[index] ?? { backup: undefined };
    if (backup === undefined) throw new Error('The backup was not made');
    await withRestored(backup, async (restoredAdmin) => {
      const copy = projectOf(restoredAdmin, 'steady', project.apiKey);
      const numberIn = async (name: string) => Number((await rowsOf(tableOf(copy, 'b', name)))[0]?.[0]);
      const [one, two] = [await numberIn('first'), await numberIn('second')];
      expect([0, 1], `first ${one}, second ${two}`).toContain(one - two);
      expect(two).toBeGreaterThanOrEqual(acknowledgedBefore);
      expect(one).toBeLessThanOrEqual(begunAfter);

      let tables = 0;
      const projects = mustSucceed(
        await restoredAdmin.get<{ projects: { id: string }[] }>('/projects?status=active&limit=1000'),
      );
      for (const { id } of projects.projects) {
        const api = restoredAdmin;
        const buckets = mustSucceed(
          await api.get<{ buckets: { name: string }[] }>(`/projects/${id}/branches/default/buckets`),
        );
        for (const bucket of buckets.buckets) {
          const path = `/projects/${id}/branches/default/buckets/${bucket.name}/tables`;
          for (const table of mustSucceed(await api.get<{ tables: { name: string }[] }>(path)).tables) {
            mustSucceed(await api.get(`${path}/${table.name}/preview`));
            tables += 1;
          }
        }
      }
      expect(tables).toBe(backup.table_count);

      const files = mustSucceed(await copy.api.get<{ files: FileObject[] }>(`${copy.filesPath}?limit=1000`)).files;
      for (const file of files) {
        const expected = sums.get(file.id) ?? file.checksum_sha256;
        expect(sha256(await download(copy, file.id))).toBe(expected);
      }
      // And it goes on from there.
      mustSucceed(await importContent(tableOf(copy, 'b', 'first'), 'n\n-1\n'));
      expect(await rowsOf(tableOf(copy, 'b', 'first'))).toEqual([[-1]]);
    });
  });

  it('leaves nothing on the disk that nobody needs when the backups are gone', async () => {
    for (const { backup } of made) {
      expect((await admin.delete(`/backend/backups/${backup.name}`)).status).toBe(204);
    }
    await expect
      .poll(async () => (await runMain(['doctor', '--json'], serverEnvironment(server.dataDir))).stdout, {
        timeout: 30_000,
        interval: 1000,
      })
      .not.toContain('_versions/');
  });
});

describe('kill -9 in the middle of a backup', () => {
  it('leaves nothing that looks like a backup, and the next start cleans up', async () => {
    const server = await startServer();
    try {
      const project = await createProject(new Api(server.baseUrl, server.adminKey));
      const bucket = await createBucket(project);
      for (let n = 0; n < 10; n += 1) {
        mustSucceed(await importContent(await createTable(project, bucket, { n: 'INTEGER' }), 'n\n1\n'));
      }
      const unfinished = join(server.dataDir, 'backups', '_unfinished');
      let cutOff = 0;
      for (let round = 1; cutOff < 2 && round <= 20; round += 1) {
        const name = `killed-${round}`;
        const answer = new Api(server.baseUrl, server.adminKey)
          .post('/backend/backups', { name })
          .catch((error: unknown) => error);
        while ((await entriesOf(unfinished)).length === 0) await new Promise((resolve) => setImmediate(resolve));
        await server.kill('SIGKILL');
        await answer;
        if (existsSync(join(server.dataDir, 'backups', name))) {
          // It came too late: then the backup is whole.
          const whole = await restore(newTarget(), join(server.dataDir, 'backups', name));
          expect([whole.code, whole.stderr]).toEqual([0, '']);
        } else {
          cutOff += 1;
        }
        await server.restart('SIGKILL');
        const admin = new Api(server.baseUrl, server.adminKey);
        await expect.poll(() => entriesOf(unfinished)).toEqual([]);
        const listed = mustSucceed(await admin.get<{ backups: Backup[] }>('/backend/backups')).backups;
        expect(listed.map((backup) => backup.name).includes(name)).toBe(
          existsSync(join(server.dataDir, 'backups', name)),
        );
        mustSucceed(await admin.post('/backend/backups', { name: `after-${round}` }));
      }
      expect(cutOff).toBe(2);
    } finally {
      await server.stop();
    }
  });

  async function entriesOf(directory: string): Promise<string[]> {
    return await readdir(directory).catch((): string[] => []);
  }
});

describe('restore', () => {
  let server: ServerProcess;
  let project: Project;
  let table: Table;
  let backup: Backup;

  beforeAll(async () => {
    server = await startServer({ env: { ADMIN_API_KEY: undefined } });
    const admin = new Api(server.baseUrl, (await readFile(join(server.dataDir, 'admin-api-key'), 'utf8')).trim());
    project = await createProject(admin);
    await createProject(admin, 'empty');
    table = await createTable(project, await createBucket(project), { n: 'INTEGER' });
    mustSucceed(await importContent(table, 'n\n1\n2\n'));
    backup = mustSucceed(await admin.post<Backup>('/backend/backups', { name: 'sound' }));
  });
  afterAll(async () => {
    await server.stop();
  });

  it('says what it restored, with the admin key, readable by its owner only', async () => {
    const target = newTarget();
    const done = await restore(target, backup.path);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(done.stdout).toMatch(
      /^Restored backup sound of \S+Z into .*: 2 projects, 1 tables, 1 files, 0 workspaces, \d+ bytes\.$/m,
    );
    expect(done.stdout).toContain('The admin key is the one of the backup.');
    const key = join(target, 'admin-api-key');
    expect(await readFile(key, 'utf8')).toBe(await readFile(join(server.dataDir, 'admin-api-key'), 'utf8'));
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(target, 'duckdb'))).toEqual(expect.arrayContaining(['project_empty']));
    const again = await restore(target, backup.path);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/is not empty .* and a restore never replaces anything/);
  });

  it('keeps the certificate of the PostgreSQL door, by which its clients know it', async () => {
    const target = newTarget();
    expect((await restore(target, backup.path)).code).toBe(0);
    const pem = (root: string) => readFile(join(root, 'pgwire/server.pem'), 'utf8');
    expect(await pem(target)).toBe(await pem(server.dataDir));
    for (const root of [backup.path, target])
      expect((await stat(join(root, 'pgwire/server.pem'))).mode & 0o777).toBe(0o600);
    const restored = await startServer({ dataDir: target, env: { ADMIN_API_KEY: undefined } });
    try {
      const certificate = (root: string) => readFile(join(root, 'pgwire/server.crt'), 'utf8');
      expect(await certificate(target)).toBe(await certificate(server.dataDir));
    } finally {
      await restored.stop();
    }
  });

  it('copies, so that the backup stays as it is; links when asked to', async () => {
    const [copied, linked] = [newTarget(), newTarget()];
    expect((await restore(copied, backup.path)).code).toBe(0);
    expect((await restore(linked, backup.path, '--link')).code).toBe(0);
    const versions = join('duckdb', `project_${project.id}`, '_versions');
    for (const name of await readdir(join(backup.path, versions))) {
      const inode = async (root: string) => (await stat(join(root, versions, name))).ino;
      expect(await inode(linked)).toBe(await inode(backup.path));
      expect(await inode(copied)).not.toBe(await inode(backup.path));
      expect((await stat(join(copied, versions, name))).mode & 0o777).toBe(0o444);
    }
  });

  it('finds a backup by its name; the folder of the backups does not count as content', async () => {
    const env = serverEnvironment(newTarget(), { BACKUP_DIR: join(server.dataDir, 'backups') });
    expect((await runMain(['restore', 'sound'], env)).code).toBe(0);
    const target = newTarget();
    await mkdir(join(target, 'backups', 'older'), { recursive: true });
    expect((await restore(target, backup.path)).code).toBe(0);
    const absent = await restore(newTarget(), 'absent');
    expect([absent.code, absent.stderr]).toEqual([
      1,
      expect.stringMatching(/^There is no backup at .*absent, nor one/),
    ]);
  });

  it('refuses the folder of a running server', async () => {
    const refused = await restore(server.dataDir, backup.path);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is not empty')]);
    expect((await project.api.get(`${table.path}/preview`)).status).toBe(200);
  });

  it('writes nothing when the backup is damaged, and says what is', async () => {
    const target = newTarget();
    const versions = join(backup.path, 'duckdb', `project_${project.id}`, '_versions');
    const copy = join(folder, 'damaged');
    expect((await restore(copy, backup.path)).code).toBe(0);
    await writeFile(join(copy, 'manifest.json'), await readFile(join(backup.path, 'manifest.json')));
    const [name = ''] = await readdir(versions);
    const path = join(copy, 'duckdb', `project_${project.id}`, '_versions', name);
    const content = await readFile(path);
    await chmod(path, 0o644);
    await writeFile(path, content.with(5000, (content[5000] ?? 0) ^ 0xff));
    const damaged = await restore(target, copy);
    expect([damaged.code, damaged.stdout]).toEqual([1, '']);
    expect(damaged.stderr).toMatch(/damaged project .*, version file [0-9a-f]{32}: .* has another checksum\./);
    expect(existsSync(target)).toBe(false);

    await rm(path);
    expect((await restore(target, copy)).stderr).toMatch(/has lost project .*, version file .* is missing\./);
    await writeFile(join(copy, 'metadata.sqlite'), 'not a database');
    expect((await restore(target, copy)).stderr).toContain('does not have the checksum of its manifest');
    await writeFile(join(copy, 'manifest.json'), '{"format": "duckdb-storage-backup"}');
    expect((await restore(target, copy)).stderr).toContain('format_version is missing or not a number');
    expect(existsSync(target)).toBe(false);
  });

  it('that did not finish keeps a server from starting on the folder', async () => {
    const target = newTarget();
    await mkdir(target);
    await writeFile(join(target, 'metadata.sqlite.restoring'), '');
    await expect(startServer({ dataDir: target })).rejects.toThrow(
      'holds a restore that did not finish (metadata.sqlite.restoring is there). Empty the folder and restore again.',
    );
    expect(await readdir(target)).toEqual(['metadata.sqlite.restoring']);
  });
});
