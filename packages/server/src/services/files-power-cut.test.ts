import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GRACE_MS, openFilesScene, type FilesScene } from '../../test/helpers/files-scene.js';
import { POWER_CUT_VARIANTS } from '../../test/helpers/power-cut-disk.js';
import { RecordingFileSystem } from '../../test/helpers/recording-file-system.js';
import { makeTempDir, tempDir } from '../../test/helpers/temp-dir.js';
import { NodeFileSystem } from '../lib/node-file-system.js';
import type { MetadataStore } from '../metadata/metadata-store.js';

const run = promisify(execFile);
const METADATA_FILES = ['metadata.sqlite', 'metadata.sqlite-wal'];

/** The metadata as it was from an event on; a commit is durable when it is acknowledged, that is SQLite's own promise. */
interface Snapshot {
  readonly fromEvent: number;
  readonly directory: string;
}

/** The same store, with a word after each commit. */
function afterEachCommit(store: MetadataStore, tell: () => Promise<void>): MetadataStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'transaction') return member.bind(target) as unknown;
      return async (work: Parameters<MetadataStore['transaction']>[0]) => {
        const result = await target.transaction(work);
        await tell();
        return result;
      };
    },
  });
}

/** A copy made by another process: closing a descriptor of the database in this one would drop SQLite's locks. */
async function copyMetadata(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await run('cp', [...METADATA_FILES.map((name) => join(from, name)), to]);
}

/** Many a moment leaves the same disk; one of each is enough. */
async function fingerprint(directory: string): Promise<string> {
  const files: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.push(`${path.slice(directory.length)}=${await readFile(path, 'hex')}`);
  }
  return files.sort().join(' ');
}

async function expectCompleteFiles(scene: FilesScene, when: string): Promise<void> {
  for (const { path, checksumSha256 } of await scene.store.listFileContents(undefined, 1000)) {
    const stat = await scene.fileStore.stat(path);
    expect(stat, `${path}, ${when}`).toBeDefined();
    const bytes = Buffer.concat((await scene.fileStore.read(path).toArray()) as Buffer[]);
    expect(createHash('sha256').update(bytes).digest('hex'), `${path}, ${when}`).toBe(checksumSha256);
  }
}

async function expectWorkGoesOn(scene: FilesScene, keys: readonly string[]): Promise<void> {
  await scene.collector.collectOrphans();
  scene.time.monotonicMs += GRACE_MS;
  await scene.collector.collectOrphans();
  const used = await scene.store.listFileContents(undefined, 1000);
  expect(await scene.onDisk()).toEqual(used.map(({ path }) => path));
  for (const key of keys) {
    const session = await scene.store.getUpload(key);
    if (session === undefined) continue;
    if (session.uploaded === null) await scene.upload('p1', key, 'again');
    await scene.register('p1', key);
  }
  const { items } = await scene.files.list('p1', { limit: 10, offset: 0 });
  for (const { id } of items) await scene.contentOf('p1', id);
  const { id } = await scene.addFile('p1', 'new');
  expect(await scene.contentOf('p1', id)).toBe('new');
}

describe('Files at a power cut', () => {
  it('has every acknowledged byte, and goes on, whenever the power went', { timeout: 120_000 }, async () => {
    const root = await tempDir();
    const filesDirectory = join(root, 'files');
    await mkdir(filesDirectory);
    const recording = await RecordingFileSystem.start(new NodeFileSystem(), filesDirectory);
    const snapshots: Snapshot[] = [];
    const snapshot = async () => {
      const directory = join(root, `snapshot-${snapshots.length}`);
      await copyMetadata(root, directory);
      snapshots.push({ fromEvent: recording.events.length, directory });
    };
    const scene = await openFilesScene({
      root,
      projects: ['p1'],
      fileSystem: recording,
      wrapStore: (store) => afterEachCommit(store, snapshot),
    });
    await snapshot();
    const first = await scene.prepare('p1');
    await scene.upload('p1', first.key, 'first');
    await scene.upload('p1', first.key, 'its replacement');
    const file = await scene.register('p1', first.key);
    const second = await scene.prepare('p1');
    await scene.upload('p1', second.key, 'second');
    await scene.files.delete(scene.change('file.delete'), 'p1', file.id);
    await scene.register('p1', second.key);
    await scene.close();

    let checked = 0;
    const seen = new Set<string>();
    for (const [index, { fromEvent, directory }] of snapshots.entries()) {
      const untilEvent = snapshots[index + 1]?.fromEvent ?? recording.events.length;
      for (let cut = fromEvent; cut <= untilEvent; cut += 1) {
        for (const variant of POWER_CUT_VARIANTS) {
          await using restored = await makeTempDir();
          await recording.materialise(cut, variant, join(restored.path, 'files'));
          const disk = `${directory}: ${await fingerprint(join(restored.path, 'files'))}`;
          if (seen.has(disk)) continue;
          seen.add(disk);
          await copyMetadata(directory, restored.path);
          const restarted = await openFilesScene({ root: restored.path });
          try {
            await expectCompleteFiles(restarted, `cut after ${cut} events, ${variant}`);
            await expectWorkGoesOn(restarted, [first.key, second.key]);
            expect(restarted.warnings).toEqual([]);
          } finally {
            await restarted.close();
          }
          checked += 1;
        }
      }
    }
    expect(checked).toBeGreaterThan(20);
  });
});
