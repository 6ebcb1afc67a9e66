import { createReadStream, createWriteStream, type ReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { engineFailure } from '../engine-errors.js';
import { openText } from './csv-text.js';
import { importFailed, mustNotBeCancelled } from './import-failure.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

export type CsvEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1';

export interface CsvRewrite {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
}

/** Decodes a file into UTF-8 beside it; the engine then reads one encoding only, in parallel. */
export async function transcodeFile(
  source: string,
  target: string,
  encoding: Exclude<CsvEncoding, 'utf-8'>,
  signal: AbortSignal,
): Promise<void> {
  const openBytes = async () => createReadStream(source, { highWaterMark: 1 << 20 });
  await rewriteFile(openBytes, target, signal, async function* (chunks) {
    if (encoding === 'latin-1') {
      for await (const chunk of chunks) yield Buffer.from(chunk.toString('latin1'), 'utf8');
      return;
    }
    const decoder = new TextDecoder(encoding, { fatal: true });
    try {
      for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
      yield Buffer.from(decoder.decode(), 'utf8');
    } catch (error) {
      if (error instanceof TypeError) throw importFailed(`the text is not valid ${encoding}`, { encoding }, error);
      throw error;
    }
  });
}

/**
 * Rewrites a text into the one dialect the engine reads without surprises: quotes doubled inside quotes, records ended by LF.
 * The engine knows one escape character, and with `\` refuses `""`; here both are understood. Line ends inside quotes are
 * data and stay, so no line changes its number.
 */
export async function normaliseCsv(
  source: string,
  target: string,
  rewrite: CsvRewrite,
  signal: AbortSignal,
): Promise<void> {
  await rewriteFile(
    () => openText(source, signal),
    target,
    signal,
    async function* (chunks) {
      const rewriter = new CsvRewriter(rewrite);
      for await (const chunk of chunks) yield rewriter.push(chunk);
      yield rewriter.end();
    },
  );
}

async function rewriteFile(
  openSource: () => Promise<ReadStream>,
  target: string,
  signal: AbortSignal,
  transform: (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>,
): Promise<void> {
  try {
    await pipeline(await openSource(), transform, createWriteStream(target, { flags: 'wx' }), { signal });
  } catch (error) {
    mustNotBeCancelled(signal);
    throw engineFailure(error) ?? error;
  }
}

const enum State {
  fieldStart,
  plain,
  quoted,
  /** After an escape character inside quotes: the next byte decides what it was. */
  escaped,
  afterQuote,
}

export class CsvRewriter {
  readonly #delimiter: Buffer;
  readonly #quote: number;
  /** NaN when quotes are only doubled: equal to no byte. */
  readonly #escape: number;
  #state = State.fieldStart;
  #afterCr = false;
  #matched = 0;

  constructor({ delimiter, quote, escape }: CsvRewrite) {
    this.#delimiter = Buffer.from(delimiter);
    this.#quote = quote.charCodeAt(0);
    this.#escape = escape === quote ? Number.NaN : escape.charCodeAt(0);
  }

  push(chunk: Buffer): Buffer {
    // One byte in is at most two out, plus one held back from the chunk before.
    const out = Buffer.allocUnsafe(chunk.length * 2 + 1);
    let length = 0;
    for (const byte of chunk) length = this.#step(byte, out, length);
    return out.subarray(0, length);
  }

  /** An escape as the very last byte of an unterminated value is kept; the engine then reports the value. */
  end(): Buffer {
    return this.#state === State.escaped ? Buffer.from([this.#escape]) : Buffer.alloc(0);
  }

  #step(byte: number, out: Buffer, length: number): number {
    if (this.#state === State.escaped) return this.#afterEscape(byte, out, length);
    if (this.#state === State.quoted) {
      if (byte === this.#escape) {
        this.#state = State.escaped;
        return length;
      }
      if (byte === this.#quote) this.#state = State.afterQuote;
      out[length] = byte;
      return length + 1;
    }
    const continuesCrLf = byte === LF && this.#afterCr;
    this.#afterCr = byte === CR;
    if (continuesCrLf) return length;
    if (byte === LF || byte === CR) {
      this.#state = State.fieldStart;
      this.#matched = 0;
      out[length] = LF;
      return length + 1;
    }
    this.#follow(byte);
    out[length] = byte;
    return length + 1;
  }

  #afterEscape(byte: number, out: Buffer, length: number): number {
    this.#state = State.quoted;
    if (byte === this.#quote) {
      out[length] = byte;
      out[length + 1] = byte;
      return length + 2;
    }
    out[length] = this.#escape;
    if (byte === this.#escape) return length + 1;
    out[length + 1] = byte;
    return length + 2;
  }

  #follow(byte: number): void {
    if (byte === this.#quote && (this.#state === State.fieldStart || this.#state === State.afterQuote)) {
      this.#state = State.quoted;
      this.#matched = 0;
      return;
    }
    if (byte !== this.#delimiter[this.#matched]) this.#matched = 0;
    if (byte === this.#delimiter[this.#matched]) this.#matched += 1;
    if (this.#matched === this.#delimiter.length) {
      this.#matched = 0;
      this.#state = State.fieldStart;
    } else if (this.#matched === 0 && byte !== SPACE) {
      this.#state = State.plain;
    }
  }
}
