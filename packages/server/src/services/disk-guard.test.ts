import { describe, expect, it } from 'vitest';
import { FileSystemDiskGuard } from './disk-guard.js';

function scene(reserveBytes = 100) {
  const disk = { availableBytes: 150, asked: 0, broken: false, nowMs: 0 };
  const space = () => {
    disk.asked += 1;
    if (disk.broken) return Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }));
    return Promise.resolve({ availableBytes: disk.availableBytes, totalBytes: 1000 });
  };
  return { disk, guard: new FileSystemDiskGuard({ space }, { path: '/data', reserveBytes }, () => disk.nowMs) };
}

describe('FileSystemDiskGuard', () => {
  it('keeps the reserve', async () => {
    const { guard } = scene();
    await guard.mustHaveRoom();
    await guard.mustHaveRoom(50);
    await expect(guard.mustHaveRoom(51)).rejects.toMatchObject({
      code: 'storage_full',
      details: { available_bytes: 150, needed_bytes: 51, reserve_bytes: 100 },
    });
    expect(await guard.state()).toEqual({ availableBytes: 150, totalBytes: 1000, reserveBytes: 100, writable: true });
  });

  it('asks the disk once a second, however many callers there are', async () => {
    const { disk, guard } = scene();
    await Promise.all([guard.mustHaveRoom(), guard.mustHaveRoom(), guard.state()]);
    disk.nowMs = 999;
    disk.availableBytes = 99;
    await guard.mustHaveRoom();
    expect(disk.asked).toBe(1);
    disk.nowMs = 1000;
    await expect(guard.mustHaveRoom()).rejects.toMatchObject({ code: 'storage_full' });
    expect(disk.asked).toBe(2);
    expect((await guard.state()).writable).toBe(false);
  });

  it('says when the disk does not answer, and asks again at once', async () => {
    const { disk, guard } = scene();
    disk.broken = true;
    await expect(guard.mustHaveRoom()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await guard.state()).toEqual({ availableBytes: 0, totalBytes: 0, reserveBytes: 100, writable: false });
    disk.broken = false;
    await guard.mustHaveRoom();
  });

  it('is satisfied without a reserve until nothing is left', async () => {
    const { disk, guard } = scene(0);
    disk.availableBytes = 0;
    await guard.mustHaveRoom();
    await expect(guard.mustHaveRoom(1)).rejects.toMatchObject({ code: 'storage_full' });
  });
});
