import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type DiskFormat = 'ext4' | 'xfs';

/** `_IOR('X', 125, __u32)`, the same number in ext4 and XFS; flag 2: without flushing the journal, as when the power goes. */
const SHUTDOWN = `
import fcntl, os, struct, sys
disk = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(disk, 0x8004587D, struct.pack('I', 2))
`;
const UNMOUNT_ATTEMPTS = 50;

/** Why disks of this format cannot be made here; undefined when they can. */
export function whyNoLoopDisk(format: DiskFormat): string | undefined {
  if (process.platform !== 'linux') return 'loop mounts need Linux';
  if (process.getuid?.() !== 0) return 'loop mounts need root';
  for (const tool of [`mkfs.${format}`, 'mount', 'umount', 'losetup', 'python3']) {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    } catch {
      return `${tool} is missing`;
    }
  }
  try {
    execFileSync('losetup', ['--find'], { stdio: 'ignore' });
  } catch {
    return 'there is no free loop device';
  }
  return undefined;
}

/** A small disk of its own, in a file: it can be filled, and its power can be cut. */
export class LoopDisk implements AsyncDisposable {
  #mounted = false;

  private constructor(
    private readonly home: string,
    private readonly image: string,
    readonly mountPoint: string,
  ) {}

  static async make(format: DiskFormat, sizeBytes: number): Promise<LoopDisk> {
    const home = await mkdtemp(join(tmpdir(), 'storage-disk-'));
    const disk = new LoopDisk(home, join(home, 'image'), join(home, 'mount'));
    await mkdir(disk.mountPoint);
    await (await open(disk.image, 'w')).close();
    await truncate(disk.image, sizeBytes);
    // Without blocks kept for root, which would let a full disk take writes after all.
    await run(`mkfs.${format}`, [...(format === 'ext4' ? ['-m', '0'] : []), '-q', disk.image]);
    await disk.mount();
    return disk;
  }

  async mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.image, this.mountPoint]);
    this.#mounted = true;
  }

  /** Nothing that is not on the disk by now will ever be. The file system answers every call with an error afterwards. */
  async cutPower(): Promise<void> {
    await run('python3', ['-c', SHUTDOWN, this.mountPoint]);
  }

  /** Processes that were killed a moment ago may still hold the disk. */
  async unmount(): Promise<void> {
    for (let attempt = 1; this.#mounted; attempt += 1) {
      try {
        await run('umount', [this.mountPoint]);
        this.#mounted = false;
      } catch (error) {
        if (attempt === UNMOUNT_ATTEMPTS) throw error;
        await pause(100);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount();
    await rm(this.home, { recursive: true, force: true });
  }
}
