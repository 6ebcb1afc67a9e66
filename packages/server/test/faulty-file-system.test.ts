import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../src/lib/node-file-system.js';
import { FaultyFileSystem } from './helpers/faulty-file-system.js';
import { tempDir } from './helpers/temp-dir.js';

async function writeTwice(fs: FaultyFileSystem, path: string): Promise<void> {
  const file = await fs.createFile(path);
  try {
    await file.write(Buffer.from('1234'));
    await file.write(Buffer.from('5678'));
    await file.sync();
  } finally {
    await file.close();
  }
}

describe('FaultyFileSystem', () => {
  it('names every call and fails none until it is told to', async () => {
    const fs = new FaultyFileSystem(new NodeFileSystem());
    await writeTwice(fs, join(await tempDir(), 'f'));
    expect(fs.calls).toEqual(['createFile', 'file.write', 'file.write', 'file.sync', 'file.close']);
    expect(fs.failed).toBe(false);
  });

  it('fails one call, and leaves half of a chunk as a full disk does', async () => {
    const fs = new FaultyFileSystem(new NodeFileSystem());
    const path = join(await tempDir(), 'f');
    fs.arm({ call: 3, errno: 'ENOSPC' });
    await expect(writeTwice(fs, path)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(fs.failed).toBe(true);
    expect((await fs.readFile(path)).toString()).toBe('123456');
  });

  it('fails after the call took effect', async () => {
    const fs = new FaultyFileSystem(new NodeFileSystem());
    const root = await tempDir();
    await writeTwice(fs, join(root, 'f'));
    fs.arm({ call: 1, errno: 'EIO', when: 'after' });
    await expect(fs.rename(join(root, 'f'), join(root, 'g'))).rejects.toMatchObject({ code: 'EIO' });
    expect((await fs.list(root)).map((entry) => entry.name)).toEqual(['g']);
  });

  it('keeps failing when the fault lasts, streams included', async () => {
    const fs = new FaultyFileSystem(new NodeFileSystem());
    const root = await tempDir();
    await writeTwice(fs, join(root, 'f'));
    fs.arm({ call: 2, errno: 'EMFILE', lasting: true });
    expect((await fs.readFile(join(root, 'f'))).toString()).toBe('12345678');
    await expect(fs.readStream(join(root, 'f')).toArray()).rejects.toMatchObject({ code: 'EMFILE' });
    await expect(fs.stat(root)).rejects.toMatchObject({ code: 'EMFILE' });
    fs.disarm();
    expect(await fs.stat(root)).toBeDefined();
  });
});
