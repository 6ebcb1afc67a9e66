import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultyFileSystem, type Errno } from '../../../test/helpers/faulty-file-system.js';
import { POWER_CUT_VARIANTS } from '../../../test/helpers/power-cut-disk.js';
import { RecordingFileSystem } from '../../../test/helpers/recording-file-system.js';
import { makeTempDir, tempDir } from '../../../test/helpers/temp-dir.js';
import { NodeFileSystem } from '../../lib/node-file-system.js';
import { describeFileStore } from '../file-store.conformance.js';
import { DiskFileStore } from './disk-file-store.js';
import { pathOfKey } from './key-path.js';

const UNLIMITED = { maxBytes: Number.MAX_SAFE_INTEGER };
const FINAL = 'project_p/2026/11/23/f_d.csv';
const STAGED = 'project_p/staging/k_d.csv';
const CONTENT = 'a,b\n1,2\n';

const text = (content: string) => Readable.from([Buffer.from(content)]);

describeFileStore('DiskFileStore', async () => {
  const directory = await makeTempDir();
  return { store: new DiskFileStore(directory.path, new NodeFileSystem()), cleanup: () => directory.remove() };
});

/** Everything the store does that must be durable: bytes in, a second name, the first one away, an export taken over. */
async function useStore(store: DiskFileStore, done: (key: string) => void): Promise<void> {
  await store.write(STAGED, text(CONTENT), UNLIMITED);
  done(STAGED);
  await store.link(STAGED, FINAL);
  done(FINAL);
  await store.remove(STAGED);
  const path = await store.stagePath('project_p/2026/11/24/e.csv');
  await writeFile(path, CONTENT);
  await store.adopt(path, 'project_p/2026/11/24/e.csv');
  done('project_p/2026/11/24/e.csv');
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('DiskFileStore on a disk that fails', () => {
  const codes: Record<Errno, string> = { ENOSPC: 'storage_full', EIO: 'storage_error', EMFILE: 'storage_error' };

  for (const when of ['before', 'after'] as const) {
    it.each(Object.entries(codes))(
      `%s ${when} any call is %s, leaves nothing and harms nothing`,
      async (errno, code) => {
        const root = await tempDir();
        const faulty = new FaultyFileSystem(new NodeFileSystem());
        const attempt = async (store: DiskFileStore, name: string) => {
          await store.write(`project_p/staging/${name}`, text(CONTENT), UNLIMITED);
          await store.link(`project_p/staging/${name}`, `project_p/2026/${name}`);
        };
        await attempt(new DiskFileStore(root, faulty), 'probe');
        const callCount = faulty.calls.length;
        expect(callCount).toBeGreaterThan(10);
        for (let call = 1; call <= callCount; call += 1) {
          await rm(root, { recursive: true });
          await mkdir(root);
          const store = new DiskFileStore(root, faulty);
          faulty.arm({ call, errno: errno as Errno, when });
          await expect(attempt(store, 'failing'), faulty.calls.join(' ')).rejects.toMatchObject({ code });
          expect(faulty.failed).toBe(true);
          const seen = `${call}: ${faulty.calls.join(' ')}`;
          faulty.disarm();
          await attempt(store, 'next');
          await store.remove('project_p/staging/failing');
          await store.remove('project_p/staging/next');
          expect(await store.removeUnfinished()).toBeLessThanOrEqual(1);
          expect(await filesBelow(root), seen).toEqual([join(root, 'project_p/2026/next')]);
        }
      },
    );
  }

  it('reports the first error of a disk that stays full', async () => {
    const root = await tempDir();
    const faulty = new FaultyFileSystem(new NodeFileSystem());
    const store = new DiskFileStore(root, faulty);
    await store.write('a/1', text(CONTENT), UNLIMITED);
    faulty.arm({ call: 2, errno: 'ENOSPC', lasting: true });
    await expect(store.write('a/2', text(CONTENT), UNLIMITED)).rejects.toMatchObject({ code: 'storage_full' });
    faulty.disarm();
    expect(await store.removeUnfinished()).toBe(1);
    expect(await filesBelow(root)).toEqual([join(root, 'a/1')]);
  });

  it('makes directories again that somebody removed', async () => {
    const root = await tempDir();
    const store = new DiskFileStore(root, new NodeFileSystem());
    await store.write('project_p/staging/1', text(CONTENT), UNLIMITED);
    await rm(join(root, 'project_p'), { recursive: true });
    await rm(join(root, '_unfinished'), { recursive: true });
    await store.write('project_p/staging/2', text(CONTENT), UNLIMITED);
    expect(await filesBelow(root)).toEqual([join(root, 'project_p/staging/2')]);
  });

  it('makes no new root where the disk is not mounted', async () => {
    const root = join(await tempDir(), 'mounted');
    const store = new DiskFileStore(root, new NodeFileSystem());
    await expect(store.write('a/1', text(CONTENT), UNLIMITED)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await mkdir(root);
    await store.write('a/1', text(CONTENT), UNLIMITED);
    await rm(root, { recursive: true });
    await expect(store.write('b/1', text(CONTENT), UNLIMITED)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(store.write('a/2', text(CONTENT), UNLIMITED)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await new NodeFileSystem().stat(root)).toBeUndefined();
  });
});

describe('DiskFileStore at a power cut', () => {
  it('has what it promised, complete, whatever the disk did with the rest', async () => {
    const root = await tempDir();
    const recording = await RecordingFileSystem.start(new NodeFileSystem(), root);
    const promised: { readonly from: number; readonly key: string }[] = [];
    await useStore(new DiskFileStore(root, recording), (key) => {
      promised.push({ from: recording.mark(key), key });
    });
    // The staged key was given up after its link was durable.
    const givenUpAt = recording.events.findIndex((event) => event.operation === 'remove');
    for (let cut = 0; cut <= recording.events.length; cut += 1) {
      for (const variant of POWER_CUT_VARIANTS) {
        const disk = join(await tempDir(), 'disk');
        await recording.materialise(cut, variant, disk);
        const store = new DiskFileStore(disk, new NodeFileSystem());
        await store.removeUnfinished();
        for await (const key of store.keys('')) {
          expect(Buffer.concat(await store.read(key).toArray()).toString(), `${key} at ${cut}, ${variant}`).toBe(
            CONTENT,
          );
        }
        for (const { from, key } of promised) {
          if (cut < from || (key === STAGED && cut > givenUpAt)) continue;
          expect(await store.stat(key), `${key} at ${cut}, ${variant}`).toMatchObject({ sizeBytes: CONTENT.length });
        }
      }
    }
  });

  it('syncs directories that an earlier process may have made and not synced', async () => {
    const root = await tempDir();
    await mkdir(join(root, 'project_p/2026/11/23'), { recursive: true });
    const recording = await RecordingFileSystem.start(new NodeFileSystem(), root);
    await new DiskFileStore(root, recording).write(FINAL, text(CONTENT), UNLIMITED);
    const synced = recording.events.filter((event) => event.operation === 'syncDirectory').map((event) => event.path);
    const levels = ['', 'project_p', 'project_p/2026', 'project_p/2026/11', 'project_p/2026/11/23'];
    expect(synced).toEqual(expect.arrayContaining(levels.map((level) => join(root, level))));
  });
});

describe('pathOfKey', () => {
  it('never leaves the root', () => {
    const segment = fc.oneof(fc.constantFrom('..', '.', '', '\0', 'a'), fc.string());
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
        const key = segments.join('/');
        let path: string;
        try {
          path = pathOfKey('/root', key);
        } catch {
          return;
        }
        expect(path).toBe(`/root/${key}`);
        expect(key.split('/')).not.toContain('..');
      }),
    );
  });
});

describe('checksum', () => {
  it('is that of the bytes, however they are cut', async () => {
    const root = await tempDir();
    const store = new DiskFileStore(root, new NodeFileSystem());
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), async (chunks) => {
        const stored = await store.write(`a/${(number += 1)}`, Readable.from(chunks), UNLIMITED);
        const bytes = Buffer.concat(chunks);
        const checksumSha256 = createHash('sha256').update(bytes).digest('hex');
        expect(stored).toEqual({ sizeBytes: bytes.byteLength, checksumSha256 });
      }),
      { numRuns: 50 },
    );
  });
});
