import type { TableShape } from '../model/columns.js';
import { hasMainChanged, isSameState, type BranchEntry } from './branch-contents.js';

/**
 * What to do where main has changed as well. Seen from the branch that is merged: `ours` is the branch's state, `theirs` is main's,
 * `rows` takes the changed rows of both.
 */
export type MergeStrategy = 'ours' | 'theirs' | 'rows';

export type MergeAction =
  /** Main has no such table: it gets the branch's. */
  | 'created'
  /** Main is at the branch's state from now on. */
  | 'replaced'
  /** Main keeps its rows and gets those that the branch has changed. */
  | 'rows_merged'
  | 'deleted'
  /** Main stays as it is, and the branch gives up its own. */
  | 'kept'
  /** Both were the same. */
  | 'unchanged';

export interface PlannedTable {
  readonly entry: BranchEntry;
  readonly action: MergeAction;
}

export interface MergeConflict {
  readonly bucketName: string;
  readonly tableName: string;
  readonly reason: string;
}

export interface MergePlan {
  readonly tables: readonly PlannedTable[];
  readonly conflicts: readonly MergeConflict[];
}

/** `shapeOfBase` tells how the branch's table began. */
export function planMerge(
  entries: readonly BranchEntry[],
  strategy: MergeStrategy | null,
  shapeOfBase: (entry: BranchEntry) => TableShape | undefined,
): MergePlan {
  const tables: PlannedTable[] = [];
  const conflicts: MergeConflict[] = [];
  for (const entry of entries) {
    const planned = planTable(entry, strategy, shapeOfBase(entry));
    if ('action' in planned) tables.push({ entry, action: planned.action });
    else conflicts.push({ bucketName: entry.bucketName, tableName: entry.tableName, reason: planned.reason });
  }
  return { tables, conflicts };
}

function planTable(
  entry: BranchEntry,
  strategy: MergeStrategy | null,
  base: TableShape | undefined,
): { readonly action: MergeAction } | { readonly reason: string } {
  if (isSameState(entry)) return { action: 'unchanged' };
  const wanted = wantedAction(entry);
  if (!hasMainChanged(entry) || strategy === 'ours') return { action: wanted };
  if (strategy === 'theirs') return { action: 'kept' };
  const reason = conflictOf(entry);
  if (strategy === null) return { reason };
  const obstacle = whyNotByRows(entry, base);
  return obstacle === undefined
    ? { action: 'rows_merged' }
    : { reason: `${reason}; rows cannot be merged: ${obstacle}` };
}

function wantedAction({ own, main }: BranchEntry): MergeAction {
  if (own === undefined) return 'deleted';
  return main === undefined ? 'created' : 'replaced';
}

function conflictOf({ own, main, knownMainVersionId }: BranchEntry): string {
  if (own === undefined) {
    return knownMainVersionId === null
      ? 'the branch deleted the bucket, and main has made this table since'
      : 'the branch deleted the table, and main has changed it since';
  }
  if (main === undefined) return 'main has deleted the table since the branch took its version';
  if (knownMainVersionId === null) return 'main and the branch have each made a table of this name';
  return 'main has changed since the branch took its version';
}

function whyNotByRows({ own, main }: BranchEntry, base: TableShape | undefined): string | undefined {
  if (own === undefined || main === undefined) return 'the table is on one side only';
  if (base === undefined) return 'the two tables have no common beginning';
  if (main.current.primaryKey.length === 0) return 'the table has no primary key';
  const shapes = [base, own.current, main.current].map(shapeText);
  return new Set(shapes).size === 1 ? undefined : 'columns or primary key have changed';
}

function shapeText({ columns, primaryKey }: TableShape): string {
  return JSON.stringify([columns.map(({ name, type, nullable }) => [name, type, nullable]), primaryKey]);
}
