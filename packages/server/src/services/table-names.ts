import type { TableLocks } from '../engine/table-lock.js';
import type { TableRecord } from '../metadata/records.js';

export function lockOf(table: TableRecord): Parameters<TableLocks['runExclusive']>[0] {
  return { tableId: table.id, projectId: table.projectId, bucketName: table.bucketName, tableName: table.name };
}

export function columnIdOf(table: Pick<TableRecord, 'bucketName' | 'name'>, columnName: string): string {
  return `${resourceIdOf(table)}.${columnName}`;
}

export function resourceIdOf(table: Pick<TableRecord, 'bucketName' | 'name'>): string {
  return `${table.bucketName}.${table.name}`;
}
