import { isUtf8 } from 'node:buffer';
import { SqlError } from '../../../errors/sql-error.js';

/**
 * Reads the members of one message in order. A body that is too short, too long or has a string without an end is 08P01 of
 * severity ERROR: the frame around it was sound, so the next message can still be read.
 */
export class MessageReader {
  #offset = 0;

  constructor(private readonly body: Buffer) {}

  byte(): number {
    const at = this.#advance(1);
    return this.body[at] ?? 0;
  }

  int16(): number {
    return this.body.readInt16BE(this.#advance(2));
  }

  uint16(): number {
    return this.body.readUInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.body.readInt32BE(this.#advance(4));
  }

  uint32(): number {
    return this.body.readUInt32BE(this.#advance(4));
  }

  /** A view of the next bytes. */
  bytes(count: number): Buffer {
    const at = this.#advance(count);
    return this.body.subarray(at, at + count);
  }

  rest(): Buffer {
    return this.bytes(this.body.length - this.#offset);
  }

  /** Text up to a zero byte, without it. */
  text(): string {
    const end = this.body.indexOf(0, this.#offset);
    if (end === -1) throw malformed('invalid string in message');
    const bytes = this.bytes(end - this.#offset);
    this.#offset += 1;
    return utf8Text(bytes);
  }

  /** Nothing may follow: a name with a zero byte inside, for instance, ends early and leaves its tail here. */
  end(): void {
    if (this.#offset !== this.body.length) throw malformed('invalid message format');
  }

  #advance(count: number): number {
    const at = this.#offset;
    if (count < 0 || at + count > this.body.length) throw malformed('insufficient data left in message');
    this.#offset = at + count;
    return at;
  }
}

/** PostgreSQL refuses text that is not of the client's encoding, and the only one here is UTF-8. */
export function utf8Text(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new SqlError('22021', 'invalid byte sequence for encoding "UTF8"');
}

export function malformed(message: string): SqlError {
  return new SqlError('08P01', message);
}
