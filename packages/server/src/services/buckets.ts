import type { LiveTree } from '../engine/live-tree.js';
import type { VersionCollector } from '../engine/version-collector.js';
import { DomainError } from '../errors/domain-error.js';
import type { Listed, MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { BucketRecord } from '../metadata/records.js';
import { newSortableId } from '../model/ids.js';
import type { BucketListQuery } from '../model/list-query.js';
import { mustBeValidBucketName } from '../model/names.js';
import type { BranchRef, BucketRef } from '../model/refs.js';
import type { AutoSnapshots } from './auto-snapshots.js';
import { findBucket, listBuckets } from './branch-view.js';
import { deleteBucket, ownBucketId } from './branch-writes.js';
import type { Change } from './change.js';
import { closedLinksDetails, logClosedLinks, mustNotBeLinked } from './closed-links.js';
import type { DiskGuard } from './disk-guard.js';
import { requireBranch, requireBucket } from './require-bucket.js';

export class Buckets {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly autoSnapshots: AutoSnapshots,
    private readonly liveTree: LiveTree,
    private readonly collector: VersionCollector,
    private readonly diskGuard: DiskGuard,
  ) {}

  async create(
    change: Change<BucketRecord>,
    input: BranchRef & { name: string; description: string | null },
  ): Promise<BucketRecord> {
    mustBeValidBucketName(input.name);
    await this.diskGuard.mustHaveRoom();
    const ref = { projectId: input.projectId, branchId: input.branchId, bucketName: input.name };
    const bucket = await this.metadata.transaction(async (tx) => {
      await requireBranch(tx, input);
      if ((await findBucket(tx, ref)) !== undefined) throw bucketExists(ref);
      await tx.insertBucket({
        id: newSortableId(change.now),
        projectId: input.projectId,
        branchId: input.branchId,
        name: input.name,
        description: input.description,
        createdAt: change.now,
      });
      const created = await requireBucket(tx, ref);
      await change.commit(tx, { projectId: input.projectId, resourceId: input.name }, created);
      return created;
    });
    await this.liveTree.addBucket(bucket, bucket.name);
    return bucket;
  }

  async list(ref: BranchRef, query?: BucketListQuery): Promise<Listed<BucketRecord>> {
    await requireBranch(this.metadata, ref);
    return await listBuckets(this.metadata, ref, query);
  }

  get(ref: BucketRef): Promise<BucketRecord> {
    return requireBucket(this.metadata, ref);
  }

  /** What a project says about a linked bucket is its own, so that it may be changed like that of any other. */
  async update(
    change: Change<BucketRecord>,
    ref: BucketRef,
    input: { description?: string | null },
  ): Promise<BucketRecord> {
    return await this.metadata.transaction(async (tx) => {
      const before = await requireBucket(tx, ref);
      const { description } = before;
      await tx.updateBucket(await ownBucketId(tx, change, before), { description, ...input, updatedAt: change.now });
      const bucket = await requireBucket(tx, ref);
      await change.commit(tx, { projectId: bucket.projectId, resourceId: bucket.name }, bucket);
      return bucket;
    });
  }

  /**
   * Deletes the bucket and its tables. Readers that are under way finish on the versions they have; writers that are under
   * way find their table gone when they publish. Links to the bucket are closed when `force` says so. Of a linked bucket
   * the link is removed and nothing else, whatever the options.
   */
  async delete(
    change: Change<void>,
    ref: BucketRef,
    options: { readonly cascade: boolean; readonly force: boolean },
  ): Promise<void> {
    const bucket = await this.metadata.transaction(async (tx) => {
      const found = await requireBucket(tx, ref);
      if (found.linkedFrom !== null) return await this.#deleteLink(tx, change, found);
      if (found.tableCount > 0 && !options.cascade) {
        throw new DomainError(
          'bucket_not_empty',
          `Bucket ${found.name} is not empty (tables: ${found.tableCount}); delete them first or pass cascade=true`,
          { project_id: ref.projectId, bucket_name: found.name, table_count: found.tableCount },
        );
      }
      // Only main's buckets are linked by others; a branch hides them and leaves them as they are.
      const links = found.ownId === null ? [] : await tx.listBucketLinks(found.ownId);
      if (!options.force) {
        mustNotBeLinked(`Bucket ${found.name}`, links, { project_id: found.projectId, bucket_name: found.name });
      }
      const snapshots = await this.autoSnapshots.beforeDropOf(tx, change, found);
      await deleteBucket(tx, change, found);
      await logClosedLinks(tx, change, links);
      const details = { tables: found.tableCount, snapshots, ...closedLinksDetails(links) };
      await change.commit(tx, { projectId: found.projectId, resourceId: found.name, details }, undefined);
      return found;
    });
    await this.liveTree.removeBucket(bucket, bucket.name);
    this.collector.schedule();
  }

  async #deleteLink(tx: MetadataTransaction, change: Change<void>, linked: BucketRecord): Promise<BucketRecord> {
    await deleteBucket(tx, change, linked);
    const details = { linked_from: `${linked.linkedFrom?.projectId ?? ''}.${linked.linkedFrom?.bucketName ?? ''}` };
    await change.commit(tx, { projectId: linked.projectId, resourceId: linked.name, details }, undefined);
    return linked;
  }
}

function bucketExists({ projectId, bucketName }: BucketRef): DomainError {
  return new DomainError('bucket_exists', `Bucket ${bucketName} already exists in project ${projectId}`, {
    project_id: projectId,
    bucket_name: bucketName,
  });
}
