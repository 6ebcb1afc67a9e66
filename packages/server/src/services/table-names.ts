import type { TableLocks } from '../engine/table-lock.js';
import type { TableRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';

type LockedTable = Parameters<TableLocks['runExclusive']>[0];

/**
 * The lock of a name in a branch, and not of a row: the first write of a branch makes a row of its own for a table of main, and
 * must exclude the next write, which finds that row.
 */
export function lockOf(table: TableRecord): LockedTable {
  const { projectId, branchId, bucketName, name: tableName } = table;
  const tableId = [projectId, branchId, bucketName, tableName].map(nameKey).join('/');
  return { tableId, projectId, bucketName, tableName };
}

export function locksOf(tables: readonly TableRecord[]): readonly LockedTable[] {
  return tables.map(lockOf);
}

export function columnIdOf(table: Pick<TableRecord, 'bucketName' | 'name'>, columnName: string): string {
  return `${resourceIdOf(table)}.${columnName}`;
}

export function resourceIdOf(table: Pick<TableRecord, 'bucketName' | 'name'>): string {
  return `${table.bucketName}.${table.name}`;
}
