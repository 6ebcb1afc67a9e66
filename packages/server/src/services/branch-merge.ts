import type { LiveTree } from '../engine/live-tree.js';
import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { VersionCollector } from '../engine/version-collector.js';
import { DomainError, isDomainError } from '../errors/domain-error.js';
import type { MetadataReader, MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { TableRecord, VersionRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import { newSortableId } from '../model/ids.js';
import { DEFAULT_BRANCH_ID, type BranchRef } from '../model/refs.js';
import type { MergeResult } from '../workers/messages.js';
import type { AutoSnapshots } from './auto-snapshots.js';
import { branchEntries, type BranchEntry } from './branch-contents.js';
import {
  planMerge,
  type MergeAction,
  type MergeConflict,
  type MergePlan,
  type MergeStrategy,
  type PlannedTable,
} from './branch-merge-plan.js';
import { bucketIsLinked, requireDevelopmentBranch } from './require-bucket.js';
import type { Change } from './change.js';
import { mustNotBeLinked } from './closed-links.js';
import type { DiskGuard } from './disk-guard.js';
import { locksOf, resourceIdOf } from './table-names.js';
import { builtVersion, repeatedVersion } from './table-versions.js';

export interface MergeInput {
  /** Null: everything the branch has. */
  readonly tables: readonly { readonly bucketName: string; readonly tableName: string }[] | null;
  readonly strategy: MergeStrategy | null;
}

export interface MergedTable {
  readonly bucketName: string;
  readonly tableName: string;
  readonly action: MergeAction;
  /** Rows of main's table afterwards; null when it is gone. */
  readonly rowCount: number | null;
}

export interface MergeReport {
  readonly tables: readonly MergedTable[];
  readonly bucketsCreated: readonly string[];
  readonly bucketsDeleted: readonly string[];
}

type Staged = MergeResult & { readonly id: string };

/**
 * Brings what a branch has written to main, all of it in one metadata transaction: readers of main see none of it, or all of it.
 *
 *   lock both sides ─► plan ─► (build merged rows) ─► transaction: compare-and-set each table of main, snapshot what is
 *                                                     replaced, let go of the branch's own ─► live tree
 *
 * Afterwards the branch reads the merged tables from main again.
 */
export class BranchMerge {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly autoSnapshots: AutoSnapshots,
    private readonly disk: {
      readonly liveTree: LiveTree;
      readonly collector: VersionCollector;
      readonly guard: DiskGuard;
    },
    private readonly history: { readonly maxVersions: number },
  ) {}

  async merge(change: Change<MergeReport>, ref: BranchRef, input: MergeInput): Promise<MergeReport> {
    await requireDevelopmentBranch(this.metadata, ref);
    await this.disk.guard.mustHaveRoom();
    const tables = (await this.#select(this.metadata, ref, input)).flatMap(({ own, main }) => [own, main]);
    const locked = locksOf(tables.filter((table) => table !== undefined));
    const done = await this.locks.runExclusiveAll(locked, undefined, async () => {
      const entries = await this.#select(this.metadata, ref, input);
      const plan = await this.#plan(this.metadata, entries, input.strategy);
      mustNotConflict(plan.conflicts);
      return await this.#withMergedRows(plan.tables, (staged) => this.#publish(change, ref, input, plan, staged));
    });
    await this.#refreshLiveTree(ref, done.plan, done.published);
    this.disk.collector.schedule();
    return done.report;
  }

  async #select(reader: MetadataReader, ref: BranchRef, { tables }: MergeInput): Promise<readonly BranchEntry[]> {
    const entries = await branchEntries(reader, ref);
    const selected = tables === null ? entries : this.#named(ref, entries, tables);
    await mustNotMeetLinks(reader, ref, selected);
    return selected;
  }

  #named(
    ref: BranchRef,
    entries: readonly BranchEntry[],
    tables: NonNullable<MergeInput['tables']>,
  ): readonly BranchEntry[] {
    return tables.map(({ bucketName, tableName }) => {
      const entry = entries.find(
        (each) => nameKey(each.bucketName) === nameKey(bucketName) && nameKey(each.tableName) === nameKey(tableName),
      );
      if (entry !== undefined) return entry;
      throw new DomainError(
        'table_not_found',
        `Branch ${ref.branchId} has nothing of its own at ${bucketName}.${tableName}; its diff lists what it has`,
        { project_id: ref.projectId, bucket_name: bucketName, table_name: tableName },
      );
    });
  }

  async #plan(
    reader: MetadataReader,
    entries: readonly BranchEntry[],
    strategy: MergeStrategy | null,
  ): Promise<MergePlan> {
    const bases = new Map<BranchEntry, VersionRecord>();
    for (const entry of entries) {
      const base = await baseOf(reader, entry);
      if (base !== undefined) bases.set(entry, base);
    }
    return planMerge(entries, strategy, (entry) => bases.get(entry));
  }

  /** Builds every table whose rows are merged, one inside the other, so that all are ready when `publish` runs. */
  async #withMergedRows<T>(
    tables: readonly PlannedTable[],
    publish: (staged: ReadonlyMap<BranchEntry, Staged>) => Promise<T>,
    staged: ReadonlyMap<BranchEntry, Staged> = new Map(),
  ): Promise<T> {
    const next = tables.find(({ entry, action }) => action === 'rows_merged' && !staged.has(entry));
    if (next === undefined) return await publish(staged);
    const { own, main } = next.entry;
    const base = await baseOf(this.metadata, next.entry);
    if (own === undefined || main === undefined || base === undefined) throw new Error('planned without its versions');
    await this.disk.guard.mustHaveRoom(main.current.sizeBytes);
    const versions = { origin: base, changed: own.current, target: main.current };
    try {
      return await this.engine.withVersionsPinned(Object.values(versions), () =>
        this.engine.mergeInto(versions, (built) =>
          this.#withMergedRows(tables, publish, new Map([...staged, [next.entry, built]])),
        ),
      );
    } catch (error) {
      if (!isDomainError(error, 'merge_conflict') || 'conflicts' in error.details) throw error;
      const { bucketName, tableName } = next.entry;
      const conflicts = [{ bucket_name: bucketName, table_name: tableName, reason: error.message, ...error.details }];
      throw new DomainError('merge_conflict', `Table ${bucketName}.${tableName}: ${error.message}`, { conflicts });
    }
  }

  async #publish(
    change: Change<MergeReport>,
    ref: BranchRef,
    input: MergeInput,
    plan: MergePlan,
    staged: ReadonlyMap<BranchEntry, Staged>,
  ) {
    return await this.metadata.transaction(async (tx) => {
      await requireDevelopmentBranch(tx, ref);
      mustBeUnchanged(await this.#select(tx, ref, input), plan);
      const bucketsCreated = input.tables === null ? await this.#createBuckets(tx, change, ref) : [];
      const published: (TableRecord | undefined)[] = [];
      for (const table of plan.tables) {
        if (table.entry.main === undefined && table.entry.own !== undefined) {
          const made = await this.#ensureMainBucket(tx, change, ref, table.entry.bucketName);
          if (made !== undefined) bucketsCreated.push(made);
        }
        published.push(await this.#apply(tx, change, table, staged.get(table.entry)));
        await this.#letGo(tx, change, ref, table.entry);
      }
      const bucketsDeleted = await this.#settleBuckets(tx, change, ref, input);
      const report: MergeReport = {
        tables: plan.tables.map(({ entry, action }, index) => ({
          bucketName: entry.bucketName,
          tableName: entry.tableName,
          action,
          rowCount: published[index]?.current.rowCount ?? null,
        })),
        bucketsCreated,
        bucketsDeleted,
      };
      const details = { tables: report.tables.length, strategy: input.strategy };
      await change.commit(tx, { projectId: ref.projectId, resourceId: ref.branchId, details }, report);
      return { report, plan, published };
    });
  }

  /** Main's table as it is afterwards. */
  async #apply(
    tx: MetadataTransaction,
    change: Change<never>,
    { entry, action }: PlannedTable,
    staged: Staged | undefined,
  ): Promise<TableRecord | undefined> {
    const { own, main } = entry;
    if (action === 'kept' || action === 'unchanged') return main;
    if (main !== undefined) {
      await this.autoSnapshots.before(tx, change, main, { trigger: 'merge', subject: resourceIdOf(main) });
    }
    if (action === 'deleted') {
      if (main !== undefined) await tx.deleteTable(main.id, main.current.id, change.now);
      return undefined;
    }
    if (own === undefined) throw new Error(`${action} needs a table of the branch`);
    if (main === undefined) return await createInMain(tx, change, own);
    const version =
      staged === undefined
        ? { ...repeatedVersion(change, own.current), tableId: main.id, parentId: main.current.id }
        : builtVersion(change, main, staged);
    await tx.publishVersion(version, main.current.id, {
      now: change.now,
      imported: false,
      keepVersions: this.history.maxVersions,
    });
    const { description, columnDescriptions } = own;
    await tx.updateTable(main.id, { description, columnDescriptions, updatedAt: change.now });
    return await tx.getTableById(main.id);
  }

  /** The branch has nothing of its own there any more, and reads main again. */
  async #letGo(tx: MetadataTransaction, change: Change<never>, ref: BranchRef, entry: BranchEntry): Promise<void> {
    if (entry.own !== undefined) await tx.deleteTable(entry.own.id, entry.own.current.id, change.now);
    await tx.deleteBranchDeletion({ ...ref, bucketName: entry.bucketName }, entry.tableName);
  }

  async #createBuckets(tx: MetadataTransaction, change: Change<never>, ref: BranchRef): Promise<string[]> {
    const created: string[] = [];
    for (const { name, linkedFrom } of await tx.listBranchBuckets(ref.projectId, ref.branchId)) {
      if (linkedFrom !== null) continue;
      const made = await this.#ensureMainBucket(tx, change, ref, name);
      if (made !== undefined) created.push(made);
    }
    return created;
  }

  /** Its name, if it had to be made. */
  async #ensureMainBucket(
    tx: MetadataTransaction,
    change: Change<never>,
    ref: BranchRef,
    bucketName: string,
  ): Promise<string | undefined> {
    if ((await tx.getBucket(ref.projectId, bucketName)) !== undefined) return undefined;
    const own = await tx.getBranchBucket({ ...ref, bucketName });
    await tx.insertBucket({
      id: newSortableId(change.now),
      projectId: ref.projectId,
      branchId: DEFAULT_BRANCH_ID,
      name: own?.name ?? bucketName,
      description: own?.description ?? null,
      createdAt: change.now,
    });
    return own?.name ?? bucketName;
  }

  /** Buckets that the branch deleted go in main, too; layers that have nothing left in them go in the branch. */
  async #settleBuckets(
    tx: MetadataTransaction,
    change: Change<never>,
    ref: BranchRef,
    { tables, strategy }: MergeInput,
  ): Promise<string[]> {
    const deleted: string[] = [];
    if (tables === null) {
      for (const { bucketName, tableName } of await tx.listBranchDeletions(ref.projectId, ref.branchId)) {
        if (tableName !== null) continue;
        const main = await tx.getBucket(ref.projectId, bucketName);
        const own = await tx.getBranchBucket({ ...ref, bucketName });
        await tx.deleteBranchDeletion({ ...ref, bucketName }, null);
        const isFull = main !== undefined && main.linkedFrom === null && main.tableCount > 0;
        if (main === undefined || isFull || own !== undefined || strategy === 'theirs') continue;
        const names = { project_id: ref.projectId, bucket_name: main.name };
        mustNotBeLinked(`Bucket ${main.name}`, await tx.listBucketLinks(main.id), names);
        await tx.deleteBucket(main.id, change.now);
        deleted.push(main.name);
      }
    }
    for (const own of await tx.listBranchBuckets(ref.projectId, ref.branchId)) {
      const main = await tx.getBucket(ref.projectId, own.name);
      const isLayer = main !== undefined && own.linkedFrom === null && own.tableCount === 0;
      if (isLayer && !(await tx.isDeletedInBranch({ ...ref, bucketName: own.name }, null))) {
        await tx.deleteBucket(own.id, change.now);
      }
    }
    return deleted;
  }

  async #refreshLiveTree(
    ref: BranchRef,
    plan: MergePlan,
    published: readonly (TableRecord | undefined)[],
  ): Promise<void> {
    for (const [index, { entry, action }] of plan.tables.entries()) {
      const table = published[index];
      const place = { bucketName: entry.bucketName, tableName: entry.tableName };
      if (entry.own !== undefined) await this.disk.liveTree.remove({ ...ref, ...place });
      const main = { projectId: ref.projectId, branchId: DEFAULT_BRANCH_ID, ...place };
      if (action === 'deleted') await this.disk.liveTree.remove(main);
      else if (table !== undefined) await this.disk.liveTree.refresh({ ...main, fileId: table.current.fileId });
    }
  }
}

async function createInMain(
  tx: MetadataTransaction,
  change: Change<never>,
  own: TableRecord,
): Promise<TableRecord | undefined> {
  const bucket = await tx.getBucket(own.projectId, own.bucketName);
  if (bucket === undefined) throw new Error('a table is created before its bucket');
  const id = newSortableId(change.now);
  const { name, description, columnDescriptions, projectId } = own;
  await tx.insertTable({
    id,
    projectId,
    bucketId: bucket.id,
    name,
    description,
    columnDescriptions,
    createdAt: change.now,
    version: { ...repeatedVersion(change, own.current), tableId: id, parentId: null },
  });
  return await tx.getTableById(id);
}

async function baseOf(reader: MetadataReader, { own }: BranchEntry): Promise<VersionRecord | undefined> {
  return own === undefined || own.baseVersionId === null ? undefined : await reader.getVersion(own.baseVersionId);
}

/** Under this name main shows the tables of another bucket, and a merge must not write there. */
async function mustNotMeetLinks(
  reader: MetadataReader,
  ref: BranchRef,
  entries: readonly BranchEntry[],
): Promise<void> {
  for (const bucketName of new Set(entries.map((entry) => entry.bucketName))) {
    const main = await reader.getBucket(ref.projectId, bucketName);
    if (main !== undefined && main.linkedFrom !== null) {
      throw bucketIsLinked(main.projectId, main.name, main.linkedFrom);
    }
  }
}

function mustNotConflict(conflicts: readonly MergeConflict[]): void {
  if (conflicts.length === 0) return;
  const shown = conflicts.slice(0, 5).map((each) => `${each.bucketName}.${each.tableName} (${each.reason})`);
  throw new DomainError(
    'merge_conflict',
    `${conflicts.length} of the tables cannot be merged as they are: ${shown.join('; ')}. Nothing was changed. ` +
      'Pass a strategy (`ours`: the branch counts, `theirs`: main counts, `rows`: rows of both), or pull these tables first.',
    {
      conflicts: conflicts.map(({ bucketName, tableName, reason }) => ({
        bucket_name: bucketName,
        table_name: tableName,
        reason,
      })),
    },
  );
}

/** The locks keep the tables as they were planned; this finds what came in beside them, a deleted bucket for instance. */
function mustBeUnchanged(entries: readonly BranchEntry[], plan: MergePlan): void {
  const textOf = (entry: BranchEntry): string =>
    [entry.bucketName, entry.tableName, entry.own?.current.id, entry.main?.current.id].join('\0');
  const planned = plan.tables.map(({ entry }) => textOf(entry)).sort();
  const found = entries.map(textOf).sort();
  if (planned.length === found.length && planned.every((text, index) => text === found[index])) return;
  throw new DomainError(
    'version_conflict',
    'The branch or main changed while the merge was prepared; nothing was changed. Repeat the request.',
  );
}
