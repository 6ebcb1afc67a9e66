import type { ColumnDefinition } from '../../../model/columns.js';
import { invalid } from '../driver-failure.js';
import type { TableColumnShared } from '../gen/proto/table_pb.js';

/** A column of the protocol has the parameters of its type apart, and says `nullable` by leaving nothing out: false is NOT NULL. */
export function columnFrom(column: TableColumnShared): ColumnDefinition {
  if (column.name === '') throw invalid('A column has no name.');
  if (column.type === '') throw invalid(`Column "${column.name}" has no type.`, { column: column.name });
  return {
    name: column.name,
    type: typeText(column.type, column.length),
    nullable: column.nullable,
    default: column.default === '' ? null : column.default,
  };
}

export function typeText(type: string, length: string): string {
  return length === '' ? type : `${type}(${length})`;
}

/** `DECIMAL(38,9)` is the type `DECIMAL` of the length `38,9`; suffixes such as `[]` stay with the type. */
export function typeParts(type: string): { readonly type: string; readonly length: string } {
  const [, name, length] = /^([A-Z_ ]+)\((.*)\)$/s.exec(type) ?? [];
  return name === undefined || length === undefined ? { type, length: '' } : { type: name, length };
}
