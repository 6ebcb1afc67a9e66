import type { WireBuffer } from './wire-buffer.js';

/** What stands for a byte, by its value; undefined for bytes that stand for themselves. Bytes above 127 always do. */
export class EscapeTable {
  /** 1 where there is an escape: what a scan reads. */
  readonly isEscaped = new Uint8Array(256);
  readonly #replacements: (Uint8Array | undefined)[] = new Array<undefined>(256).fill(undefined);
  readonly #longest: number;

  constructor(replacements: Iterable<readonly [byte: number, text: string]>) {
    let longest = 1;
    for (const [byte, text] of replacements) {
      this.isEscaped[byte] = 1;
      this.#replacements[byte] = Buffer.from(text);
      longest = Math.max(longest, text.length);
    }
    this.#longest = longest;
  }

  /** The first byte from `start` on that has an escape, or the end. */
  find(out: WireBuffer, start: number): number {
    const { bytes, length } = out;
    const { isEscaped } = this;
    let position = start;
    while (position < length && isEscaped[bytes[position] as number] === 0) position++;
    return position;
  }

  /** Escapes in place what was written since `start`. */
  apply(out: WireBuffer, start: number): void {
    const first = this.find(out, start);
    if (first === out.length) return;
    const tail = Buffer.from(out.bytes.subarray(first, out.length));
    out.length = first;
    out.reserve(tail.length * this.#longest);
    const { bytes } = out;
    let position = first;
    for (let index = 0; index < tail.length; index++) {
      const byte = tail[index] as number;
      const replacement = this.#replacements[byte];
      if (replacement === undefined) bytes[position++] = byte;
      else for (let at = 0; at < replacement.length; at++) bytes[position++] = replacement[at] as number;
    }
    out.length = position;
  }
}
