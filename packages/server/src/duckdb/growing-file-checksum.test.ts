import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import { checksumFile } from './file-checksum.js';
import { checksumWhileWriting } from './growing-file-checksum.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'checksum-'));
  path = join(directory, 'file');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a file that grows in many steps', async () => {
  const { result, ...file } = await checksumWhileWriting(path, async () => {
    for (let step = 0; step < 200; step++) await appendFile(path, Buffer.alloc(step * 100, step));
    return 'done';
  });
  expect(result).toBe('done');
  const bytes = readFileSync(path);
  expect(file).toEqual({ sizeBytes: bytes.length, checksum: sha256(bytes) });
  expect(await checksumFile(path)).toEqual(file);
});

test('an empty file', async () => {
  const file = await checksumWhileWriting(path, async () => (await open(path, 'w')).close());
  expect(file).toMatchObject({ sizeBytes: 0, checksum: sha256(Buffer.alloc(0)) });
  expect(await checksumFile(path)).toMatchObject({ sizeBytes: 0, checksum: file.checksum });
});

test('the failure of the writer is the one reported, with or without a file', async () => {
  await expect(checksumWhileWriting(path, () => Promise.reject(new Error('no file')))).rejects.toThrow('no file');
  await expect(
    checksumWhileWriting(path, async () => {
      await appendFile(path, 'half');
      throw new Error('half a file');
    }),
  ).rejects.toThrow('half a file');
});

test('a writer that leaves no file fails', async () => {
  await expect(checksumWhileWriting(path, async () => undefined)).rejects.toThrow('ENOENT');
});

test('a finished file in chunks, and a cancelled check', async () => {
  const bytes = Buffer.alloc(5_000_001, 'abc');
  await appendFile(path, bytes);
  expect(await checksumFile(path)).toEqual({ sizeBytes: bytes.length, checksum: sha256(bytes) });
  const failure: unknown = await checksumFile(path, AbortSignal.abort()).catch((error: unknown) => error);
  expect(isDomainError(failure, 'request_cancelled')).toBe(true);
});
