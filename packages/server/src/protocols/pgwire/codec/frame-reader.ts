import { SqlError } from '../../../errors/sql-error.js';

/** One message of the client: its type byte as a character, and what follows the length. `body` is a view, valid for ever. */
export interface Frame {
  readonly type: FrameType;
  readonly body: Buffer;
}

/** Types a client may send after its startup packet. */
export const FRAME_TYPES = ['B', 'C', 'D', 'E', 'F', 'H', 'P', 'Q', 'S', 'X', 'c', 'd', 'f', 'p'] as const;
export type FrameType = (typeof FRAME_TYPES)[number];

/** PostgreSQL's own limit of a startup packet. */
export const MAX_STARTUP_BYTES = 10_000;

/** A password or SASL answer that is longer than PostgreSQL would read is an attack or a mistake. */
export const MAX_AUTHENTICATION_BYTES = 65_535;

const LENGTH_BYTES = 4;
const HEADER_BYTES = 1 + LENGTH_BYTES;
const TYPE_OF = new Map<number, FrameType>(FRAME_TYPES.map((type) => [type.charCodeAt(0), type]));

/**
 * Cuts the stream of a client into messages, however the network split or joined them.
 *
 *     push(chunk), push(chunk) ─▶ nextStartup()   length, body          the first packets, before a session exists
 *                              ─▶ next()          type, length, body    everything afterwards
 *
 * A message that lies within one chunk is a view of it; one that spans several is joined once, when its last byte is there, so
 * that neither many small nor one large message is copied twice. A length is checked as soon as it is known: nothing is
 * reserved for a message before its bytes arrive, and what waits here never exceeds the limit plus one chunk as long as the
 * caller reads after each push.
 *
 * After a framing error the stream has no meaning any more: it is FATAL, and the connection must be closed.
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  /** Where the first unread byte lies in the first chunk. */
  #offset = 0;
  #bufferedBytes = 0;
  #maxMessageBytes: number;

  constructor(limits: { readonly maxMessageBytes: number }) {
    this.#maxMessageBytes = limits.maxMessageBytes;
  }

  /** Bytes that were pushed and not read yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Applies to messages that are read from now on, even if their first bytes are here already. */
  set maxMessageBytes(bytes: number) {
    this.#maxMessageBytes = bytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
  }

  /** The next message, or undefined until more bytes come. */
  next(): Frame | undefined {
    if (this.#bufferedBytes === 0) return undefined;
    const code = this.#byteAt(0);
    const type = TYPE_OF.get(code);
    if (type === undefined) throw framingError(`invalid frontend message type ${code}`);
    if (this.#bufferedBytes < HEADER_BYTES) return undefined;
    const length = this.#int32At(1);
    if (length < LENGTH_BYTES) throw framingError('invalid message length');
    if (length > this.#maxMessageBytes) {
      throw framingError(`a message of ${length} bytes exceeds the limit of ${this.#maxMessageBytes} bytes`);
    }
    if (this.#bufferedBytes < 1 + length) return undefined;
    this.#skip(HEADER_BYTES);
    return { type, body: this.#take(length - LENGTH_BYTES) };
  }

  /** The body of the next packet without a type byte, or undefined until more bytes come. */
  nextStartup(): Buffer | undefined {
    if (this.#bufferedBytes < LENGTH_BYTES) return undefined;
    const length = this.#int32At(0);
    if (length < 2 * LENGTH_BYTES || length > MAX_STARTUP_BYTES) throw framingError('invalid length of startup packet');
    if (this.#bufferedBytes < length) return undefined;
    this.#skip(LENGTH_BYTES);
    return this.#take(length - LENGTH_BYTES);
  }

  /** Everything that was not read, for whoever reads the stream from here on. */
  takeRest(): Buffer {
    return this.#take(this.#bufferedBytes);
  }

  #byteAt(position: number): number {
    let index = this.#offset + position;
    for (const chunk of this.#chunks) {
      if (index < chunk.length) return chunk[index] ?? 0;
      index -= chunk.length;
    }
    throw new RangeError(`byte ${position} of ${this.#bufferedBytes}`);
  }

  #int32At(position: number): number {
    const first = this.#chunks[0];
    const index = this.#offset + position;
    if (first !== undefined && index + LENGTH_BYTES <= first.length) return first.readInt32BE(index);
    return (
      (this.#byteAt(position) << 24) |
      (this.#byteAt(position + 1) << 16) |
      (this.#byteAt(position + 2) << 8) |
      this.#byteAt(position + 3)
    );
  }

  #skip(count: number): void {
    this.#offset += count;
    this.#bufferedBytes -= count;
    this.#dropReadChunks();
  }

  #take(count: number): Buffer {
    const first = this.#chunks[0];
    if (count === 0 || first === undefined) return Buffer.alloc(0);
    if (this.#offset + count <= first.length) {
      const body = first.subarray(this.#offset, this.#offset + count);
      this.#skip(count);
      return body;
    }
    const body = Buffer.allocUnsafe(count);
    let filled = 0;
    for (const chunk of this.#chunks) {
      filled += chunk.copy(body, filled, filled === 0 ? this.#offset : 0);
      if (filled === count) break;
    }
    this.#skip(count);
    return body;
  }

  /** Whole chunks that lie before the offset; `splice` once, because a message may span thousands of them. */
  #dropReadChunks(): void {
    let read = 0;
    let chunk = this.#chunks[0];
    while (chunk !== undefined && this.#offset >= chunk.length) {
      this.#offset -= chunk.length;
      read += 1;
      chunk = this.#chunks[read];
    }
    if (read > 0) this.#chunks.splice(0, read);
  }
}

function framingError(message: string): SqlError {
  return new SqlError('08P01', message, { severity: 'FATAL' });
}
