import { DomainError } from '../errors/domain-error.js';
import type { FileSystem } from '../lib/file-system.js';

/** Space changes slowly compared with requests; asking the kernel once a second is enough. */
const REMEMBERED_FOR_MS = 1000;

export interface DiskState {
  readonly availableBytes: number;
  readonly totalBytes: number;
  readonly reserveBytes: number;
  /** False below the reserve, and when the data disk does not answer. */
  readonly writable: boolean;
}

/** Keeps a reserve on the data disk, so that metadata, deletes and the engine's own work never meet a full disk. */
export interface DiskGuard {
  /**
   * Throws `storage_full` when less than the reserve would be left after `neededBytes` more, `storage_unavailable` when
   * the disk does not answer. It promises nothing: several callers may be let through at once, so long writes ask again
   * while they go on, and the reserve is larger than what they write in between.
   */
  mustHaveRoom(neededBytes?: number): Promise<void>;
  /** Never rejects: a disk that does not answer has no space. */
  state(): Promise<DiskState>;
}

type Space = Awaited<ReturnType<FileSystem['space']>>;

export class FileSystemDiskGuard implements DiskGuard {
  readonly #fileSystem: Pick<FileSystem, 'space'>;
  readonly #path: string;
  readonly #reserveBytes: number;
  readonly #makeRoom: (() => Promise<void>) | undefined;
  readonly #monotonicMs: () => number;
  #asked: { readonly atMs: number; readonly space: Promise<Space> } | undefined;

  constructor(
    fileSystem: Pick<FileSystem, 'space'>,
    disk: {
      readonly path: string;
      readonly reserveBytes: number;
      /** Frees what can be done without, such as the history of tables; asked before anything is refused. */
      readonly makeRoom?: () => Promise<void>;
    },
    monotonicMs: () => number = () => performance.now(),
  ) {
    this.#fileSystem = fileSystem;
    this.#path = disk.path;
    this.#reserveBytes = disk.reserveBytes;
    this.#makeRoom = disk.makeRoom;
    this.#monotonicMs = monotonicMs;
  }

  async mustHaveRoom(neededBytes = 0): Promise<void> {
    let { availableBytes } = await this.#space();
    if (availableBytes - neededBytes < this.#reserveBytes && this.#makeRoom !== undefined) {
      await this.#makeRoom();
      this.#asked = undefined;
      ({ availableBytes } = await this.#space());
    }
    if (availableBytes - neededBytes >= this.#reserveBytes) return;
    const needed = neededBytes > 0 ? `, this request needs ${neededBytes}` : '';
    throw new DomainError(
      'storage_full',
      `The data disk has ${availableBytes} bytes left${needed}, and ${this.#reserveBytes} are kept in reserve. ` +
        'Delete files, tables or snapshots, or add disk space.',
      { available_bytes: availableBytes, needed_bytes: neededBytes, reserve_bytes: this.#reserveBytes },
    );
  }

  async state(): Promise<DiskState> {
    const space = await this.#space().catch(() => ({ availableBytes: 0, totalBytes: 0 }));
    const writable = space.totalBytes > 0 && space.availableBytes >= this.#reserveBytes;
    return { ...space, reserveBytes: this.#reserveBytes, writable };
  }

  #space(): Promise<Space> {
    const nowMs = this.#monotonicMs();
    if (this.#asked === undefined || nowMs - this.#asked.atMs >= REMEMBERED_FOR_MS) {
      this.#asked = { atMs: nowMs, space: this.#ask() };
    }
    return this.#asked.space;
  }

  async #ask(): Promise<Space> {
    try {
      return await this.#fileSystem.space(this.#path);
    } catch (error) {
      // A failure is not remembered: the next request asks again.
      this.#asked = undefined;
      const message = 'The data disk does not answer: its directory is missing or not accessible.';
      throw new DomainError('storage_unavailable', message, {}, { cause: error });
    }
  }
}
