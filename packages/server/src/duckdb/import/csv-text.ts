import { open } from 'node:fs/promises';
import { createReadStream, type ReadStream } from 'node:fs';
import { fileSizeBytes, readHead } from './source-compression.js';
import { importFailed } from './import-failure.js';
import type { CsvEncoding } from './csv-rewrite.js';

/** The engine refuses longer lines; a missing closing quote would otherwise swallow the whole file. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** What the engine is first told to expect: enough for all but a few files, and small buffers do. */
export const NORMAL_LINE_BYTES = 2 * 1024 * 1024;
const HEAD_BYTES = 1024 * 1024;
const BOM_BYTES = 3;

export function hasUtf8Bom(head: Uint8Array): boolean {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
}

/** The text of a UTF-8 file without its byte order mark. */
export async function openText(path: string, signal: AbortSignal): Promise<ReadStream> {
  const start = hasUtf8Bom(await readHead(path, BOM_BYTES)) ? BOM_BYTES : 0;
  return createReadStream(path, { start, highWaterMark: 1 << 20, signal });
}

/** By the byte order mark; a text without one is taken for UTF-8. */
export function encodingByBom(head: Uint8Array): CsvEncoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

/** Whole lines from the start of a UTF-8 text, at least one; all of it when it is short. */
export async function readHeadLines(path: string): Promise<string> {
  const sizeBytes = await fileSizeBytes(path);
  let head = await readHead(path, HEAD_BYTES);
  if (sizeBytes > head.length && lastLineEnd(head) === -1) head = await readHead(path, MAX_LINE_BYTES);
  if (sizeBytes > head.length) {
    const end = lastLineEnd(head);
    if (end === -1) throw importFailed(`line 1: longer than ${MAX_LINE_BYTES} bytes`, { line: 1 });
    head = head.subarray(0, end + 1);
  }
  return head.subarray(hasUtf8Bom(head) ? BOM_BYTES : 0).toString('utf8');
}

function lastLineEnd(head: Buffer): number {
  return Math.max(head.lastIndexOf(0x0a), head.lastIndexOf(0x0d));
}

/**
 * Whether the last line is longer than usual. A last line that is longer than the engine's buffer would be left out without a word; any
 * other is an error, so only this one must be known beforehand. A line above the limit is refused here for the same reason.
 */
export async function hasLongLastLine(path: string): Promise<boolean> {
  const sizeBytes = await fileSizeBytes(path);
  const file = await open(path, 'r');
  try {
    for (const limit of [64 * 1024, NORMAL_LINE_BYTES, MAX_LINE_BYTES]) {
      const tail = Buffer.alloc(Math.min(limit, sizeBytes));
      await file.read(tail, 0, tail.length, sizeBytes - tail.length);
      // The line end of the last line itself is not the one before it.
      if (tail.length === sizeBytes || lastLineEnd(tail.subarray(0, -2)) !== -1) return limit > NORMAL_LINE_BYTES;
    }
  } finally {
    await file.close();
  }
  throw importFailed(`the last line is longer than ${MAX_LINE_BYTES} bytes`);
}

/** Whether a byte occurs in a file at all; reads it at the speed of the disk. */
export async function containsByte(path: string, byte: number, signal: AbortSignal): Promise<boolean> {
  for await (const chunk of (await openText(path, signal)) as AsyncIterable<Buffer>) {
    if (chunk.includes(byte)) return true;
  }
  return false;
}
