import { create } from '@bufbuild/protobuf';
import type { TableRecord } from '../../../metadata/records.js';
import type { ColumnDefinition } from '../../../model/columns.js';
import {
  ObjectInfoResponseSchema,
  ObjectType,
  TableInfo_TableColumnSchema,
  TableInfoSchema,
  TableType,
  type ObjectInfoResponse,
  type TableInfo,
  type TableInfo_TableColumn,
} from '../gen/proto/info_pb.js';
import { typeParts } from './column-definition.js';

export function tableInfo(table: TableRecord, path: readonly string[] = [table.bucketName]): TableInfo {
  const { columns, primaryKey, rowCount, sizeBytes } = table.current;
  return create(TableInfoSchema, {
    path: [...path],
    tableName: table.name,
    columns: columns.map(columnInfo),
    primaryKeysNames: [...primaryKey],
    rowsCount: BigInt(rowCount),
    sizeBytes: BigInt(sizeBytes),
    tableType: TableType.NORMAL,
  });
}

export function columnInfo(column: ColumnDefinition): TableInfo_TableColumn {
  return create(TableInfo_TableColumnSchema, {
    name: column.name,
    ...typeParts(column.type),
    nullable: column.nullable,
    default: column.default ?? '',
  });
}

/** What every command that shapes a table answers: the table as it is afterwards. */
export function tableObjectInfo(table: TableRecord, path: readonly string[] = [table.bucketName]): ObjectInfoResponse {
  return create(ObjectInfoResponseSchema, {
    path: [...path],
    objectType: ObjectType.TABLE,
    objectInfo: { case: 'tableInfo', value: tableInfo(table, path) },
  });
}
