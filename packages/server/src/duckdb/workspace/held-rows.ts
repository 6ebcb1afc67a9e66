import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SqlError } from '../../errors/sql-error.js';

/** What all cursors and portals of one session may set aside. */
export class HeldRowsBudget {
  #memoryBytes = 0;
  #totalBytes = 0;

  constructor(
    private readonly limits: { readonly memoryBytes: number; readonly totalBytes: number },
    readonly directory: string,
    private readonly onSpooled: (byteCount: number) => void,
  ) {}

  /** Whether `byteCount` more go to memory, where the caller can still use it. Throws 53100 when they fit nowhere. */
  reserve(byteCount: number, memoryUsable: boolean): boolean {
    if (this.#totalBytes + byteCount > this.limits.totalBytes) {
      throw new SqlError('53100', 'the rows of open cursors and portals exceed what a session may set aside', {
        hint: 'Close cursors, read their rows before other statements run, or add a LIMIT.',
      });
    }
    this.#totalBytes += byteCount;
    if (!memoryUsable || this.#memoryBytes + byteCount > this.limits.memoryBytes) {
      this.onSpooled(byteCount);
      return false;
    }
    this.#memoryBytes += byteCount;
    return true;
  }

  release(memoryBytes: number, spooledBytes: number): void {
    this.#memoryBytes -= memoryBytes;
    this.#totalBytes -= memoryBytes + spooledBytes;
  }
}

interface Segment {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

interface SpooledSegment {
  readonly offset: number;
  readonly length: number;
  readonly rows: number;
}

/**
 * Encoded rows that were taken out of a stream before anybody asked for them: first in memory, then in a file that has no name any more,
 * so that it is gone with the process. Rows come out in the order they went in.
 *
 *   append … append (memory full) ─► spool file ─► take(n): memory first, then the file, segment by segment
 */
export class HeldRows {
  readonly #inMemory: Segment[] = [];
  readonly #spooled: SpooledSegment[] = [];
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #memoryBytes = 0;
  #rows = 0;

  constructor(private readonly budget: HeldRowsBudget) {}

  get rows(): number {
    return this.#rows;
  }

  async append(bytes: Uint8Array, rows: number): Promise<void> {
    if (rows === 0) return;
    // Behind spooled rows nothing may wait in memory, or it would overtake them.
    const inMemory = this.budget.reserve(bytes.length, this.#file === undefined);
    this.#rows += rows;
    if (inMemory) {
      this.#memoryBytes += bytes.length;
      this.#inMemory.push({ bytes, rows });
      return;
    }
    this.#file ??= await this.#openSpool();
    await this.#file.write(bytes, 0, bytes.length, this.#fileBytes);
    this.#spooled.push({ offset: this.#fileBytes, length: bytes.length, rows });
    this.#fileBytes += bytes.length;
  }

  /** The next rows, at most `maxRows`, and not more than one segment. */
  async take(maxRows: number): Promise<Segment> {
    const segment = this.#inMemory.shift() ?? (await this.#readSpooled());
    if (segment === undefined) return { bytes: new Uint8Array(0), rows: 0 };
    const taken = segment.rows <= maxRows ? segment : splitRows(segment, maxRows);
    if (taken !== segment) {
      const rest = { bytes: segment.bytes.subarray(taken.bytes.length), rows: segment.rows - taken.rows };
      this.#inMemory.unshift(rest);
    }
    this.#rows -= taken.rows;
    return taken;
  }

  async close(): Promise<void> {
    this.budget.release(this.#memoryBytes, this.#fileBytes);
    this.#memoryBytes = 0;
    this.#fileBytes = 0;
    this.#rows = 0;
    this.#inMemory.length = 0;
    this.#spooled.length = 0;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #readSpooled(): Promise<Segment | undefined> {
    const next = this.#spooled.shift();
    if (next === undefined || this.#file === undefined) return undefined;
    const bytes = Buffer.allocUnsafe(next.length);
    for (let read = 0; read < next.length;) {
      const { bytesRead } = await this.#file.read(bytes, read, next.length - read, next.offset + read);
      if (bytesRead === 0) throw new SqlError('58030', 'rows that were set aside cannot be read back');
      read += bytesRead;
    }
    return { bytes, rows: next.rows };
  }

  async #openSpool(): Promise<FileHandle> {
    const path = join(this.budget.directory, `rows-${randomUUID()}`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  }
}

const HEADER_BYTES = 5;

/** The first `rows` messages of a segment: each has a type byte and a length that counts itself. */
function splitRows(segment: Segment, rows: number): Segment {
  const { bytes } = segment;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = 0;
  for (let row = 0; row < rows && end + HEADER_BYTES <= bytes.length; row++) end += 1 + view.getInt32(end + 1);
  return { bytes: bytes.subarray(0, end), rows };
}
