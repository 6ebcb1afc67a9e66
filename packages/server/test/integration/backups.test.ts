import { link, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFiles, checkMetadata, checkWorkspaces } from '../../src/engine/backup/backup-check.js';
import { BackupFolder } from '../../src/engine/backup/backup-folder.js';
import type { FileSystem } from '../../src/lib/file-system.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.js';
import { placesBelow } from '../../src/storage-places.js';
import { SMALL_ENGINE } from '../crash/support/survivor.js';
import { FaultyFileSystem, type Fault } from '../helpers/faulty-file-system.js';
import { POWER_CUT_VARIANTS } from '../helpers/power-cut-disk.js';
import { RecordingFileSystem } from '../helpers/recording-file-system.js';
import { makeTempDir, tempDir, type TempDir } from '../helpers/temp-dir.js';
import { startTestApp, uploadFile, type TestApp } from '../helpers/test-app.js';

const plain = new NodeFileSystem();
let directory: TempDir;
let app: TestApp;

beforeEach(async () => {
  directory = await makeTempDir();
});
afterEach(async () => {
  await app.stop();
  await directory.remove();
});

async function start(fileSystem: FileSystem, env: Record<string, string> = {}): Promise<void> {
  app = await startTestApp({ dataDir: directory.path, env: { ...SMALL_ENGINE, ...env }, overrides: { fileSystem } });
  await app.swept;
}

/** Two projects, a table with history, a file and an upload that waits. */
async function fill(): Promise<void> {
  for (const id of ['p1', 'p2']) await app.call('POST', '/projects', { id });
  await app.call('POST', '/projects/p1/branches/default/buckets', { name: 'b' });
  const columns = [{ name: 'id', type: 'INTEGER' }];
  await app.call('POST', '/projects/p1/branches/default/buckets/b/tables', { name: 't', columns });
  const fileId = await uploadFile(app, 'p1', 'd.csv', 'id\n1\n2\n');
  const imported = await app.call('POST', '/projects/p1/branches/default/buckets/b/tables/t/import/file', {
    file_id: fileId,
  });
  expect(imported.status).toBe(200);
  const prepared = await app.call('POST', '/projects/p1/files/prepare', { filename: 'waiting.csv' });
  const form = new FormData();
  form.append('file', new Blob(['id\n3\n']), 'waiting.csv');
  expect((await app.call('POST', prepared.body.upload_url, form)).status).toBe(200);
}

const backup = (name: string) => app.call('POST', '/backend/backups', { name });
const backupsIn = (dataDir: string) => new BackupFolder(join(dataDir, 'backups'), plain);
const unfinishedIn = (dataDir: string) => readdir(join(dataDir, 'backups', '_unfinished')).catch((): string[] => []);

/** Everything the backup promises is in it, byte for byte. */
async function mustBeWhole(path: string): Promise<void> {
  const places = placesBelow(path, plain);
  const manifest = await checkMetadata(plain, path, places);
  const metadata = await SqliteMetadataStore.openReadOnly(places.metadataPath);
  let files = 0;
  await checkFiles(plain, metadata, places, () => (files += 1)).finally(() => metadata.close());
  expect(files).toBe(manifest.counts.versionFiles + manifest.counts.files);
  await checkWorkspaces(plain, manifest, places);
}

describe('a backup on a disk that fails at the N-th call, for every N', () => {
  const faults: readonly Required<Pick<Fault, 'errno' | 'when'>>[] = [
    { errno: 'ENOSPC', when: 'before' },
    { errno: 'EIO', when: 'after' },
  ];

  it.each(faults)('$errno $when: refused, nothing left, and the next one is whole', async (kind) => {
    const faulty = new FaultyFileSystem(plain);
    await start(faulty);
    await fill();
    await app.runMaintenance();
    let whole = 0;
    let refused = 0;
    for (let call = 1; ; call += 1) {
      const name = `${kind.errno}-${call}`;
      faulty.arm({ ...kind, call });
      const answer = await backup(name);
      const failed = faulty.failed;
      const label = `call ${call} (${faulty.calls[call - 1] ?? 'none'}): ${JSON.stringify(answer.body)}`;
      faulty.disarm();
      if (answer.status === 201) {
        whole += 1;
        await mustBeWhole(answer.body.path);
        if (!failed) break;
      } else {
        refused += 1;
        const expected = kind.errno === 'ENOSPC' ? [507, 'storage_full'] : [500, 'storage_error'];
        const alsoFine = [503, 'storage_unavailable'];
        const seen = [answer.status, answer.body.detail?.error];
        expect([expected, alsoFine], label).toContainEqual(seen);
        expect(await plain.stat(join(directory.path, 'backups', name)), label).toBeUndefined();
      }
    }
    expect([whole > 0, refused > 20]).toEqual([true, true]);
    expect((await app.call('GET', '/backend/backups')).body.total).toBe(whole);
    await app.stop();
    await start(plain);
    expect(await unfinishedIn(directory.path)).toEqual([]);
    expect(app.log.unexpected()).toEqual([]);
  });
});

it('has a name only when everything in it survives a power cut', async () => {
  await start(plain);
  await fill();
  await app.stop();
  const recording = await RecordingFileSystem.start(plain, directory.path);
  await start(recording);
  const begun = recording.mark('begun');
  const made = await backup('first');
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const acknowledged = recording.mark('acknowledged');
  expect((await app.call('DELETE', '/backend/backups/first')).status).toBe(204);
  const deleted = recording.mark('deleted');
  expect(acknowledged - begun).toBeGreaterThan(20);

  const seen = { present: 0, absent: 0 };
  for (let events = begun; events <= deleted; events += 1) {
    for (const variant of POWER_CUT_VARIANTS) {
      const disk = join(await tempDir(), 'disk');
      await recording.materialise(events, variant, disk);
      const label = `${variant} after ${events - begun} of ${deleted - begun} events`;
      const found = await backupsIn(disk).list();
      for (const { name } of found) await mustBeWhole(join(disk, 'backups', name));
      if (events === acknowledged) expect(found, label).toHaveLength(1);
      if (events === deleted) expect(found, label).toEqual([]);
      if (found.length > 0) seen.present += 1;
      else seen.absent += 1;
    }
  }
  expect([seen.present > 0, seen.absent > 0]).toEqual([true, true]);
}, 120_000);

describe('a backup', () => {
  it('copies where it cannot link, each file synced', async () => {
    class WithoutLinks extends NodeFileSystem {
      readonly copied: string[] = [];
      readonly synced: string[] = [];
      override link(from: string, to: string): Promise<void> {
        if (!to.includes('/backups/')) return super.link(from, to);
        return Promise.reject(Object.assign(new Error('EXDEV'), { code: 'EXDEV' }));
      }
      override copyFile(from: string, to: string): Promise<void> {
        if (!/\/(?:admin-api-key|pgwire\/.*)$/.test(from)) this.copied.push(to);
        return super.copyFile(from, to);
      }
      override syncFile(path: string): Promise<void> {
        this.synced.push(path);
        return super.syncFile(path);
      }
    }
    const fileSystem = new WithoutLinks();
    await start(fileSystem);
    await fill();
    const { body } = await backup('copied');
    expect(body).toMatchObject({ linked_files: 0, copied_files: 4, version_file_count: 2, file_count: 2 });
    expect(fileSystem.copied).toHaveLength(4);
    expect(fileSystem.synced).toEqual(expect.arrayContaining(fileSystem.copied));
    await mustBeWhole(body.path);
    const versions = join(body.path, 'duckdb/project_p1/_versions');
    for (const name of await readdir(versions)) {
      const { mode, nlink } = await stat(join(versions, name));
      expect([mode & 0o777, nlink]).toEqual([0o444, 1]);
    }
  });

  it('is refused when the disk has no room for the copies, before anything is copied', async () => {
    class OtherDisk extends NodeFileSystem {
      override async space(path: string) {
        const space = await super.space(path);
        return path.endsWith('/backups') ? { ...space, availableBytes: 1_000_500 } : space;
      }
    }
    await start(new OtherDisk(), { DISK_RESERVE_BYTES: '1MB' });
    await fill();
    const { status, body } = await backup('too-large');
    expect([status, body.detail.error]).toEqual([507, 'storage_full']);
    expect(await unfinishedIn(directory.path)).toEqual([]);
    expect((await app.call('GET', '/backend/backups')).body).toEqual({ backups: [], total: 0 });
  });

  it('is refused, with the name of the file, when bytes that metadata points to are missing', async () => {
    await start(plain);
    await fill();
    const page = await app.metadata.listFileContents(undefined, 10);
    const path = page[0]?.path ?? '';
    await plain.remove(join(directory.path, 'files', path));
    const { status, body } = await backup('broken');
    expect([status, body.detail.error]).toEqual([500, 'storage_error']);
    expect(body.detail.message).toContain(`file ${path} are missing`);
    expect(await unfinishedIn(directory.path)).toEqual([]);
  });

  it('is given up when the service stops', async () => {
    let reached: () => void = () => undefined;
    const linking = new Promise<void>((resolve) => (reached = resolve));
    let goOn: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (goOn = resolve));
    class Slow extends NodeFileSystem {
      override async link(from: string, to: string): Promise<void> {
        if (to.includes('/backups/')) {
          reached();
          await released;
        }
        return super.link(from, to);
      }
    }
    await start(new Slow());
    await fill();
    const answer = backup('cut-off');
    await linking;
    const other = await backup('second');
    expect([other.status, other.body.detail]).toEqual([
      409,
      expect.objectContaining({ error: 'backup_running', details: { backup_name: 'cut-off' } }),
    ]);
    // Writers and readers go on meanwhile.
    expect((await app.call('POST', '/projects/p2/branches/default/buckets', { name: 'new' })).status).toBe(201);
    expect((await app.call('GET', '/health')).status).toBe(200);
    const stopping = app.stop();
    goOn();
    expect((await answer).status).toBe(503);
    await stopping;
    await start(plain);
    expect(await unfinishedIn(directory.path)).toEqual([]);
    expect((await app.call('GET', '/backend/backups')).body.total).toBe(0);
  });

  it('keeps bytes that are deleted while it is made, and lets them go afterwards', async () => {
    let reached: () => void = () => undefined;
    const linking = new Promise<void>((resolve) => (reached = resolve));
    let goOn: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (goOn = resolve));
    class Slow extends NodeFileSystem {
      override async link(from: string, to: string): Promise<void> {
        if (to.includes('/backups/')) {
          reached();
          await released;
        }
        return super.link(from, to);
      }
    }
    await start(new Slow(), { VERSION_RETENTION_COUNT: '0', VERSION_RETENTION_DAYS: '0' });
    await fill();
    await app.call('PUT', '/projects/p1/settings/snapshots', { auto_snapshot_triggers: { drop_table: false } });
    const answer = backup('during');
    await linking;
    expect((await app.call('DELETE', '/projects/p1')).status).toBe(204);
    await app.runMaintenance();
    goOn();
    const { status, body } = await answer;
    expect(status, JSON.stringify(body)).toBe(201);
    await mustBeWhole(body.path);
    await expect.poll(() => plain.stat(join(directory.path, 'duckdb/project_p1'))).toBeUndefined();
    await expect
      .poll(async () => {
        const left = await readdir(join(directory.path, 'files'), { recursive: true, withFileTypes: true });
        return left.filter((entry) => entry.isFile()).map(({ name }) => name);
      })
      .toEqual([]);
  });

  it('is only what has a manifest, and the next start removes what has no name', async () => {
    await start(plain);
    await fill();
    await backup('good');
    await app.stop();
    const backups = join(directory.path, 'backups');
    await mkdir(join(backups, '_unfinished', 'half', 'duckdb'), { recursive: true });
    await link(join(backups, 'good', 'metadata.sqlite'), join(backups, '_unfinished', 'half', 'metadata.sqlite'));
    await mkdir(join(backups, 'foreign'));
    await writeFile(join(backups, 'foreign', 'manifest.json'), '{"format":"something else"}');
    await writeFile(join(backups, 'note.txt'), 'by a person');
    await start(plain);
    expect(await unfinishedIn(directory.path)).toEqual([]);
    const { body } = await app.call('GET', '/backend/backups');
    expect(body.backups.map(({ name }: { name: string }) => name)).toEqual(['good']);
    for (const name of ['foreign', 'note.txt']) {
      expect((await app.call('GET', `/backend/backups/${name}`)).status).toBe(404);
      expect((await app.call('DELETE', `/backend/backups/${name}`)).status).toBe(404);
      expect((await backup(name)).body.detail.error).toBe('backup_exists');
    }
    await mustBeWhole(join(backups, 'good'));
  });

  it('has workspaces, copied and never linked, and those that were deleted meanwhile', async () => {
    await start(plain);
    await fill();
    const made = await app.call('POST', '/projects/p1/workspaces', { name: 'w' });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const { status, body } = await backup('with-workspace');
    expect([status, body.workspace_count, body.skipped_workspaces]).toEqual([201, 1, []]);
    const path = `duckdb/project_p1/_workspaces/${made.body.id}/${made.body.id}.duckdb`;
    const copy = join(body.path, path);
    expect((await stat(copy)).ino).not.toBe((await stat(join(directory.path, path))).ino);
    await mustBeWhole(body.path);
    expect((await app.call('DELETE', `/projects/p1/workspaces/${made.body.id}`)).status).toBe(204);
    await mustBeWhole(body.path);
    await truncate(copy, 100);
    await expect(mustBeWhole(body.path)).rejects.toThrow('another checksum');
    await plain.remove(copy);
    await expect(mustBeWhole(body.path)).rejects.toThrow('is missing');
  });

  it('that was damaged is found out', async () => {
    await start(plain);
    await fill();
    const { body } = await backup('damaged');
    const versions = join(body.path, 'duckdb/project_p1/_versions');
    const [first = ''] = await readdir(versions);
    const content = await readFile(join(versions, first));
    await plain.remove(join(versions, first));
    await expect(mustBeWhole(body.path)).rejects.toThrow('is missing');
    await writeFile(join(versions, first), content.with(4000, (content[4000] ?? 0) ^ 1));
    await expect(mustBeWhole(body.path)).rejects.toThrow('another checksum');
    await truncate(join(versions, first), 100);
    await expect(mustBeWhole(body.path)).rejects.toThrow('100 bytes instead of');
    await truncate(join(body.path, 'metadata.sqlite'), 8192);
    await expect(mustBeWhole(body.path)).rejects.toThrow('checksum of its manifest');
  });
});
