import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/helpers/temp-dir.js';
import { NodeFileSystem } from './node-file-system.js';

/** Tells which directories were synced, and can fail the sync of one. */
class ObservedFileSystem extends NodeFileSystem {
  readonly synced: string[] = [];
  failing: string | undefined;

  override async syncDirectory(path: string): Promise<void> {
    if (path === this.failing) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    await super.syncDirectory(path);
    this.synced.push(path);
  }
}

describe('NodeFileSystem', () => {
  it('makes missing parents and syncs the directory of every new entry, nothing else', async () => {
    const root = await tempDir();
    const fs = new ObservedFileSystem();
    await fs.makeDirectory(join(root, 'a/b/c'));
    expect(fs.synced).toEqual([root, join(root, 'a'), join(root, 'a/b')]);
    await fs.makeDirectory(join(root, 'a/b/d'));
    await fs.makeDirectory(join(root, 'a/b/d'));
    expect(fs.synced.slice(3)).toEqual([join(root, 'a/b')]);
  });

  it('lets nobody use a directory that another caller makes before its entry is synced', async () => {
    const root = await tempDir();
    const fs = new ObservedFileSystem();
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const path = join(root, 'x/y', String(index % 4));
        await fs.makeDirectory(path);
        expect(fs.synced).toEqual(expect.arrayContaining([root, join(root, 'x'), dirname(path)]));
      }),
    );
  });

  it('takes a directory back when its entry cannot be synced', async () => {
    const root = await tempDir();
    const fs = new ObservedFileSystem();
    fs.failing = root;
    await expect(fs.makeDirectory(join(root, 'a/b'))).rejects.toMatchObject({ code: 'EIO' });
    expect(await fs.stat(join(root, 'a'))).toBeUndefined();
    fs.failing = undefined;
    await fs.makeDirectory(join(root, 'a/b'));
    expect(fs.synced).toEqual([root, join(root, 'a')]);
  });

  it('refuses a directory where a file is', async () => {
    const root = await tempDir();
    await writeFile(join(root, 'file'), '');
    await expect(new NodeFileSystem().makeDirectory(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(new NodeFileSystem().makeDirectory(join(root, 'file/x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('creates files that must not exist and appends whole chunks', async () => {
    const fs = new NodeFileSystem();
    const path = join(await tempDir(), 'f');
    const file = await fs.createFile(path);
    await file.write(Buffer.from('abc'));
    await file.write(new Uint8Array(0));
    await file.write(Buffer.alloc(3_000_000, 'd'));
    await file.sync();
    await file.close();
    expect((await fs.stat(path))?.size).toBe(3_000_003);
    expect((await fs.readFile(path)).subarray(0, 5).toString()).toBe('abcdd');
    await expect(fs.createFile(path)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('links without replacing, renames, removes and takes absence for done', async () => {
    const fs = new NodeFileSystem();
    const root = await tempDir();
    const at = (name: string) => join(root, name);
    await writeFile(at('a'), 'a');
    await fs.link(at('a'), at('b'));
    await expect(fs.link(at('a'), at('b'))).rejects.toMatchObject({ code: 'EEXIST' });
    await fs.rename(at('b'), at('c'));
    await fs.remove(at('a'));
    await fs.remove(at('a'));
    await fs.remove(at('none/a'));
    expect((await fs.list(root)).map((entry) => entry.name)).toEqual(['c']);
    await mkdir(at('tree/deep'), { recursive: true });
    await fs.removeTree(at('tree'));
    await fs.removeTree(at('tree'));
    expect(await fs.stat(at('tree'))).toBeUndefined();
    expect(await readFile(at('c'), 'utf8')).toBe('a');
  });

  it('syncs read-only files, and reads ranges with both ends', async () => {
    const fs = new NodeFileSystem();
    const path = join(await tempDir(), 'f');
    await writeFile(path, '0123456789');
    await fs.setReadOnly(path);
    await fs.syncFile(path);
    expect((await stat(path)).mode & 0o777).toBe(0o444);
    const parts = await fs.readStream(path, { start: 2, end: 5 }).toArray();
    expect(Buffer.concat(parts).toString()).toBe('2345');
  });

  it('tells the space of the disk', async () => {
    const { availableBytes, totalBytes } = await new NodeFileSystem().space(await tempDir());
    expect(availableBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(availableBytes);
  });
});
