import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import {
  apiKey,
  at,
  bucket,
  file,
  project,
  retiredIds,
  START,
  startWithBucket,
  table,
  upload,
} from './records.conformance.js';

export function describeProjectsAndBuckets(store: () => MetadataStore): void {
  it('keeps a project as given, and finds it without regard to case', async () => {
    const settings = { nested: { list: [1, 'zwei', null], yes: true } };
    await store().transaction((tx) => tx.insertProject(project('Pepper', { settings })));
    expect(await store().getProject('PEPPER')).toEqual({
      id: 'Pepper',
      name: 'Project Pepper',
      description: null,
      status: 'active',
      settings,
      createdAt: START,
      updatedAt: START,
      bucketCount: 0,
      tableCount: 0,
      sizeBytes: 0,
    });
    expect(await store().getProject('salt')).toBeUndefined();
  });

  it('refuses a project id that is in use, also by a deleted project', async () => {
    await store().transaction((tx) => tx.insertProject(project('p1')));
    await expect(store().transaction((tx) => tx.insertProject(project('P1')))).rejects.toMatchObject({
      code: 'project_exists',
      details: { project_id: 'p1', status: 'active' },
    });
    await store().transaction((tx) => tx.deleteProject('p1', at(1)));
    await expect(store().transaction((tx) => tx.insertProject(project('p1')))).rejects.toMatchObject({
      code: 'project_exists',
      details: { project_id: 'p1', status: 'deleted' },
    });
  });

  it('changes only the members that are named', async () => {
    await store().transaction((tx) => tx.insertProject(project('p1', { settings: { a: 1 } })));
    await store().transaction((tx) => tx.updateProject('P1', { name: null, updatedAt: at(1) }));
    expect(await store().getProject('p1')).toMatchObject({ name: null, settings: { a: 1 }, updatedAt: at(1) });
    await store().transaction((tx) => tx.updateProject('p1', { settings: null, updatedAt: at(2) }));
    expect(await store().getProject('p1')).toMatchObject({ name: null, settings: null, updatedAt: at(2) });
    await store().transaction((tx) => tx.updateProject('p1', { description: 'What for', updatedAt: at(3) }));
    expect(await store().getProject('p1')).toMatchObject({ name: null, description: 'What for', settings: null });
    const unknown = store().transaction((tx) => tx.updateProject('p2', { name: 'x', updatedAt: at(3) }));
    await expect(unknown).rejects.toMatchObject({ code: 'project_not_found' });
  });

  it('lists projects newest first, filtered by status, in pages', async () => {
    await store().transaction(async (tx) => {
      for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) {
        await tx.insertProject(project(id, { createdAt: at(index) }));
      }
      await tx.deleteProject('b', at(9));
    });
    const all = await store().listProjects({}, { limit: 2, offset: 1 });
    expect([all.items.map((item) => item.id), all.total]).toEqual([['c', 'b'], 4]);
    const active = await store().listProjects({ status: 'active' }, { limit: 10, offset: 0 });
    expect([active.items.map((item) => item.id), active.total]).toEqual([['d', 'c', 'a'], 3]);
    expect(await store().listProjects({ status: 'other' }, { limit: 10, offset: 0 })).toEqual({ items: [], total: 0 });
  });

  it('deletes a project with all it has, and names the files that nobody points to any more', async () => {
    const { bucketId } = await startWithBucket(store());
    const uploaded = { path: 'project_p1/staged', sizeBytes: 5, checksumSha256: 'ef'.repeat(32) };
    await store().transaction(async (tx) => {
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.insertFile(file('f1'));
      await tx.insertUpload(upload('u1', { uploaded }));
      await tx.insertUpload(upload('u2'));
      await tx.insertApiKey(apiKey('k1'));
      await tx.insertProject(project('p2'));
      await tx.insertBucket(bucket('p2', 'sales'));
    });
    const { releasedFilePaths } = await store().transaction((tx) => tx.deleteProject('P1', at(5)));
    expect([...releasedFilePaths].sort()).toEqual([file('f1').path, 'project_p1/staged']);
    expect(await store().getProject('p1')).toMatchObject({
      status: 'deleted',
      updatedAt: at(5),
      bucketCount: 0,
      tableCount: 0,
      sizeBytes: 0,
    });
    expect(await store().getBucket('p1', 'sales')).toBeUndefined();
    expect(await store().getTableById('table-orders')).toBeUndefined();
    expect(await store().getFile('p1', 'f1')).toBeUndefined();
    expect(await store().getUpload('u1')).toBeUndefined();
    expect(await store().listApiKeys('p1')).toEqual([]);
    expect(await retiredIds(store())).toEqual(['orders-1']);
    expect(await store().totals()).toMatchObject({
      activeProjects: 1,
      buckets: 1,
      tables: 0,
      files: 0,
      stagedBytes: 0,
    });
    await expect(store().transaction((tx) => tx.deleteProject('p3', at(6)))).rejects.toMatchObject({
      code: 'project_not_found',
    });
  });

  it('adds nothing to a project that is absent or deleted', async () => {
    await store().transaction(async (tx) => {
      await tx.insertProject(project('gone'));
      await tx.deleteProject('gone', at(1));
    });
    for (const [id, code] of [
      ['absent', 'project_not_found'],
      ['gone', 'project_db_not_found'],
    ] as const) {
      const details = { project_id: id };
      await expect(store().transaction((tx) => tx.insertBucket(bucket(id, 'b')))).rejects.toMatchObject({
        code,
        details,
      });
      await expect(store().transaction((tx) => tx.insertFile(file('f', { projectId: id })))).rejects.toMatchObject({
        code,
      });
      await expect(store().transaction((tx) => tx.insertUpload(upload('u', { projectId: id })))).rejects.toMatchObject({
        code,
      });
      await expect(store().transaction((tx) => tx.insertApiKey(apiKey('k', { projectId: id })))).rejects.toMatchObject({
        code,
      });
    }
  });

  it('keeps a bucket as given, and finds it without regard to case', async () => {
    await store().transaction(async (tx) => {
      await tx.insertProject(project('P1'));
      await tx.insertBucket(bucket('p1', 'In_C_Sales', { id: 'b1', description: 'Größe' }));
    });
    expect(await store().getBucket('p1', 'in_c_SALES')).toEqual({
      id: 'b1',
      projectId: 'P1',
      branchId: 'default',
      source: 'main',
      ownId: 'b1',
      mainId: null,
      name: 'In_C_Sales',
      description: 'Größe',
      createdAt: START,
      updatedAt: START,
      tableCount: 0,
      sizeBytes: 0,
      linkedFrom: null,
      readonlyGranted: false,
    });
    expect(await store().getBucket('p2', 'in_c_sales')).toBeUndefined();
  });

  it('refuses a bucket name that differs only in case', async () => {
    await startWithBucket(store());
    const again = store().transaction((tx) => tx.insertBucket(bucket('p1', 'SALES')));
    await expect(again).rejects.toMatchObject({
      code: 'bucket_exists',
      details: { project_id: 'p1', bucket_name: 'SALES' },
    });
    expect(await store().getProject('p1')).toMatchObject({ bucketCount: 1 });
  });

  it('lists buckets by name in byte order, all or a page', async () => {
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p1'));
      await tx.insertProject(project('p2'));
      for (const name of ['b', 'a_2', 'Z', 'a-1', '_']) await tx.insertBucket(bucket('p1', name));
      await tx.insertBucket(bucket('p2', 'other'));
    });
    const all = await store().listBuckets('P1');
    expect([all.items.map((item) => item.name), all.total]).toEqual([['Z', '_', 'a-1', 'a_2', 'b'], 5]);
    const page = await store().listBuckets('p1', { limit: 2, offset: 3 });
    expect([page.items.map((item) => item.name), page.total]).toEqual([['a_2', 'b'], 5]);
    expect(await store().listBuckets('p1', { limit: 2, offset: 9 })).toEqual({ items: [], total: 5 });
    expect(await store().listBuckets('p3')).toEqual({ items: [], total: 0 });
  });

  it('deletes a bucket with its tables, and its name is free again', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction((tx) => tx.insertTable(table(bucketId, 'orders')));
    await store().transaction((tx) => tx.deleteBucket(bucketId, at(3)));
    expect(await store().getTableById('table-orders')).toBeUndefined();
    expect(await retiredIds(store())).toEqual(['orders-1']);
    await store().transaction((tx) => tx.insertBucket(bucket('p1', 'sales', { id: 'second' })));
    expect(await store().getBucket('p1', 'sales')).toMatchObject({ id: 'second', tableCount: 0, sizeBytes: 0 });
    await expect(store().transaction((tx) => tx.deleteBucket(bucketId, at(4)))).rejects.toMatchObject({
      code: 'bucket_not_found',
    });
  });
}
