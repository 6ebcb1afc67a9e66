import { NullValue, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  PreviewTableResponse_Row_ColumnSchema,
  PreviewTableResponse_RowSchema,
  PreviewTableResponseSchema,
} from './gen/proto/table_pb.js';
import type { BackwardWriter } from './wire/backward-writer.js';

/** Null is the NULL of SQL; a text that is longer than an answer may have comes as the object that says so. */
export type PreviewCell = string | null | CutText;

export class CutText {
  constructor(readonly text: string) {}
}

const RESPONSE = PreviewTableResponseSchema.field;
const ROW = PreviewTableResponse_RowSchema.field;
const CELL = PreviewTableResponse_Row_ColumnSchema.field;
const VALUE = ValueSchema.field;

/**
 * A `PreviewTableResponse`. Each cell is a message in a message, and made through the library they cost more than reading the rows from
 * the disk does. A test holds the bytes to those of the library.
 */
export function writePreview(
  writer: BackwardWriter,
  columns: readonly string[],
  rows: readonly (readonly PreviewCell[])[],
): void {
  for (let row = rows.length - 1; row >= 0; row -= 1) {
    const end = writer.length;
    for (let column = columns.length - 1; column >= 0; column -= 1) {
      writeCell(writer, columns[column] ?? '', rows[row]?.[column] ?? null);
    }
    writer.closeMessage(RESPONSE.rows.number, end);
  }
  for (let column = columns.length - 1; column >= 0; column -= 1) {
    writer.text(RESPONSE.columns.number, columns[column] ?? '');
  }
}

function writeCell(writer: BackwardWriter, name: string, cell: PreviewCell): void {
  const end = writer.length;
  if (cell instanceof CutText) writer.number(CELL.isTruncated.number, 1);
  const valueEnd = writer.length;
  if (cell === null) writer.number(VALUE.nullValue.number, NullValue.NULL_VALUE);
  else writer.text(VALUE.stringValue.number, typeof cell === 'string' ? cell : cell.text);
  writer.closeMessage(CELL.value.number, valueEnd);
  writer.text(CELL.columnName.number, name);
  writer.closeMessage(ROW.columns.number, end);
}
