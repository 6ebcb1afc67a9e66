import type { LiveTree } from '../engine/live-tree.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { VersionCollector } from '../engine/version-collector.js';
import { DomainError } from '../errors/domain-error.js';
import type { MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import type { BranchRef, BucketRef, TableRef } from '../model/refs.js';
import type { AutoSnapshots } from './auto-snapshots.js';
import { branchEntries, type BranchEntry } from './branch-contents.js';
import { ownBucketId } from './branch-writes.js';
import { requireBucket, requireDevelopmentBranch } from './require-bucket.js';
import type { Change } from './change.js';
import { locksOf, resourceIdOf } from './table-names.js';

export interface PulledTable {
  readonly bucketName: string;
  readonly tableName: string;
  /** The branch had a version of its own, or had deleted the table. */
  readonly wasLocal: boolean;
}

export interface PullOptions {
  /** Without the snapshot of what the branch gives up. */
  readonly discard: boolean;
}

/**
 * Makes a branch read main again: what it had of its own goes, after a snapshot of it. Tables that are only in the branch have
 * nothing to pull and stay.
 */
export class BranchPull {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly locks: TableLocks,
    private readonly autoSnapshots: AutoSnapshots,
    private readonly disk: { readonly liveTree: LiveTree; readonly collector: VersionCollector },
  ) {}

  async pullTable(change: Change<PulledTable>, ref: TableRef, options: PullOptions): Promise<PulledTable> {
    await requireDevelopmentBranch(this.metadata, ref);
    const main = await this.metadata.getTable(ref.projectId, ref.bucketName, ref.tableName);
    mustBeInMain(main, ref);
    return await this.#pull(change, ref, ref, options, async (tx, entries) => {
      const wasHidden = await this.#unhide(tx, change, ref);
      return {
        bucketName: main?.bucketName ?? ref.bucketName,
        tableName: main?.name ?? ref.tableName,
        wasLocal: entries.length > 0 || wasHidden,
      };
    });
  }

  async pullBucket(
    change: Change<readonly PulledTable[]>,
    ref: BucketRef,
    options: PullOptions,
  ): Promise<readonly PulledTable[]> {
    await requireDevelopmentBranch(this.metadata, ref);
    if ((await this.metadata.getBucket(ref.projectId, ref.bucketName)) === undefined) {
      throw new DomainError('bucket_not_found', `Bucket ${ref.bucketName} not found in main project`, {
        project_id: ref.projectId,
        bucket_name: ref.bucketName,
      });
    }
    return await this.#pull(change, ref, { bucketName: ref.bucketName }, options, async (tx, entries) => {
      await this.#forgetDeletions(tx, ref, ref.bucketName);
      return pulled(entries);
    });
  }

  async pullBranch(
    change: Change<readonly PulledTable[]>,
    ref: BranchRef,
    options: PullOptions,
  ): Promise<readonly PulledTable[]> {
    await requireDevelopmentBranch(this.metadata, ref);
    return await this.#pull(change, ref, {}, options, async (tx, entries) => {
      await this.#forgetDeletions(tx, ref, undefined);
      return pulled(entries);
    });
  }

  async #pull<R>(
    change: Change<R>,
    ref: BranchRef,
    filter: { readonly bucketName?: string; readonly tableName?: string },
    { discard }: PullOptions,
    finish: (tx: MetadataTransaction, entries: readonly BranchEntry[]) => Promise<R>,
  ): Promise<R> {
    const find = async (reader: MetadataStore | MetadataTransaction): Promise<readonly BranchEntry[]> =>
      (await branchEntries(reader, ref, filter)).filter(({ main }) => main !== undefined);
    const found = await find(this.metadata);
    const { result, dropped } = await this.locks.runExclusiveAll(
      locksOf(found.flatMap(({ own }) => own ?? [])),
      undefined,
      () =>
        this.metadata.transaction(async (tx) => {
          await requireDevelopmentBranch(tx, ref);
          const entries = await find(tx);
          const own = entries.flatMap((entry) => entry.own ?? []);
          for (const table of own) await this.#drop(tx, change, table, discard);
          const answer = await finish(tx, entries);
          const resourceId = [ref.branchId, filter.bucketName, filter.tableName].filter(Boolean).join('.');
          const details = { tables: entries.length, discard };
          await change.commit(tx, { projectId: ref.projectId, resourceId, details }, answer);
          return { result: answer, dropped: own };
        }),
    );
    for (const table of dropped) await this.disk.liveTree.remove({ ...table, tableName: table.name });
    this.disk.collector.schedule();
    return result;
  }

  async #drop(tx: MetadataTransaction, change: Change<never>, table: TableRecord, discard: boolean): Promise<void> {
    const isChanged = table.current.id !== table.baseVersionId;
    if (isChanged && !discard) {
      await this.autoSnapshots.before(tx, change, table, { trigger: 'pull', subject: resourceIdOf(table) });
    }
    await tx.deleteTable(table.id, table.current.id, change.now);
    await tx.deleteBranchDeletion(table, table.name);
  }

  /** Shows one table of main again. When the branch has deleted the whole bucket, the other tables stay deleted. */
  async #unhide(tx: MetadataTransaction, change: Change<never>, ref: TableRef): Promise<boolean> {
    const main = await tx.getBucket(ref.projectId, ref.bucketName);
    let wasHidden = await tx.isDeletedInBranch(ref, ref.tableName);
    if (main !== undefined && (await tx.isDeletedInBranch(ref, null))) {
      wasHidden = true;
      if (main.linkedFrom !== null) {
        // A link is shown as a whole.
        await tx.deleteBranchDeletion(ref, null);
        return wasHidden;
      }
      for (const { name, current } of (await tx.listTables(main.id)).items) {
        if (await tx.isDeletedInBranch(ref, name)) continue;
        await tx.insertBranchDeletion(ref, {
          bucketName: ref.bucketName,
          tableName: name,
          mainVersionId: current.id,
          createdAt: change.now,
          createdBy: change.principal.actor,
        });
      }
      await tx.deleteBranchDeletion(ref, null);
      // What is deleted inside is remembered beside the branch's own bucket.
      await ownBucketId(tx, change, await requireBucket(tx, ref));
    }
    await tx.deleteBranchDeletion(ref, ref.tableName);
    return wasHidden;
  }

  async #forgetDeletions(tx: MetadataTransaction, ref: BranchRef, bucketName: string | undefined): Promise<void> {
    for (const deletion of await tx.listBranchDeletions(ref.projectId, ref.branchId)) {
      if (bucketName !== undefined && deletion.bucketName !== nameKey(bucketName)) continue;
      await tx.deleteBranchDeletion({ ...ref, bucketName: deletion.bucketName }, deletion.tableName);
    }
  }
}

function pulled(entries: readonly BranchEntry[]): readonly PulledTable[] {
  return entries.map(({ bucketName, tableName }) => ({ bucketName, tableName, wasLocal: true }));
}

function mustBeInMain(found: unknown, ref: TableRef): void {
  if (found !== undefined) return;
  throw new DomainError('table_not_found', `Table ${ref.bucketName}.${ref.tableName} not found in main project`, {
    project_id: ref.projectId,
    bucket_name: ref.bucketName,
    table_name: ref.tableName,
  });
}
