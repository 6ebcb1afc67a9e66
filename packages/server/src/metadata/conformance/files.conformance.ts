import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import { at, bucket, file, project, startWithBucket, upload } from './records.conformance.js';

const ARRIVED = { path: 'project_p1/staged/u1', sizeBytes: 7, checksumSha256: 'ef'.repeat(32) };

export function describeFiles(store: () => MetadataStore): void {
  it('keeps a file as given, within its project', async () => {
    await startWithBucket(store());
    const plain = file('f1', { sizeBytes: 9_000_000_000, expiresAt: at(100) });
    const bare = file('f2', { contentType: null, tags: null });
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p2'));
      await tx.insertFile(plain);
      await tx.insertFile(bare);
    });
    expect(await store().getFile('P1', 'f1')).toEqual(plain);
    expect(await store().getFile('p1', 'f2')).toEqual(bare);
    expect(await store().getFile('p2', 'f1')).toBeUndefined();
  });

  it('lists files newest first, in pages', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (const [index, id] of ['a', 'b', 'c'].entries()) await tx.insertFile(file(id, { createdAt: at(index) }));
    });
    const page = await store().listFiles('P1', { limit: 2, offset: 1 });
    expect([page.items.map((item) => item.id), page.total]).toEqual([['b', 'a'], 3]);
    expect(await store().listFiles('p2', { limit: 2, offset: 0 })).toEqual({ items: [], total: 0 });
  });

  it('finds the newest file of a name, and the file at a path, within a project', async () => {
    await startWithBucket(store());
    const older = file('a', { name: 'exports/x', createdAt: at(0) });
    const newer = file('b', { name: 'exports/x', createdAt: at(1) });
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p2'));
      await tx.insertFile(newer);
      await tx.insertFile(older);
    });
    expect((await store().findFile('P1', 'exports/x'))?.id).toBe('b');
    expect((await store().findFile('p1', older.path))?.id).toBe('a');
    expect(await store().findFile('p1', 'exports')).toBeUndefined();
    expect(await store().findFile('p2', 'exports/x')).toBeUndefined();
  });

  it('removes a file and returns what it was', async () => {
    await startWithBucket(store());
    await store().transaction((tx) => tx.insertFile(file('f1')));
    expect(await store().transaction((tx) => tx.deleteFile('p2', 'f1'))).toBeUndefined();
    expect(await store().transaction((tx) => tx.deleteFile('P1', 'f1'))).toEqual(file('f1'));
    expect(await store().transaction((tx) => tx.deleteFile('p1', 'f1'))).toBeUndefined();
    expect(await store().fileUsage('p1')).toEqual({ files: 0, bytes: 0 });
  });

  it('counts registered files and uploads that arrived against the quota', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertFile(file('f1', { sizeBytes: 100 }));
      await tx.insertUpload(upload('u1'));
      await tx.insertUpload(upload('u2'));
      await tx.completeUpload('u1', ARRIVED);
    });
    expect(await store().fileUsage('P1')).toEqual({ files: 2, bytes: 107 });
    expect(await store().totals()).toMatchObject({ files: 1, fileBytes: 100, stagedFiles: 1, stagedBytes: 7 });
    expect(await store().fileUsage('p2')).toEqual({ files: 0, bytes: 0 });
  });

  it('keeps an upload as given, and what arrived for it', async () => {
    await startWithBucket(store());
    const session = upload('u1', { contentType: 'text/csv', declaredSha256: 'aa'.repeat(32), tags: { a: 'b' } });
    await store().transaction((tx) => tx.insertUpload(session));
    expect(await store().getUpload('u1')).toEqual(session);
    const first = await store().transaction((tx) => tx.completeUpload('u1', ARRIVED));
    expect(first).toEqual({ found: true, replacedPath: null });
    expect(await store().getUpload('u1')).toEqual({ ...session, uploaded: ARRIVED });
    const second = await store().transaction((tx) => tx.completeUpload('u1', { ...ARRIVED, path: 'elsewhere' }));
    expect(second).toEqual({ found: true, replacedPath: ARRIVED.path });
    const same = await store().transaction((tx) => tx.completeUpload('u1', { ...ARRIVED, path: 'elsewhere' }));
    expect(same).toEqual({ found: true, replacedPath: null });
  });

  it('says when the upload session is gone', async () => {
    const late = await store().transaction((tx) => tx.completeUpload('u1', ARRIVED));
    expect(late).toEqual({ found: false, replacedPath: null });
    await startWithBucket(store());
    await store().transaction((tx) => tx.insertUpload(upload('u1')));
    await store().transaction((tx) => tx.deleteUpload('u1'));
    expect(await store().getUpload('u1')).toBeUndefined();
  });

  it('lists expired uploads, the first to expire first', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (const [key, seconds] of Object.entries({ late: 30, early: 10, middle: 20, live: 40 })) {
        await tx.insertUpload(upload(key, { expiresAt: at(seconds) }));
      }
    });
    const keys = async (limit: number): Promise<string[]> =>
      (await store().listExpiredUploads(at(30), limit)).map((expired) => expired.key);
    expect(await keys(10)).toEqual(['early', 'middle', 'late']);
    expect(await keys(2)).toEqual(['early', 'middle']);
  });

  it('knows every path that is in use, in order, with what is promised for it', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertFile(file('f1', { path: 'b' }));
      await tx.insertFile(file('f2', { path: 'd', sizeBytes: 20 }));
      await tx.insertUpload(upload('u1', { uploaded: { ...ARRIVED, path: 'c' } }));
      await tx.insertUpload(upload('u2', { uploaded: { ...ARRIVED, path: 'a' } }));
      await tx.insertUpload(upload('u3'));
    });
    const all = await store().listFileContents(undefined, 10);
    expect(all.map((content) => content.path)).toEqual(['a', 'b', 'c', 'd']);
    expect(await store().listFileContents('b', 2)).toEqual([
      { path: 'c', sizeBytes: 7, checksumSha256: ARRIVED.checksumSha256 },
      { path: 'd', sizeBytes: 20, checksumSha256: file('f2').checksumSha256 },
    ]);
    expect(await store().isFilePathUsed('d')).toBe(true);
    expect(await store().isFilePathUsed('a')).toBe(true);
    expect(await store().isFilePathUsed('e')).toBe(false);
  });

  it('registers an upload: the same path, in one transaction', async () => {
    await startWithBucket(store());
    await store().transaction((tx) => tx.insertUpload(upload('u1', { uploaded: ARRIVED })));
    await store().transaction(async (tx) => {
      await tx.deleteUpload('u1');
      await tx.insertFile(file('f1', { path: ARRIVED.path }));
      await tx.insertBucket(bucket('p1', 'unrelated'));
    });
    expect(await store().isFilePathUsed(ARRIVED.path)).toBe(true);
    expect(await store().totals()).toMatchObject({ files: 1, stagedFiles: 0, stagedBytes: 0 });
  });
}
