import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { MetadataStore, MetadataTransaction } from '../metadata-store.js';
import { at, bucket, file, project, publishing, version } from './records.conformance.js';

// Few names, so that most steps find something to change or to collide with.
const name = fc.constantFrom('a', 'a', 'a', 'B', 'b');
const size = fc.nat({ max: 5_000_000_000 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('insertProject' as const), project: name }),
  fc.record({ kind: fc.constant('deleteProject' as const), project: fc.constant('b') }),
  fc.record({ kind: fc.constant('insertBucket' as const), project: name, bucket: name }),
  fc.record({ kind: fc.constant('deleteBucket' as const), project: name, bucket: name }),
  fc.record({ kind: fc.constant('share' as const), project: name, bucket: name, target: name }),
  fc.record({ kind: fc.constant('unshare' as const), project: name, bucket: name, target: name }),
  fc.record({ kind: fc.constant('link' as const), project: name, bucket: name, target: name, through: fc.boolean() }),
  fc.record({ kind: fc.constant('insertTable' as const), project: name, bucket: name, table: name, size }),
  fc.record({ kind: fc.constant('publish' as const), project: name, bucket: name, table: name, size }),
  fc.record({ kind: fc.constant('deleteTable' as const), project: name, bucket: name, table: name }),
  fc.record({ kind: fc.constant('insertFile' as const), project: name, file: name, size }),
  fc.record({ kind: fc.constant('deleteFile' as const), project: name, file: name }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Whatever is refused (a name in use, nothing there) is refused; what is not, must be counted. */
async function apply(tx: MetadataTransaction, action: Step, prefix: string, serial: number): Promise<void> {
  const projectId = prefix + action.project;
  switch (action.kind) {
    case 'insertProject':
      return tx.insertProject(project(projectId));
    case 'deleteProject':
      await tx.deleteProject(projectId, at(serial));
      return;
    case 'insertBucket':
      return tx.insertBucket(bucket(projectId, action.bucket, { id: `${prefix}${serial}` }));
    case 'insertFile':
      return tx.insertFile(
        file(`${projectId}-${action.file}`, { projectId, path: `${prefix}${serial}`, sizeBytes: action.size }),
      );
    case 'deleteFile':
      await tx.deleteFile(projectId, `${projectId}-${action.file}`);
      return;
    default:
  }
  const found = await tx.getBucket(projectId, action.bucket);
  if (found === undefined) return;
  if (action.kind === 'deleteBucket') return tx.deleteBucket(found.id, at(serial));
  if (action.kind === 'share') {
    const share = { targetProjectId: prefix + action.target, createdAt: at(serial), createdBy: 'admin' };
    await tx.insertBucketShare(found.id, share);
    return;
  }
  if (action.kind === 'unshare') {
    await tx.deleteBucketShare(found.id, prefix + action.target);
    return;
  }
  if (action.kind === 'link') {
    const link = { sourceBucketId: found.id, throughShare: action.through, createdBy: 'admin' };
    return tx.insertBucket(bucket(prefix + action.target, `link${serial % 3}`, { id: `${prefix}${serial}`, link }));
  }
  if (action.kind === 'insertTable') {
    if (found.linkedFrom !== null) return;
    const id = `${prefix}${serial}`;
    const first = version(`${id}-v`, id, { projectId: found.projectId, sizeBytes: action.size });
    const { projectId: owner } = found;
    return tx.insertTable({
      id,
      projectId: owner,
      bucketId: found.id,
      name: action.table,
      description: null,
      columnDescriptions: {},
      createdAt: at(0),
      version: first,
    });
  }
  const table = await tx.getTable(projectId, action.bucket, action.table);
  if (table === undefined) return;
  if (action.kind === 'deleteTable') return tx.deleteTable(table.id, table.current.id, at(serial));
  const next = version(`${prefix}${serial}-v`, table.id, { projectId: table.projectId, sizeBytes: action.size });
  return tx.publishVersion(next, table.current.id, publishing(serial, true));
}

/** Counts row by row what the store says it has counted. */
export async function mustAddUp(store: MetadataStore): Promise<void> {
  const sum = {
    activeProjects: 0,
    buckets: 0,
    bucketShares: 0,
    bucketLinks: 0,
    tables: 0,
    tableBytes: 0,
    files: 0,
    fileBytes: 0,
  };
  const everything = { limit: 100_000, offset: 0 };
  for (const owner of (await store.listProjects({}, everything)).items) {
    if (owner.status === 'active') sum.activeProjects += 1;
    const counted = { bucketCount: 0, tableCount: 0, sizeBytes: 0 };
    for (const item of (await store.listBuckets(owner.id)).items) {
      const tables = (await store.listTables(item.id)).items;
      const sizeBytes = tables.reduce((total, table) => total + table.current.sizeBytes, 0);
      expect(item).toMatchObject({ tableCount: tables.length, sizeBytes });
      counted.bucketCount += 1;
      sum.bucketShares += (await store.listBucketShares(item.id)).length;
      if (item.linkedFrom !== null) {
        // Shown here, but the tables and bytes are those of another bucket and count there.
        sum.bucketLinks += 1;
        continue;
      }
      counted.tableCount += tables.length;
      counted.sizeBytes += sizeBytes;
    }
    expect(owner).toMatchObject(counted);
    const files = (await store.listFiles(owner.id, everything)).items;
    const fileBytes = files.reduce((total, item) => total + item.sizeBytes, 0);
    expect(await store.fileUsage(owner.id)).toEqual({ files: files.length, bytes: fileBytes });
    sum.buckets += counted.bucketCount;
    sum.tables += counted.tableCount;
    sum.tableBytes += counted.sizeBytes;
    sum.files += files.length;
    sum.fileBytes += fileBytes;
  }
  expect(await store.totals()).toMatchObject(sum);
}

export function describeCounters(store: () => MetadataStore): void {
  it('equal a recount after any sequence of changes', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
        const prefix = `run${run++}-`;
        // The interesting part starts where there is something to change.
        const given: Step[] = [
          { kind: 'insertProject', project: 'a' },
          { kind: 'insertBucket', project: 'a', bucket: 'a' },
          { kind: 'insertBucket', project: 'a', bucket: 'b' },
          { kind: 'insertTable', project: 'a', bucket: 'a', table: 'a', size: 10 },
          { kind: 'insertProject', project: 'b' },
          { kind: 'share', project: 'a', bucket: 'a', target: 'b' },
          { kind: 'link', project: 'a', bucket: 'a', target: 'b', through: true },
        ];
        for (const [serial, action] of [...given, ...steps].entries()) {
          const outcome = store().transaction((tx) => apply(tx, action, prefix, serial));
          await outcome.catch((error: unknown) => {
            const refusals = [
              'project_exists',
              'project_not_found',
              'project_db_not_found',
              'bucket_exists',
              'bucket_is_linked',
              'table_exists',
            ];
            const code = error instanceof Error && 'code' in error ? String(error.code) : '';
            const fileInUse = action.kind === 'insertFile' && code === 'internal_server_error';
            if (!refusals.includes(code) && !fileInUse) throw error;
          });
        }
        await mustAddUp(store());
      }),
      { numRuns: 15 },
    );
  });
}
