import { chmod, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Api, mustSucceed } from '../helpers/api.js';
import { runMain, serverEnvironment, startServer, type ServerProcess } from '../helpers/server-process.js';
import {
  createProjectWithBucket,
  createTable,
  importContent,
  uploadFile,
  type FileObject,
  type Project,
  type Table,
} from '../helpers/storage.js';

let server: ServerProcess;
let project: Project;
let table: Table;
let file: FileObject;

beforeEach(async () => {
  server = await startServer();
  const admin = new Api(server.baseUrl, server.adminKey);
  const made = await createProjectWithBucket(admin);
  project = made.project;
  table = await createTable(project, made.bucket, { id: 'INTEGER', v: 'VARCHAR' });
  mustSucceed(await importContent(table, `id,v\n${Array.from({ length: 5000 }, (_, n) => `${n},v${n}`).join('\n')}\n`));
  file = await uploadFile(project, 'content of the file');
});

afterEach(async () => {
  await server.stop();
});

const doctor = (...args: string[]) => runMain(['doctor', ...args], serverEnvironment(server.dataDir));

async function versionFiles(): Promise<string[]> {
  const directory = join(server.dataDir, 'duckdb', `project_${project.id}`, '_versions');
  return (await readdir(directory)).map((name) => join(directory, name));
}

/** The file of the table's current version: the empty one before it, which history keeps, is smaller. */
async function versionPath(): Promise<string> {
  return (await pathsBySize())[0] ?? '';
}

async function pathsBySize(): Promise<string[]> {
  const paths = await versionFiles();
  const sized = await Promise.all(paths.map(async (path) => ({ path, sizeBytes: (await stat(path)).size })));
  sized.sort((left, right) => right.sizeBytes - left.sizeBytes);
  return sized.map(({ path }) => path);
}

/** Everything but what comes and goes by itself: the database's log and lock and the workers' temporary folders. */
async function folderContent(): Promise<string[]> {
  const names = await readdir(server.dataDir, { recursive: true });
  return names.filter((name) => !/sqlite[-.]|_staging/.test(name)).sort();
}

async function changesSince(before: readonly string[]): Promise<{ gone: string[]; added: string[] }> {
  const after = await folderContent();
  return {
    gone: before.filter((name) => !after.includes(name)),
    added: after.filter((name) => !before.includes(name)),
  };
}

async function flipByte(path: string, position: number): Promise<void> {
  await chmod(path, 0o644);
  const handle = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, position);
    await handle.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, position);
  } finally {
    await handle.close();
  }
}

describe('doctor', () => {
  it('finds nothing in a sound folder, beside a running server and without one, and changes nothing', async () => {
    expect(await versionFiles(), 'the current version and the one its history keeps').toHaveLength(2);
    const before = await folderContent();
    const beside = await doctor();
    expect([beside.code, beside.stdout], beside.stderr).toEqual([0, expect.not.stringMatching(/orphan:|error:/)]);
    expect(await changesSince(before)).toEqual({ gone: [], added: [] });

    await server.kill('SIGTERM');
    const alone = await doctor();
    expect([alone.code, alone.stdout], alone.stderr).toEqual([0, expect.not.stringMatching(/orphan:|error:/)]);
    expect(await changesSince(before)).toEqual({ gone: [], added: [] });
    await server.restart();
  });

  it('finds a flipped byte in a table', async () => {
    await server.kill('SIGTERM');
    await flipByte(await versionPath(), 20_000);
    const report = await doctor();
    expect(report.code).toBe(1);
    expect(report.stdout).toContain(table.name);
    expect(report.stdout).toMatch(/checksum|damaged|cannot/i);
    await server.restart();
  });

  it('finds a flipped byte in an earlier version, and says whose history it is', async () => {
    await server.kill('SIGTERM');
    await flipByte((await pathsBySize())[1] ?? '', 20_000);
    const report = await doctor('--json');
    expect(report.code).toBe(1);
    expect(JSON.parse(report.stdout)).toMatchObject({
      versionsChecked: 2,
      versionFilesChecked: 2,
      findings: [
        { severity: 'error', subject: expect.stringContaining(`history of table ${table.bucket}.${table.name},`) },
      ],
    });
    await server.restart();
  });

  it('names the branch whose table is damaged', async () => {
    const { id } = mustSucceed(await project.api.post<{ id: string }>(`${project.path}/branches`, { name: 'dev' }));
    const inBranch = { ...table, path: table.path.replace('/branches/default/', `/branches/${id}/`) };
    const before = await versionFiles();
    mustSucceed(await importContent(inBranch, 'id,v\n1,a\n'));
    const [written = ''] = (await versionFiles()).filter((path) => !before.includes(path));
    await server.kill('SIGTERM');
    await flipByte(written, 20_000);
    const { findings } = JSON.parse((await doctor('--json')).stdout) as { findings: { subject: string }[] };
    expect(findings).toMatchObject([
      { subject: expect.stringContaining(`, table ${table.bucket}.${table.name} of branch ${id}, version file`) },
    ]);
    await server.restart();
  });

  it('finds a flipped byte in a file, and speaks JSON as well', async () => {
    await flipByte(join(server.dataDir, 'files', file.path), 3);
    const report = await doctor();
    expect(report.code).toBe(1);
    expect(report.stdout).toContain(file.id);
    expect(report.stdout).toMatch(/checksum/);

    const asJson = await doctor('--json');
    const { findings } = JSON.parse(asJson.stdout) as { findings: { severity: string; subject: string }[] };
    expect(asJson.code).toBe(1);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ severity: 'error', subject: expect.stringContaining(file.id) });
  });

  it('finds a missing table file and a missing file', async () => {
    await server.kill('SIGTERM');
    await rm(await versionPath(), { force: true });
    await rm(join(server.dataDir, 'files', file.path));
    const report = await doctor();
    expect(report.code).toBe(1);
    expect(report.stdout).toContain(table.name);
    expect(report.stdout).toContain(file.id);
    expect(report.stdout.match(/missing/g)?.length).toBeGreaterThanOrEqual(2);
  });

  it('lists orphans without removing them; the next start removes them', async () => {
    await server.kill('SIGTERM');
    const orphans = [
      join(await versionPath(), '..', `${'0'.repeat(32)}.duckdb`),
      join(server.dataDir, 'files', `project_${project.id}`, '2020', '01', '01', 'orphan.csv'),
    ];
    await mkdir(join(orphans[1] ?? '', '..'), { recursive: true });
    for (const path of orphans) await writeFile(path, 'nobody points to this');

    for (const attempt of [1, 2]) {
      const report = await doctor();
      expect(report.stdout, `attempt ${attempt}`).toContain('0'.repeat(32));
      expect(report.stdout).toContain('orphan.csv');
      expect(report.stdout).toMatch(/orphan/i);
    }
    await server.restart();
    await expect
      .poll(async () => (await doctor()).stdout, { timeout: 10_000, interval: 500 })
      .not.toContain('0'.repeat(32));
  });
});

describe('a damaged table', () => {
  it('is an error of that table only', async () => {
    await server.kill('SIGTERM');
    await rm(await versionPath(), { force: true });
    const live = join(server.dataDir, 'duckdb', `project_${project.id}`, table.bucket, `${table.name}.duckdb`);
    await rm(live, { force: true });
    const other = await startServer({ dataDir: server.dataDir, expectedErrors: [/./] });
    try {
      const api = new Api(other.baseUrl, project.apiKey);
      expect((await api.get('/health')).status).toBe(200);
      const broken = await api.get(`${table.path}/preview`);
      expect(broken.status).toBeGreaterThanOrEqual(400);
      expect(broken.text).not.toContain(server.dataDir);
      expect((await api.get(`${project.filesPath}/${file.id}/download`)).text).toBe('content of the file');
    } finally {
      await other.stop();
    }
  });
});
