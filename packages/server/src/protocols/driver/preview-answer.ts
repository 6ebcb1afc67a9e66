import { NullValue, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  PreviewTableResponse_Row_ColumnSchema,
  PreviewTableResponse_RowSchema,
  PreviewTableResponseSchema,
} from './gen/proto/table_pb.js';

/** Null is the NULL of SQL; a text that is longer than an answer may have comes as the object that says so. */
export type PreviewCell = string | null | CutText;

export class CutText {
  constructor(readonly text: string) {}
}

/** Wire types of the protobuf encoding, and the tag that both make with the number of a field. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;

const COLUMN_TAG = tagOf(PreviewTableResponseSchema.field.columns.number, LENGTH_DELIMITED);
const ROW_TAG = tagOf(PreviewTableResponseSchema.field.rows.number, LENGTH_DELIMITED);
const CELL_TAG = tagOf(PreviewTableResponse_RowSchema.field.columns.number, LENGTH_DELIMITED);
const NAME_TAG = tagOf(PreviewTableResponse_Row_ColumnSchema.field.columnName.number, LENGTH_DELIMITED);
const VALUE_TAG = tagOf(PreviewTableResponse_Row_ColumnSchema.field.value.number, LENGTH_DELIMITED);
const TRUNCATED_TAG = tagOf(PreviewTableResponse_Row_ColumnSchema.field.isTruncated.number, VARINT);
const NULL_TAG = tagOf(ValueSchema.field.nullValue.number, VARINT);
const TEXT_TAG = tagOf(ValueSchema.field.stringValue.number, LENGTH_DELIMITED);

/**
 * A `PreviewTableResponse` as bytes. Each cell is a message in a message, and through the library they cost more than reading the rows
 * from the disk does; here the answer is measured, and then written into one buffer. A test holds it to the bytes of the library.
 */
export function encodePreview(columns: readonly string[], rows: readonly (readonly PreviewCell[])[]): Uint8Array {
  const names = columns.map((name) => textField(NAME_TAG, name));
  const head = Buffer.concat(columns.map((name) => textField(COLUMN_TAG, name)));
  const sizes = measure(names, rows);
  const out = Buffer.allocUnsafe(head.length + sizes.total);
  out.set(head);
  let at = head.length;
  for (let row = 0; row < rows.length; row += 1) {
    at = writeHead(out, at, ROW_TAG, sizes.rows[row] ?? 0);
    for (let column = 0; column < names.length; column += 1) {
      const index = row * names.length + column;
      const cell = rows[row]?.[column] ?? null;
      const textBytes = sizes.texts[index] ?? 0;
      at = writeHead(out, at, CELL_TAG, sizes.cells[index] ?? 0);
      at = writeBytes(out, at, names[column]);
      at = writeHead(out, at, VALUE_TAG, valueBytes(cell, textBytes));
      if (cell === null) {
        at = writeHead(out, at, NULL_TAG, NullValue.NULL_VALUE);
        continue;
      }
      at = writeHead(out, at, TEXT_TAG, textBytes);
      at = writeText(out, at, typeof cell === 'string' ? cell : cell.text, textBytes);
      if (typeof cell !== 'string') at = writeHead(out, at, TRUNCATED_TAG, 1);
    }
  }
  return out;
}

function textField(tag: number, text: string): Buffer<ArrayBuffer> {
  const bytes = utf8Bytes(text);
  const out = Buffer.allocUnsafe(withHead(bytes));
  writeText(out, writeHead(out, 0, tag, bytes), text, bytes);
  return out;
}

/** Bytes of every text, cell and row, without the tag and the length in front. */
function measure(names: readonly Uint8Array[], rows: readonly (readonly PreviewCell[])[]) {
  const texts = new Uint32Array(rows.length * names.length);
  const cells = new Uint32Array(rows.length * names.length);
  const rowBytes = new Uint32Array(rows.length);
  let total = 0;
  for (let row = 0; row < rows.length; row += 1) {
    let sum = 0;
    for (let column = 0; column < names.length; column += 1) {
      const index = row * names.length + column;
      const cell = rows[row]?.[column] ?? null;
      const textBytes = cell === null ? 0 : utf8Bytes(typeof cell === 'string' ? cell : cell.text);
      const value = valueBytes(cell, textBytes);
      const cellBytes = (names[column]?.length ?? 0) + withHead(value) + (cell instanceof CutText ? 2 : 0);
      texts[index] = textBytes;
      cells[index] = cellBytes;
      sum += withHead(cellBytes);
    }
    rowBytes[row] = sum;
    total += withHead(sum);
  }
  return { texts, cells, rows: rowBytes, total };
}

function valueBytes(cell: PreviewCell, textBytes: number): number {
  return cell === null ? 2 : withHead(textBytes);
}

/** Most cells are short and ASCII, which is done before a call of the runtime has begun. */
const SHORT_TEXT = 32;

function utf8Bytes(text: string): number {
  if (text.length > SHORT_TEXT) return Buffer.byteLength(text);
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return Buffer.byteLength(text);
  }
  return text.length;
}

/** As many bytes as characters is ASCII. */
function writeText(out: Buffer, at: number, text: string, textBytes: number): number {
  if (textBytes > SHORT_TEXT || textBytes !== text.length) return at + out.write(text, at, 'utf8');
  for (let index = 0; index < textBytes; index += 1) out[at + index] = text.charCodeAt(index);
  return at + textBytes;
}

function writeBytes(out: Buffer, at: number, bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return at;
  for (let index = 0; index < bytes.length; index += 1) out[at + index] = bytes[index] ?? 0;
  return at + bytes.length;
}

/** A tag and the number that follows it: a length, or the value itself. */
function writeHead(out: Buffer, at: number, tag: number, value: number): number {
  out[at] = tag;
  let end = at + 1;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) out[end++] = (rest & 0x7f) | 0x80;
  out[end++] = rest;
  return end;
}

/** Of something with its tag and its length in front. */
function withHead(bytes: number): number {
  let headBytes = 2;
  for (let rest = bytes; rest > 0x7f; rest >>>= 7) headBytes += 1;
  return headBytes + bytes;
}

/** One byte: every field here has a number below 16. */
function tagOf(fieldNumber: number, wireType: number): number {
  return (fieldNumber << 3) | wireType;
}
