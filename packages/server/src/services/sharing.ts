import type { Principal } from '../auth/principal.js';
import { DomainError } from '../errors/domain-error.js';
import type { Listed, MetadataReader, MetadataStore, MetadataTransaction, Page } from '../metadata/metadata-store.js';
import type {
  BucketLinkRecord,
  BucketRecord,
  BucketShareRecord,
  JsonObject,
  ProjectRecord,
  SharedBucketRecord,
} from '../metadata/records.js';
import { newSortableId } from '../model/ids.js';
import { mustBeValidBucketName } from '../model/names.js';
import { describeOperation, type OperationName } from '../model/operations.js';
import { DEFAULT_BRANCH_ID, type BucketRef } from '../model/refs.js';
import { findBucket } from './branch-view.js';
import { deleteBucket } from './branch-writes.js';
import type { Change } from './change.js';
import { closedLinksDetails, logClosedLinks } from './closed-links.js';
import {
  bucketIsLinked,
  bucketNotFound,
  requireBranch,
  requireBucket,
  requireBucketToChange,
} from './require-bucket.js';
import { requireActiveProject } from './require-project.js';

export interface SharedBucket {
  readonly bucket: BucketRecord;
  readonly sharedWith: readonly string[];
}

/** Two lists; of a page, this part of each. */
export interface BucketSharing {
  readonly shares: Listed<BucketShareRecord & { readonly isLinked: boolean }>;
  readonly links: Listed<BucketLinkRecord>;
}

export interface LinkInput {
  readonly sourceProjectId: string;
  readonly sourceBucketName: string;
}

/**
 * Who may look at whose buckets.
 *
 *     share            the owner of a bucket lets a project link it
 *     link             that project gets a bucket that shows the owner's tables, live and read-only
 *     read-only grant  keys of linking projects that may only read, read through the links too
 *
 * A link is a row: nothing is copied, and what the owner publishes is seen at once. A link ends with the share it was made
 * through, in the same transaction; a reader that is under way ends on the version it began with. The admin key links
 * without a share, and a project links its own buckets without one: such a link ends with its source, or when it is removed.
 *
 * What others see is production, so that only buckets of the main branch are shared and linked. A link made in a branch is the
 * branch's own.
 */
export class Sharing {
  constructor(private readonly metadata: MetadataStore) {}

  async share(change: Change<SharedBucket>, ref: BucketRef, targetProjectId: string): Promise<SharedBucket> {
    return await this.metadata.transaction(async (tx) => {
      await requireMainBranch(tx, ref, 'share bucket');
      const target = await requireOtherProject(tx, 'Target', targetProjectId);
      const bucket = await requireBucketToChange(tx, ref);
      const share = { targetProjectId: target.id, createdAt: change.now, createdBy: change.principal.actor };
      if (!(await tx.insertBucketShare(bucket.id, share))) {
        throw new DomainError('already_shared', `Bucket ${bucket.name} is already shared with project ${target.id}`, {
          project_id: bucket.projectId,
          bucket_name: bucket.name,
          target_project_id: target.id,
        });
      }
      const sharedWith = (await tx.listBucketShares(bucket.id)).map((each) => each.targetProjectId);
      const shared = { bucket, sharedWith };
      await commitFor(tx, change, bucket, { target_project_id: target.id }, shared);
      return shared;
    });
  }

  /** What is not shared needs no unsharing: unknown buckets and targets are fine. */
  async unshare(change: Change<void>, ref: BucketRef, targetProjectId: string): Promise<void> {
    await this.metadata.transaction(async (tx) => {
      await requireMainBranch(tx, ref, 'unshare bucket');
      const bucket = await tx.getBucket(ref.projectId, ref.bucketName);
      const closed = bucket && (await tx.deleteBucketShare(bucket.id, targetProjectId));
      await logClosedLinks(tx, change, closed ?? []);
      const details = {
        target_project_id: targetProjectId,
        was_shared: closed !== undefined,
        ...closedLinksDetails(closed ?? []),
      };
      await commitFor(
        tx,
        change,
        { projectId: ref.projectId, name: bucket?.name ?? ref.bucketName },
        details,
        undefined,
      );
    });
  }

  async link(change: Change<BucketRecord>, ref: BucketRef, input: LinkInput): Promise<BucketRecord> {
    mustBeValidBucketName(ref.bucketName);
    return await this.metadata.transaction(async (tx) => {
      await requireBranch(tx, ref);
      const source = await requireSource(tx, input);
      const { id: projectId } = await requireActiveProject(tx, ref.projectId);
      await mustBeFreeName(tx, ref);
      if (source.linkedFrom !== null) throw bucketIsLinked(source.projectId, source.name, source.linkedFrom);
      const throughShare = await tx.isBucketSharedWith(source.id, projectId);
      const needsShare = change.principal.kind !== 'admin' && source.projectId !== projectId;
      if (needsShare && !throughShare) throw notShared(source, projectId);
      await tx.insertBucket({
        id: newSortableId(change.now),
        projectId,
        branchId: ref.branchId,
        name: ref.bucketName,
        description: `Linked from ${source.projectId}.${source.name}`,
        createdAt: change.now,
        link: { sourceBucketId: source.id, throughShare, createdBy: change.principal.actor },
      });
      const linked = await requireBucket(tx, ref);
      await commitFor(tx, change, linked, sourceDetails(source), linked);
      return linked;
    });
  }

  async unlink(change: Change<void>, ref: BucketRef): Promise<void> {
    await this.metadata.transaction(async (tx) => {
      await requireBranch(tx, ref);
      const bucket = await findBucket(tx, ref);
      if (bucket === undefined || bucket.linkedFrom === null) {
        const { projectId, bucketName } = ref;
        throw new DomainError('link_not_found', `No link found for bucket ${bucketName} in project ${projectId}`, {
          project_id: projectId,
          bucket_name: bucketName,
        });
      }
      await deleteBucket(tx, change, bucket);
      const { projectId, bucketName: name } = bucket.linkedFrom;
      await commitFor(tx, change, bucket, sourceDetails({ projectId, name }), undefined);
    });
  }

  async grantReadonly(change: Change<BucketRecord>, ref: BucketRef): Promise<BucketRecord> {
    return await this.metadata.transaction(async (tx) => {
      await requireMainBranch(tx, ref, 'grant readonly access');
      const { id } = await requireBucketToChange(tx, ref);
      await tx.setReadonlyGrant(id, true);
      const bucket = await requireBucket(tx, ref);
      await commitFor(tx, change, bucket, {}, bucket);
      return bucket;
    });
  }

  /** What was never granted needs no revoking: an unknown bucket is fine. A linked one has no grant of its own. */
  async revokeReadonly(change: Change<void>, ref: BucketRef): Promise<void> {
    await this.metadata.transaction(async (tx) => {
      await requireMainBranch(tx, ref, 'revoke readonly access');
      const bucket = await tx.getBucket(ref.projectId, ref.bucketName);
      const own = bucket !== undefined && bucket.linkedFrom === null;
      if (own) await tx.setReadonlyGrant(bucket.id, false);
      const details = { was_granted: own && bucket.readonlyGranted };
      await commitFor(
        tx,
        change,
        { projectId: ref.projectId, name: bucket?.name ?? ref.bucketName },
        details,
        undefined,
      );
    });
  }

  /** Of main's bucket, whichever branch asks. */
  async listShares(ref: BucketRef, page?: Page): Promise<BucketSharing> {
    const bucket = await requireBucket(this.metadata, ref);
    const mainId = bucket.branchId === DEFAULT_BRANCH_ID ? bucket.ownId : bucket.mainId;
    if (mainId === null) return { shares: { items: [], total: 0 }, links: { items: [], total: 0 } };
    const [shares, links] = await Promise.all([
      this.metadata.listBucketShares(mainId),
      this.metadata.listBucketLinks(mainId),
    ]);
    const linking = new Set(links.map(({ projectId }) => projectId));
    const shown = shares.map((share) => ({ ...share, isLinked: linking.has(share.targetProjectId) }));
    return { shares: partOf(shown, page), links: partOf(links, page) };
  }

  async listSharedWith(projectId: string, page?: Page): Promise<Listed<SharedBucketRecord>> {
    await requireActiveProject(this.metadata, projectId);
    return await this.metadata.listSharedBuckets(projectId, page);
  }

  /**
   * Every door asks this before an operation on what is in a bucket. Keys that may only read are what a project hands on: to
   * analysts, to tools. How far another project's tables go is for their owner to say, with the read-only grant.
   */
  async mustMayRead(principal: Principal, operation: OperationName, ref: BucketRef): Promise<void> {
    if (principal.kind === 'admin') return;
    if (principal.scope !== 'project_read' && principal.scope !== 'branch_read') return;
    // What a bucket is called and how large it is, its project may know.
    if (describeOperation(operation).resource === 'bucket') return;
    const bucket = await findBucket(this.metadata, ref);
    if (bucket === undefined || bucket.linkedFrom === null || bucket.readonlyGranted) return;
    const { projectId, bucketName } = bucket.linkedFrom;
    if (projectId === bucket.projectId) return;
    throw new DomainError(
      'forbidden',
      `Access denied: bucket ${bucket.name} is linked from ${projectId}.${bucketName}, and a key of scope ` +
        `${principal.scope} reads it only after project ${projectId} has granted read-only access to the bucket`,
      { scope: principal.scope, operation, ...sourceDetails({ projectId, name: bucketName }) },
    );
  }
}

/** Others look at what is in production; nothing that is done in a branch may change that. */
async function requireMainBranch(reader: MetadataReader, ref: BucketRef, operation: string): Promise<void> {
  await requireBranch(reader, ref);
  if (ref.branchId === DEFAULT_BRANCH_ID) return;
  throw new DomainError('operation_not_allowed', `Cannot ${operation} from dev branches. Use default branch.`, {
    branch_id: ref.branchId,
  });
}

/** A project that the request names beside its own. */
async function requireOtherProject(reader: MetadataReader, role: string, projectId: string): Promise<ProjectRecord> {
  const project = await reader.getProject(projectId);
  if (project?.status === 'active') return project;
  throw new DomainError('project_not_found', `${role} project ${projectId} not found`, { project_id: projectId });
}

async function requireSource(reader: MetadataReader, input: LinkInput): Promise<BucketRecord> {
  const { sourceProjectId: projectId, sourceBucketName: bucketName } = input;
  await requireOtherProject(reader, 'Source', projectId);
  const bucket = await reader.getBucket(projectId, bucketName);
  if (bucket !== undefined) return bucket;
  throw bucketNotFound({ projectId, bucketName }, `Source bucket ${bucketName} not found in project ${projectId}`);
}

async function mustBeFreeName(reader: MetadataReader, ref: BucketRef): Promise<void> {
  const existing = await findBucket(reader, ref);
  if (existing === undefined) return;
  const { projectId, name, linkedFrom } = existing;
  const details = { project_id: projectId, bucket_name: name };
  if (linkedFrom === null) {
    throw new DomainError('bucket_exists', `Bucket ${name} already exists in project ${projectId}`, details);
  }
  const { projectId: sourceProjectId, bucketName } = linkedFrom;
  throw new DomainError(
    'bucket_already_linked',
    `Bucket ${name} of project ${projectId} is already linked from ${sourceProjectId}.${bucketName}`,
    { ...details, existing_link: sourceDetails({ projectId: sourceProjectId, name: bucketName }) },
  );
}

function notShared(source: BucketRecord, projectId: string): DomainError {
  return new DomainError(
    'not_shared',
    `Bucket ${source.name} of project ${source.projectId} is not shared with project ${projectId}. A project admin key ` +
      `of project ${source.projectId} must share the bucket with project ${projectId} first.`,
    { ...sourceDetails(source), project_id: projectId },
  );
}

function sourceDetails(source: { readonly projectId: string; readonly name: string }) {
  return { source_project_id: source.projectId, source_bucket_name: source.name };
}

function commitFor<R>(
  tx: MetadataTransaction,
  change: Change<R>,
  bucket: Pick<BucketRecord, 'projectId' | 'name'>,
  details: JsonObject,
  result: R,
): Promise<void> {
  return change.commit(tx, { projectId: bucket.projectId, resourceId: bucket.name, details }, result);
}

function partOf<T>(items: readonly T[], page: Page | undefined): Listed<T> {
  const { length: total } = items;
  return { items: page === undefined ? items : items.slice(page.offset, page.offset + page.limit), total };
}
