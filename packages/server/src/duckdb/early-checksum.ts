import type { BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { checksumFile, checksumOpenFile, type FileChecksum } from './file-checksum.js';

/** Hashing a smaller file takes a few milliseconds: nothing to gain. */
const WORTH_AN_EARLY_START_BYTES = 16 * 1024 * 1024;

/**
 * Checksum of a file that is probably finished but still attached, taken while the engine looks it through.
 *
 *   engine     load ▓▓▓▓ CHECKPOINT │ are keys unique? ▒▒▒▒ yes │ DETACH │
 *   checksum                start() │ ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│ finish(): the file is as it was
 *
 * Whoever writes to the file after all says so with `discard`. A file that was replaced, or whose times changed, is hashed again too; times
 * alone would not do, because a file system's clock may tick only every 10 ms. The descriptor stays open until `close`, which must come after
 * DETACH: closing it earlier would drop the engine's lock, see `checksumFile`.
 */
export class EarlyChecksum {
  #discarded = false;
  #started:
    { readonly file: FileHandle; readonly before: BigIntStats; readonly result: Promise<FileChecksum> } | undefined;

  constructor(
    private readonly path: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Call it when everything written so far is in the file. Only the first call counts. */
  async start(): Promise<void> {
    if (this.#started !== undefined) return;
    if ((await stat(this.path)).size < WORTH_AN_EARLY_START_BYTES) return;
    const file = await open(this.path, 'r');
    const before = await file.stat({ bigint: true });
    const result = checksumOpenFile(file, this.signal);
    // Whether it failed is asked in `finish`, if ever.
    result.catch(() => undefined);
    this.#started = { file, before, result };
  }

  discard(): void {
    this.#discarded = true;
  }

  /** Size and checksum of the file as it is now; it must be detached. */
  async finish(): Promise<FileChecksum> {
    if (this.#started !== undefined && !this.#discarded) {
      const after = await stat(this.path, { bigint: true });
      if (isSameContent(this.#started.before, after)) return this.#started.result;
    }
    return checksumFile(this.path, this.signal);
  }

  async close(): Promise<void> {
    if (this.#started === undefined) return;
    await this.#started.result.catch(() => undefined);
    await this.#started.file.close();
  }
}

function isSameContent(before: BigIntStats, after: BigIntStats): boolean {
  return (
    before.ino === after.ino &&
    before.size === after.size &&
    before.mtimeNs === after.mtimeNs &&
    before.ctimeNs === after.ctimeNs
  );
}
