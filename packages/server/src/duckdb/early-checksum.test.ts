import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, open, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import { EarlyChecksum } from './early-checksum.js';

const LARGE = Buffer.alloc(17 * 1024 * 1024, 'content of a large file ');
/** Longer than any file system's. */
const CLOCK_TICK_MS = 20;

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'early-'));
  path = join(directory, 'file');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function checksumOf(change: () => Promise<void>, signal = new AbortController().signal) {
  const early = new EarlyChecksum(path, signal);
  try {
    await early.start();
    await change();
    return await early.finish();
  } finally {
    await early.close();
  }
}

function ofFile() {
  const bytes = readFileSync(path);
  return { sizeBytes: bytes.length, checksum: createHash('sha256').update(bytes).digest('hex') };
}

test.each([
  ['nothing', async () => undefined],
  ['one byte in the middle', () => writeAt(1_000_000, 'x')],
  ['one byte at the end', () => appendFile(path, 'x')],
  ['another file of the same size in its place', () => replace(Buffer.alloc(LARGE.length, 'y'))],
])('a large file in which changes: %s', async (_what, change) => {
  writeFileSync(path, LARGE);
  await setTimeout(CLOCK_TICK_MS);
  expect(await checksumOf(change)).toEqual(ofFile());
});

test('a change that was announced, however fast it came', async () => {
  writeFileSync(path, LARGE);
  const early = new EarlyChecksum(path, new AbortController().signal);
  await early.start();
  await writeAt(LARGE.length - 1, 'x');
  early.discard();
  expect(await early.finish()).toEqual(ofFile());
  await early.close();
});

test('a small file that changes at once', async () => {
  writeFileSync(path, 'before');
  expect(await checksumOf(() => writeAt(0, 'B'))).toEqual(ofFile());
});

test('a cancelled one', async () => {
  writeFileSync(path, LARGE);
  const failure: unknown = await checksumOf(async () => undefined, AbortSignal.abort()).catch(
    (error: unknown) => error,
  );
  expect(isDomainError(failure, 'request_cancelled')).toBe(true);
});

async function writeAt(position: number, text: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(text, position);
  await file.close();
}

async function replace(content: Buffer): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
