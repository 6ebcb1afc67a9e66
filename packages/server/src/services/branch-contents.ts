import type { MetadataReader } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import type { BranchRef } from '../model/refs.js';

/** A name at which a branch differs, or may differ, from main. */
export interface BranchEntry {
  readonly bucketName: string;
  readonly tableName: string;
  /** The branch's own table; undefined when the branch has deleted main's. */
  readonly own: TableRecord | undefined;
  /** Main's table of that name, also when the branch hides it. */
  readonly main: TableRecord | undefined;
  /** The version of main that the branch knew when it wrote or deleted; null when there was none. */
  readonly knownMainVersionId: string | null;
}

export interface EntryFilter {
  readonly bucketName?: string | undefined;
  readonly tableName?: string | undefined;
}

/** Everything a branch has written or deleted, by bucket and table name. Names only: nothing of the tables is loaded. */
export async function branchEntries(
  reader: MetadataReader,
  branch: BranchRef,
  filter: EntryFilter = {},
): Promise<readonly BranchEntry[]> {
  const entries = new Map<string, BranchEntry>();
  const hiddenBuckets: string[] = [];
  const keyOf = (bucketName: string, tableName: string): string => `${nameKey(bucketName)}\0${nameKey(tableName)}`;
  const mainTable = (bucketName: string, tableName: string) => reader.getTable(branch.projectId, bucketName, tableName);

  for (const own of await reader.listBranchTables(branch.projectId, branch.branchId)) {
    const base = own.baseVersionId === null ? undefined : await reader.getVersion(own.baseVersionId);
    entries.set(keyOf(own.bucketName, own.name), {
      bucketName: own.bucketName,
      tableName: own.name,
      own,
      main: await mainTable(own.bucketName, own.name),
      knownMainVersionId: base?.parentId ?? null,
    });
  }
  for (const deletion of await reader.listBranchDeletions(branch.projectId, branch.branchId)) {
    if (deletion.tableName === null) {
      hiddenBuckets.push(deletion.bucketName);
      continue;
    }
    const key = keyOf(deletion.bucketName, deletion.tableName);
    const written = entries.get(key);
    if (written !== undefined) {
      // Deleted first and made again: main's version of then is what the branch knew.
      entries.set(key, { ...written, knownMainVersionId: written.knownMainVersionId ?? deletion.mainVersionId });
      continue;
    }
    const main = await mainTable(deletion.bucketName, deletion.tableName);
    if (main === undefined) continue;
    entries.set(key, {
      bucketName: main.bucketName,
      tableName: main.name,
      own: undefined,
      main,
      knownMainVersionId: deletion.mainVersionId,
    });
  }
  // Tables that main has made in a bucket since the branch deleted it.
  for (const bucketName of hiddenBuckets) {
    const bucket = await reader.getBucket(branch.projectId, bucketName);
    // Those that a linked bucket shows are not main's.
    if (bucket === undefined || bucket.linkedFrom !== null) continue;
    for (const main of (await reader.listTables(bucket.id)).items) {
      const key = keyOf(main.bucketName, main.name);
      if (entries.has(key)) continue;
      const names = { bucketName: main.bucketName, tableName: main.name };
      entries.set(key, { ...names, own: undefined, main, knownMainVersionId: null });
    }
  }
  return [...entries]
    .filter(([, entry]) => matches(entry, filter))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry);
}

/** Main has moved on since the branch took its version, or has made a table of the same name. */
export function hasMainChanged({ main, knownMainVersionId }: BranchEntry): boolean {
  return (main?.current.id ?? null) !== knownMainVersionId;
}

/** The branch has come to what main is at, for instance by taking a table and writing nothing. */
export function isSameState({ own, main }: BranchEntry): boolean {
  return own !== undefined && main !== undefined && own.current.fileId === main.current.fileId;
}

function matches({ bucketName, tableName }: BranchEntry, filter: EntryFilter): boolean {
  const same = (name: string, wanted: string | undefined): boolean =>
    wanted === undefined || nameKey(name) === nameKey(wanted);
  return same(bucketName, filter.bucketName) && same(tableName, filter.tableName);
}
