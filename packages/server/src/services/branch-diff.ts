import type { TableEngine } from '../engine/table-engine.js';
import type { Listed, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';
import { nameKey, type ColumnDefinition } from '../model/columns.js';
import type { BranchRef } from '../model/refs.js';
import type { ComparedRows } from '../workers/messages.js';
import { branchEntries, hasMainChanged, isSameState, type BranchEntry, type EntryFilter } from './branch-contents.js';
import { requireDevelopmentBranch } from './require-bucket.js';

export interface ColumnChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export interface SchemaDifference {
  readonly columnsAdded: readonly ColumnDefinition[];
  readonly columnsRemoved: readonly ColumnDefinition[];
  /** Type, NOT NULL and default together, as a definition in words. */
  readonly columnsChanged: readonly ColumnChange[];
  readonly primaryKey: { readonly from: readonly string[]; readonly to: readonly string[] } | null;
}

export interface TableDifference {
  readonly bucketName: string;
  readonly tableName: string;
  readonly change: 'added' | 'removed' | 'changed' | 'unchanged';
  /** Main has changed since the branch took its version. */
  readonly conflict: boolean;
  readonly rowsInMain: number;
  readonly rowsInBranch: number;
  readonly schema: SchemaDifference | null;
  /** Null when rows need no comparing: the table is only on one side, or is the same. */
  readonly rows: ComparedRows | null;
}

/** What a branch would change in main, a page at a time: from metadata, and for changed tables from one scan in a worker. */
export class BranchDiff {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
  ) {}

  /** `maxRows`: how many differing rows of each table are shown; their number is always told. */
  async diff(
    ref: BranchRef,
    query: EntryFilter & Page & { readonly maxRows: number },
    signal: AbortSignal,
  ): Promise<Listed<TableDifference>> {
    await requireDevelopmentBranch(this.metadata, ref);
    const entries = await branchEntries(this.metadata, ref, query);
    const items: TableDifference[] = [];
    for (const entry of entries.slice(query.offset, query.offset + query.limit)) {
      items.push(await this.#difference(entry, query.maxRows, signal));
    }
    return { items, total: entries.length };
  }

  async #difference(entry: BranchEntry, maxRows: number, signal: AbortSignal): Promise<TableDifference> {
    const { own, main, bucketName, tableName } = entry;
    const difference = {
      bucketName,
      tableName,
      conflict: hasMainChanged(entry) && !isSameState(entry),
      rowsInMain: main?.current.rowCount ?? 0,
      rowsInBranch: own?.current.rowCount ?? 0,
    };
    if (own === undefined) return { ...difference, change: 'removed', schema: null, rows: null };
    if (main === undefined) return { ...difference, change: 'added', schema: null, rows: null };
    if (isSameState(entry)) return { ...difference, change: 'unchanged', schema: null, rows: null };
    const rows = await this.#compare(main, own, maxRows, signal);
    const schema = schemaDifference(main, own);
    const isSame = schema === null && rows.added + rows.removed + rows.changed === 0;
    return { ...difference, change: isSame ? 'unchanged' : 'changed', schema, rows };
  }

  /** Both versions are pinned, so that neither is collected while they are compared. */
  #compare(main: TableRecord, own: TableRecord, maxRows: number, signal: AbortSignal): Promise<ComparedRows> {
    return this.engine.withVersionsPinned([main.current, own.current], () =>
      this.engine.compare(main.current, own.current, maxRows, signal),
    );
  }
}

/** Null when there is no difference. */
export function schemaDifference(from: TableRecord, to: TableRecord): SchemaDifference | null {
  const before = byName(from);
  const after = byName(to);
  const columnsAdded = to.current.columns.filter(({ name }) => !before.has(nameKey(name)));
  const columnsRemoved = from.current.columns.filter(({ name }) => !after.has(nameKey(name)));
  const columnsChanged = to.current.columns.flatMap((column) => {
    const old = before.get(nameKey(column.name));
    if (old === undefined || definitionOf(old) === definitionOf(column)) return [];
    return [{ name: column.name, from: definitionOf(old), to: definitionOf(column) }];
  });
  const sameKey = keyOf(from) === keyOf(to);
  const primaryKey = sameKey ? null : { from: from.current.primaryKey, to: to.current.primaryKey };
  if (columnsAdded.length + columnsRemoved.length + columnsChanged.length === 0 && primaryKey === null) return null;
  return { columnsAdded, columnsRemoved, columnsChanged, primaryKey };
}

function byName(table: TableRecord): ReadonlyMap<string, ColumnDefinition> {
  return new Map(table.current.columns.map((column) => [nameKey(column.name), column]));
}

function keyOf(table: TableRecord): string {
  return table.current.primaryKey.map(nameKey).join('\0');
}

function definitionOf({ type, nullable, default: value }: ColumnDefinition): string {
  return `${type}${nullable ? '' : ' NOT NULL'}${value === null ? '' : ` DEFAULT ${value}`}`;
}
