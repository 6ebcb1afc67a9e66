import { DuckDBArrayType, DuckDBEnumType, DuckDBListType, DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import { PG_TYPES } from '../../../../model/pg-types.js';
import { parseArrayText, type ArrayInput } from '../parameters/array-input.js';
import { decodeArrayElements, inputFor, type Nested } from '../parameters/bind-parameter.js';
import { numericText, parseNumericText, readNumericBinary } from '../parameters/numeric-input.js';
import { textOf } from '../parameters/scalar-input.js';
import type { WireBuffer } from '../wire-buffer.js';
import type { WireSettings } from '../wire-settings.js';
import { isShownAsJson, wireTypeOf, type WireType } from '../wire-type.js';
import { engineText } from './engine-text.js';
import { fieldShapeOf, type FieldShape } from './field-shapes.js';
import { SPOOL_DELIMITERS } from './verbatim-records.js';

const QUOTE = 0x22;
/** Bytes that a field of the spool must be quoted for, whatever its delimiter is. */
const NEEDS_QUOTES = new Uint8Array(256);
for (const byte of Buffer.from(`"${SPOOL_DELIMITERS}\r\n`)) NEEDS_QUOTES[byte] = 1;

/** Types that DuckDB's reader of CSV converts itself, as fast as it can; what they hold has been checked. */
const READ_DIRECTLY: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIME,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_TZ,
]);

/**
 * One column of COPY FROM on its way to the spool, which is CSV in a form that DuckDB reads in one way only: one delimiter, doubled
 * quotes, nothing for NULL and `""` for an empty text.
 *
 * PostgreSQL and DuckDB read many texts differently, and DuckDB does so silently (`5.5` as an integer, `0044-03-15 BC` as AD). So each field
 * is looked at: one that has the usual shape of its type passes as it is, all others are read as PostgreSQL reads them and written anew.
 */
export class SpoolColumn {
  /** The type that DuckDB reads the column of the spool as. */
  readonly readerType: string;
  readonly wireType: WireType;
  readonly #shape: FieldShape | undefined;
  /** Any text is a value. */
  readonly isText: boolean;

  constructor(
    readonly name: string,
    readonly type: DuckDBType,
    readonly settings: WireSettings,
  ) {
    this.wireType = wireTypeOf(type);
    this.#shape = fieldShapeOf(type);
    this.isText = type.typeId === DuckDBTypeId.VARCHAR || type instanceof DuckDBEnumType || isShownAsJson(type);
    this.readerType = READ_DIRECTLY.has(type.typeId) ? type.toString() : 'VARCHAR';
  }

  /** The column's value from that of the spool's column, in SQL. */
  expression(spoolColumn: string): string {
    if (READ_DIRECTLY.has(this.type.typeId)) return spoolColumn;
    return castOf(spoolColumn, this.type);
  }

  /** Whether a text that is not empty, and needs no quotes, means to DuckDB what it means to PostgreSQL. */
  passes(bytes: Buffer, start: number, end: number): boolean {
    return this.isText || this.#shape?.accepts(bytes, start, end) === true;
  }

  /** Writes a field that is not null, from text. */
  writeText(bytes: Buffer, start: number, end: number, out: WireBuffer): void {
    if (this.isText) writeQuoted(bytes, start, end, out);
    else if (this.#shape?.accepts(bytes, start, end) === true) out.copyFrom(bytes, start, end - start);
    else {
      const text = textOf(bytes.subarray(start, end));
      writeQuotedText(this.#readText(text), out);
    }
  }

  /** Writes a field that is not null, from binary. */
  writeBinary(bytes: Buffer, start: number, end: number, out: WireBuffer): void {
    if (this.#shape?.writeBinary(bytes, start, end, out) === true) return;
    const { oid, element } = this.wireType;
    const value = bytes.subarray(start, end);
    if (element !== undefined) {
      const elements = decodeArrayElements(value, element.oid);
      writeQuotedText(
        jsonOf(elements, (one) => elementJson(this.#readBinary(one, element.oid), element.oid)),
        out,
      );
    } else if (this.isText && oid !== PG_TYPES.jsonb.oid) writeQuoted(bytes, start, end, out);
    else writeQuotedText(this.#readBinary(value, oid), out);
  }

  #readText(text: string): string {
    const { oid, element } = this.wireType;
    // A numeric may have more digits than a DECIMAL: the column's type says what it can hold.
    if (oid === PG_TYPES.numeric.oid) return numericText(parseNumericText(text));
    if (element === undefined) return engineText(inputFor(oid, 0).fromText(text, this.settings));
    const input = inputFor(element.oid, 0);
    return jsonOf(parseArrayText(text), (one) =>
      elementJson(engineText(input.fromText(one, this.settings)), element.oid),
    );
  }

  #readBinary(bytes: Buffer, oid: number): string {
    if (oid === PG_TYPES.numeric.oid) return numericText(readNumericBinary(bytes));
    return engineText(inputFor(oid, 1).fromBinary(bytes));
  }
}

/** Lists travel as JSON. */
function jsonOf<T>(items: Nested<T> | ArrayInput, write: (item: T) => string): string {
  const parts = (items as Nested<T>).map((item) => {
    if (item === null) return 'null';
    return Array.isArray(item) ? jsonOf(item as Nested<T>, write) : write(item as T);
  });
  return `[${parts.join(',')}]`;
}

/** Elements as strings, which casts read like any text; documents as themselves. */
function elementJson(text: string, elementOid: number): string {
  return elementOid === PG_TYPES.json.oid || elementOid === PG_TYPES.jsonb.oid ? text : JSON.stringify(text);
}

function castOf(value: string, type: DuckDBType): string {
  if (type.typeId === DuckDBTypeId.VARCHAR) return type.alias === 'JSON' ? `CAST(${value} AS JSON)` : value;
  if (type.typeId === DuckDBTypeId.BLOB) return `unhex(${value})`;
  if ((type instanceof DuckDBListType || type instanceof DuckDBArrayType) && !isShownAsJson(type)) {
    if (leafOf(type) !== DuckDBTypeId.BLOB) return `CAST(CAST(${value} AS JSON) AS ${type.toString()})`;
    return `CAST(list_transform(CAST(CAST(${value} AS JSON) AS VARCHAR[]), lambda __x: unhex(__x)) AS ${type.toString()})`;
  }
  return isShownAsJson(type)
    ? `CAST(CAST(${value} AS JSON) AS ${type.toString()})`
    : `CAST(${value} AS ${type.toString()})`;
}

function leafOf(type: DuckDBType): DuckDBTypeId {
  return type instanceof DuckDBListType || type instanceof DuckDBArrayType ? leafOf(type.valueType) : type.typeId;
}

/** An empty field is NULL, so an empty text needs quotes. */
export function writeQuoted(bytes: Buffer, start: number, end: number, out: WireBuffer): void {
  let position = start;
  while (position < end && NEEDS_QUOTES[bytes[position] as number] === 0) position++;
  if (position === end && end > start) {
    out.copyFrom(bytes, start, end - start);
    return;
  }
  out.reserve((end - start) * 2 + 2);
  const target = out.bytes;
  let at = out.length;
  target[at++] = QUOTE;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] as number;
    if (byte === QUOTE) target[at++] = QUOTE;
    target[at++] = byte;
  }
  target[at++] = QUOTE;
  out.length = at;
}

function writeQuotedText(text: string, out: WireBuffer): void {
  const bytes = Buffer.from(text);
  writeQuoted(bytes, 0, bytes.length, out);
}
