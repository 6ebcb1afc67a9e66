import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, mustSucceed } from '../helpers/api.js';
import { createTable, exportAndDownload, importContent, rowsOf } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';
import { createWitness, expectRefused, unfinishedFiles, type Witness } from '../helpers/witness.js';

const server = useServer({ env: { IMPORT_MAX_INFLATED_BYTES: '20MB' } });
const PARQUET = { format: 'parquet' };
let witness: Witness;
let parquet: Buffer;

beforeAll(async () => {
  witness = await createWitness(server.admin);
  const table = await createTable(witness.project, witness.bucket, { id: 'INTEGER', name: 'VARCHAR' });
  const lines = Array.from({ length: 5000 }, (_, n) => `${n},name ${n % 7}`);
  mustSucceed(await importContent(table, `id,name\n${lines.join('\n')}\n`));
  parquet = (await exportAndDownload(table, PARQUET)).bytes;
});

async function mustBeRefused(content: Buffer, request: object, what: string): Promise<void> {
  const answer = await importContent(witness.table, content, request);
  expectRefused(answer, what);
  expect(answer.text).not.toContain(server.process.dataDir);
}

describe('one format given as the other', () => {
  it.each([
    ['Parquet as CSV', () => parquet, {}],
    ['Parquet inside gzip as CSV', () => gzipSync(parquet), {}],
    ['CSV as Parquet', () => Buffer.from('id,name\n1,a\n'), PARQUET],
    ['gzip of CSV as Parquet', () => gzipSync(Buffer.from('id,name\n1,a\n')), PARQUET],
    ['nothing as Parquet', () => Buffer.alloc(0), PARQUET],
    ['the magic alone', () => Buffer.from('PAR1'), PARQUET],
    ['the magic twice', () => Buffer.from('PAR1PAR1'), PARQUET],
    ['an encrypted footer', () => Buffer.from('PAREPAREPARE'), PARQUET],
    [
      'a footer length beyond the file',
      () => Buffer.concat([Buffer.from('PAR1'), Buffer.from([255, 255, 255, 127]), Buffer.from('PAR1')]),
      PARQUET,
    ],
    [
      'a negative footer length',
      () => Buffer.concat([Buffer.from('PAR1'), Buffer.from([255, 255, 255, 255]), Buffer.from('PAR1')]),
      PARQUET,
    ],
    ['random bytes', () => randomBytes(100_000), PARQUET],
    ['random bytes as CSV', () => randomBytes(100_000), {}],
    [
      'random bytes between magics',
      () => Buffer.concat([Buffer.from('PAR1'), randomBytes(5000), Buffer.from([100, 0, 0, 0]), Buffer.from('PAR1')]),
      PARQUET,
    ],
  ])('%s is refused', async (what, content, request) => {
    await mustBeRefused(content(), request, what);
    await witness.mustBeUntouched();
  });
});

describe('damaged Parquet', () => {
  it('cut anywhere is refused', async () => {
    for (const part of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]) {
      await mustBeRefused(parquet.subarray(0, Math.floor(parquet.length * part)), PARQUET, `cut at ${part}`);
    }
    await mustBeRefused(parquet.subarray(0, parquet.length - 1), PARQUET, 'cut by one byte');
    await mustBeRefused(parquet.subarray(1), PARQUET, 'without its first byte');
    await witness.mustBeUntouched();
  });

  it('with flipped bytes is refused or loaded, never a 5xx', async () => {
    const target = await createTable(witness.project, witness.bucket, { id: 'INTEGER', name: 'VARCHAR' });
    const footerStart = parquet.length - 8 - parquet.readUInt32LE(parquet.length - 8);
    const places = Array.from({ length: 60 }, (_, n) =>
      n % 2 === 0 ? footerStart + ((n * 37) % (parquet.length - footerStart)) : (n * 7919) % footerStart,
    );
    const findings: string[] = [];
    for (const place of places) {
      const damaged = Buffer.from(parquet);
      damaged[place] = (damaged[place] ?? 0) ^ 0xa5;
      const answer = await importContent(target, damaged, PARQUET);
      if (answer.status >= 500) findings.push(`byte ${place} of ${parquet.length}: ${answer.status} ${answer.text}`);
    }
    expect(findings).toEqual([]);
    await witness.mustBeUntouched();
  });
});

describe('damaged gzip', () => {
  const good = gzipSync(Buffer.from(`id,name\n${Array.from({ length: 2000 }, (_, n) => `${n},x`).join('\n')}\n`));
  it.each([
    ['cut', good.subarray(0, good.length - 100)],
    ['cut in the header', good.subarray(0, 5)],
    ['a wrong checksum', Buffer.concat([good.subarray(0, good.length - 8), Buffer.alloc(8, 1)])],
    ['garbage in the middle', Buffer.concat([good.subarray(0, 100), randomBytes(50), good.subarray(150)])],
    ['the magic alone', Buffer.from([0x1f, 0x8b])],
    ['gzip of nothing', gzipSync(Buffer.alloc(0))],
    ['gzip of gzip', gzipSync(gzipSync(Buffer.from('id,name\n1,a\n')))],
  ])('%s is refused', async (what, content) => {
    await mustBeRefused(content, {}, what);
    await witness.mustBeUntouched();
  });
});

describe('bombs', () => {
  const zeros = gzipSync(Buffer.alloc(30_000_000));
  const lines = gzipSync(Buffer.from('1,a\n'.repeat(6_000_000)));
  it.each([
    ['gzip of zeros', zeros, {}],
    ['gzip of rows', Buffer.concat([gzipSync(Buffer.from('id,name\n')), lines]), {}],
    ['many members', Buffer.concat(Array.from({ length: 40 }, () => gzipSync(Buffer.alloc(1_000_000, '1,a\n')))), {}],
    ['Parquet', zeros, PARQUET],
    ['with bad rows skipped', lines, { import_options: { on_error: 'skip', max_bad_rows: 1_000_000 } }],
  ])('%s is stopped by the budget, and its disk space comes back', async (_, content, request) => {
    const startedAt = performance.now();
    const answer = await importContent(witness.table, content, request);
    expect([answer.status, errorCode(answer)]).toEqual([413, 'inflated_too_large']);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    await witness.mustBeUntouched();
    await expect.poll(() => unfinishedFiles(server.process.dataDir)).toEqual([]);
  });

  it('just below the budget is loaded', async () => {
    const table = await createTable(witness.project, witness.bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, gzipSync(Buffer.from(`id\n${'12345678\n'.repeat(2_000_000)}`))));
    expect((await rowsOf(table)).length).toBe(10_000);
  });
});
