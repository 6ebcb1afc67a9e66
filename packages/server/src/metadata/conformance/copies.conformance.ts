import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { tempDir } from '../../../test/helpers/temp-dir.js';
import type { MetadataReader, MetadataStore } from '../metadata-store.js';
import {
  apiKey,
  at,
  bucket,
  file,
  project,
  publishing,
  startWithBucket,
  table,
  upload,
  version,
} from './records.conformance.js';

export function describeCopies(store: () => MetadataStore): void {
  const target = async (): Promise<string> => join(await tempDir(), 'copy');

  it('has everything that is committed, and stays as it is', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.publishVersion(version('orders-2', 'table-orders'), 'orders-1', publishing(5));
      await tx.insertFile(file('f1'));
      await tx.insertUpload(upload('u1'));
      await tx.completeUpload('u1', { path: 'staged', sizeBytes: 3, checksumSha256: 'ef'.repeat(32) });
      await tx.insertApiKey(apiKey('k1'));
    });
    const seen = async (reader: MetadataReader) => ({
      totals: await reader.totals(),
      project: await reader.getProject('p1'),
      table: await reader.getTableById('table-orders'),
      versions: await reader.listVersions(undefined, 10),
      files: await reader.listFileContents(undefined, 10),
      keys: await reader.listApiKeys('p1'),
    });
    const before = await seen(store());
    const path = await target();
    const copy = await store().copyTo(path);
    try {
      await store().transaction(async (tx) => {
        await tx.deleteBucket(bucketId, at(6));
        await tx.deleteFile('p1', 'f1');
      });
      expect(await seen(copy)).toEqual(before);
      expect((await stat(path)).size).toBeGreaterThan(0);
    } finally {
      await copy.close();
    }
  });

  it('is of one moment between transactions, which do not wait for it', async () => {
    await store().transaction((tx) => tx.insertProject(project('p1')));
    let written = 0;
    let copying = true;
    const writing = (async () => {
      while (copying) {
        const number = written + 1;
        await store().transaction(async (tx) => {
          await tx.insertBucket(bucket('p1', `left${number}`));
          await tx.insertBucket(bucket('p1', `right${number}`));
        });
        written = number;
      }
    })();
    try {
      let seenBefore = 0;
      for (let round = 0; round < 5; round += 1) {
        const writtenBefore = written;
        const copy = await store().copyTo(await target());
        const names = (await copy.listBuckets('p1')).items.map(({ name }) => name);
        await copy.close();
        const left = names.filter((name) => name.startsWith('left')).length;
        expect(names.filter((name) => name.startsWith('right'))).toHaveLength(left);
        expect(left).toBeGreaterThanOrEqual(Math.max(writtenBefore, seenBefore));
        seenBefore = left;
      }
    } finally {
      copying = false;
      await writing;
    }
    expect(written).toBeGreaterThan(0);
  });

  it('never replaces a file', async () => {
    await store().transaction((tx) => tx.insertProject(project('p1')));
    const path = await target();
    await (await store().copyTo(path)).close();
    const { mtimeMs } = await stat(path);
    await expect(store().copyTo(path)).rejects.toThrow();
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  });
}
