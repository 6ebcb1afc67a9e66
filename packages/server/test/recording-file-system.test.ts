import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../src/lib/node-file-system.js';
import type { PowerCutVariant } from './helpers/power-cut-disk.js';
import { RecordingFileSystem } from './helpers/recording-file-system.js';
import { tempDir } from './helpers/temp-dir.js';

/** Runs a step at a time and tells what a power cut right after it would leave. */
async function scene() {
  const root = await tempDir();
  await writeFile(join(root, 'old'), 'OLD');
  const fs = await RecordingFileSystem.start(new NodeFileSystem(), root);
  const left = async (variant: PowerCutVariant, cut = fs.events.length) => {
    const target = await tempDir();
    await fs.materialise(cut, variant, target);
    const files: Record<string, string> = {};
    for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files[path.slice(target.length + 1)] = await readFile(path, 'utf8');
    }
    return files;
  };
  return { root, fs, left, at: (name: string) => join(root, name) };
}

describe('RecordingFileSystem', () => {
  it('keeps what was there before, and loses a file that nothing was synced of', async () => {
    const { fs, at, left } = await scene();
    const file = await fs.createFile(at('new'));
    await file.write(Buffer.from('content'));
    expect(await left('dropped')).toEqual({ old: 'OLD' });
    expect(await left('kept')).toEqual({ old: 'OLD', new: '' });
    await file.close();
  });

  it('wants both: a synced file without its entry may be lost, an entry without a synced file is empty', async () => {
    const { fs, root, at, left } = await scene();
    const file = await fs.createFile(at('new'));
    await file.write(Buffer.from('synced'));
    await file.sync();
    await file.write(Buffer.from(' and not'));
    await file.close();
    expect(await left('dropped')).toEqual({ old: 'OLD' });
    expect(await left('kept')).toEqual({ old: 'OLD', new: 'synced' });
    await fs.syncDirectory(root);
    expect(await left('dropped')).toEqual({ old: 'OLD', new: 'synced' });
    await fs.syncFile(at('new'));
    expect(await left('dropped')).toEqual({ old: 'OLD', new: 'synced and not' });
  });

  it('goes back to any moment', async () => {
    const { fs, root, at, left } = await scene();
    const before = fs.mark('before');
    await fs.remove(at('old'));
    await fs.syncDirectory(root);
    expect(await left('dropped')).toEqual({});
    expect(await left('kept', before)).toEqual({ old: 'OLD' });
    expect(await left('kept', before + 1)).toEqual({});
    expect(await left('dropped', before + 1)).toEqual({ old: 'OLD' });
  });

  it('renames within a directory at once, and between directories in two halves', async () => {
    const { fs, root, at, left } = await scene();
    await fs.makeDirectory(at('sub'));
    await fs.rename(at('old'), at('new'));
    expect(await left('dropped')).toEqual({ old: 'OLD' });
    expect(await left('removalsKept')).toEqual({ old: 'OLD' });
    expect(await left('kept')).toEqual({ new: 'OLD' });
    await fs.syncDirectory(root);
    await fs.rename(at('new'), at('sub/new'));
    expect(await left('removalsKept')).toEqual({});
    await fs.syncDirectory(at('sub'));
    expect(await left('dropped')).toEqual({ new: 'OLD', 'sub/new': 'OLD' });
    expect(await left('removalsKept')).toEqual({ 'sub/new': 'OLD' });
  });

  it('shows a link whose first name went before the link was synced', async () => {
    const { fs, at, left } = await scene();
    await fs.makeDirectory(at('sub'));
    await fs.link(at('old'), at('sub/link'));
    await fs.remove(at('old'));
    expect(await left('removalsKept')).toEqual({});
    expect(await left('kept')).toEqual({ 'sub/link': 'OLD' });
    await fs.syncDirectory(at('sub'));
    expect(await left('removalsKept')).toEqual({ 'sub/link': 'OLD' });
  });

  it('learns of files of other processes when they are synced or renamed', async () => {
    const { fs, root, at, left } = await scene();
    await writeFile(at('external'), 'by another process');
    expect(await left('kept')).toEqual({ old: 'OLD' });
    await fs.syncFile(at('external'));
    expect(await left('dropped')).toEqual({ old: 'OLD' });
    await fs.rename(at('external'), at('published'));
    await fs.syncDirectory(root);
    expect(await left('dropped')).toEqual({ old: 'OLD', published: 'by another process' });
    await writeFile(at('unsynced'), 'lost');
    await fs.rename(at('unsynced'), at('renamed'));
    await fs.syncDirectory(root);
    expect(await left('dropped')).toEqual({ old: 'OLD', published: 'by another process', renamed: '' });
  });

  it('forgets a removed tree when its parent is synced', async () => {
    const { fs, root, at, left } = await scene();
    await fs.makeDirectory(at('sub/deep'));
    await fs.link(at('old'), at('sub/deep/link'));
    await fs.syncDirectory(at('sub/deep'));
    await fs.removeTree(at('sub'));
    expect(await left('dropped')).toEqual({ old: 'OLD', 'sub/deep/link': 'OLD' });
    expect(await left('kept')).toEqual({ old: 'OLD' });
    await fs.syncDirectory(root);
    expect(await left('dropped')).toEqual({ old: 'OLD' });
  });
});
