import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GRACE_MS, HOUR_MS, openFilesScene, type FilesScene } from '../../test/helpers/files-scene.js';
import { makeTempDir, type TempDir } from '../../test/helpers/temp-dir.js';

let directory: TempDir;
let scene: FilesScene;

beforeEach(async () => {
  directory = await makeTempDir();
  scene = await openFilesScene({ root: directory.path, projects: ['p1'] });
});
afterEach(async () => {
  expect(scene.warnings).toEqual([]);
  await scene.close();
  await directory.remove();
});

async function leaveOrphan(key: string): Promise<void> {
  await mkdir(join(scene.filesDirectory, key, '..'), { recursive: true });
  await writeFile(join(scene.filesDirectory, key), 'orphan');
}

const pass = (ms: number) => {
  scene.time.now = new Date(scene.time.now.getTime() + ms);
};

describe('expireUploads', () => {
  it('ends sessions past their lifetime, with their bytes, and no others', async () => {
    const old = [await scene.prepare('p1'), await scene.prepare('p1')] as const;
    await scene.upload('p1', old[0].key, 'old');
    pass(HOUR_MS);
    const young = await scene.prepare('p1');
    await scene.upload('p1', young.key, 'young');
    expect(await scene.files.expireUploads()).toBe(0);
    pass(23 * HOUR_MS);
    expect(await scene.files.expireUploads()).toBe(2);
    await expect(scene.upload('p1', old[0].key, 'x')).rejects.toMatchObject({ code: 'upload_session_not_found' });
    const file = await scene.register('p1', young.key);
    expect(await scene.onDisk()).toEqual([file.path]);
  });

  it('ends hundreds of them', async () => {
    await scene.store.transaction(async (tx) => {
      for (let index = 0; index < 250; index += 1) {
        await tx.insertUpload({
          key: `key-${index}`,
          projectId: 'p1',
          fileName: 'd.csv',
          contentType: null,
          declaredSizeBytes: null,
          declaredSha256: null,
          tags: null,
          createdAt: scene.time.now,
          expiresAt: new Date(scene.time.now.getTime() + 1),
          uploaded: null,
        });
      }
    });
    pass(1);
    expect(await scene.files.expireUploads()).toBe(250);
  });

  it('never takes the bytes of a file that was registered at the last moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { key } = await scene.prepare('p1');
      await scene.upload('p1', key, 'content');
      const registering = scene.register('p1', key);
      pass(24 * HOUR_MS);
      const [registered, expired] = await Promise.allSettled([registering, scene.files.expireUploads()]);
      expect(expired.status).toBe('fulfilled');
      if (registered.status === 'fulfilled') {
        expect(await scene.contentOf('p1', registered.value.id)).toBe('content');
      } else {
        expect(['upload_session_expired', 'upload_session_not_found']).toContain(registered.reason.code);
      }
    }
    const used = await scene.files.list('p1', { limit: 100, offset: 0 });
    expect(await scene.onDisk()).toEqual(used.items.map((file) => file.path).sort());
  });
});

describe('collectOrphans', () => {
  it('removes what two collections, a grace period apart, found unused', async () => {
    const file = await scene.addFile('p1', 'used');
    const { key } = await scene.prepare('p1');
    await scene.upload('p1', key, 'waiting');
    const used = await scene.onDisk();
    await leaveOrphan('project_p1/2026/11/23/orphan');
    await leaveOrphan('project_gone/staging/orphan');
    expect(await scene.collector.collectOrphans()).toBe(0);
    scene.time.monotonicMs += GRACE_MS - 1;
    expect(await scene.collector.collectOrphans()).toBe(0);
    scene.time.monotonicMs += 1;
    expect(await scene.collector.collectOrphans()).toBe(2);
    expect(await scene.onDisk()).toEqual(used);
    expect(await scene.contentOf('p1', file.id)).toBe('used');
    await scene.register('p1', key);
  });

  it('starts counting again for a key that was used in between', async () => {
    const { key } = await scene.prepare('p1');
    await scene.upload('p1', key, 'content');
    const staged = (await scene.store.getUpload(key))?.uploaded?.path ?? '';
    await scene.store.transaction((tx) => tx.deleteUpload(key));
    await scene.collector.collectOrphans();
    scene.time.monotonicMs += GRACE_MS;
    const session = await scene.prepare('p1');
    const uploaded = { path: staged, sizeBytes: 7, checksumSha256: 'f'.repeat(64) };
    await scene.store.transaction((tx) => tx.completeUpload(session.key, uploaded));
    await scene.collector.collectOrphans();
    await scene.store.transaction((tx) => tx.deleteUpload(session.key));
    expect(await scene.collector.collectOrphans()).toBe(0);
    expect(await scene.onDisk()).toEqual([staged]);
  });

  it('spares the bytes of an upload that runs for longer than the grace period', async () => {
    const { key } = await scene.prepare('p1');
    const source = new PassThrough();
    source.write('half');
    const uploading = scene.upload('p1', key, source);
    await setImmediate();
    for (let round = 0; round < 3; round += 1) {
      expect(await scene.collector.collectOrphans()).toBe(0);
      scene.time.monotonicMs += GRACE_MS;
    }
    source.end(' whole');
    await uploading;
    expect(await scene.contentOf('p1', (await scene.register('p1', key)).id)).toBe('half whole');
  });

  it('removes what an earlier process left unfinished', async () => {
    await leaveOrphan('_unfinished/half-an-upload');
    expect(await scene.collector.collectOrphans()).toBe(1);
    expect(await scene.onDisk()).toEqual([]);
  });

  it('never takes bytes of uploads, registrations and deletions that run at the same time', async () => {
    const { files, change } = scene;
    let working = true;
    const client = async (number: number) => {
      for (let round = 0; round < 15; round += 1) {
        const file = await scene.addFile('p1', `content ${number} ${round}`);
        expect(await scene.contentOf('p1', file.id)).toBe(`content ${number} ${round}`);
        if (round % 2 === 0) await files.delete(change('file.delete'), 'p1', file.id);
      }
    };
    const collect = async () => {
      while (working) {
        await scene.collector.collectOrphans();
        await files.expireUploads();
        // Far less than a grace period per collection: as in life, changes are shorter than it.
        scene.time.monotonicMs += GRACE_MS / 1000;
        await setImmediate();
      }
    };
    const collecting = collect();
    await Promise.all(Array.from({ length: 6 }, (_, number) => client(number))).finally(() => {
      working = false;
    });
    await collecting;
    const { items, total } = await files.list('p1', { limit: 1000, offset: 0 });
    expect(total).toBe(6 * 7);
    expect(await scene.onDisk()).toEqual(items.map((file) => file.path).sort());
  });
});
