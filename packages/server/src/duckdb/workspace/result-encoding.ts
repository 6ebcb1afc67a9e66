import {
  DuckDBListType,
  DuckDBTypeId,
  type DuckDBDataChunk,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBType,
} from '@duckdb/node-api';
import type { PgTypeName } from '../../model/pg-types.js';
import { copyFormatOf } from './encoding/copy/copy-options.js';
import { createCopyEncoder, type CopyEncoder } from './encoding/copy/copy-out.js';
import { bindParameter } from './encoding/parameters/bind-parameter.js';
import { createRowEncoder, formatAt, type ChunkEncoder as RowsOfChunk } from './encoding/row-encoder.js';
import { WireBuffer } from './encoding/wire-buffer.js';
import type { WireSettings } from './encoding/wire-settings.js';
import { wireTypeOf } from './encoding/wire-type.js';
import type { EnumTypes } from './enum-types.js';
import type { ColumnDescription, ParameterValues, RowEncoding, SettingsView } from './sql-engine.js';

/** Encodes rows of chunks of one result. */
export interface ChunkEncoder {
  /** At most `maxRows` rows from row `from` on, and fewer when the buffer is full. Never none, unless there are none. */
  encode(chunk: DuckDBDataChunk, from: number, maxRows: number): { readonly bytes: Uint8Array; readonly rows: number };
  /** What stands behind the last row. */
  end(): Uint8Array;
  /** Nobody needs these bytes any more. */
  release(bytes: Uint8Array): void;
}

/** PostgreSQL's type of a column, where DuckDB's does not tell it. */
export type ColumnTypeNames = readonly (PgTypeName | undefined)[] | undefined;

export function chunkEncoder(
  result: DuckDBResult,
  encoding: RowEncoding,
  settings: SettingsView,
  columnTypes: ColumnTypeNames,
): ChunkEncoder {
  const types = columnTypesOf(result, columnTypes);
  const wireSettings = wireSettingsOf(settings);
  if (encoding.kind === 'rows') return new BufferedEncoder(createRowEncoder(types, encoding.formats, wireSettings));
  const names = result.columnNames();
  const format = copyFormatOf(encoding.options, 'to', names);
  return new BufferedCopyEncoder(createCopyEncoder(types, names, format, wireSettings));
}

/** Of rows that DuckDB has put together; of COPY, it is the usual encoder that knows what stands around them. */
export function composedEncoder(
  rows: RowsOfChunk,
  {
    types,
    names,
    encoding,
    settings,
  }: { types: readonly DuckDBType[]; names: readonly string[]; encoding: RowEncoding; settings: SettingsView },
): ChunkEncoder {
  if (encoding.kind === 'rows') return new BufferedEncoder(rows);
  const usual = createCopyEncoder(types, names, copyFormatOf(encoding.options, 'to', names), wireSettingsOf(settings));
  return new BufferedCopyEncoder({
    begin: (out) => usual.begin(out),
    encode: (chunk, from, to, out) => rows.encode(chunk, from, to, out),
    end: (out) => usual.end(out),
  });
}

export function columnTypesOf(
  source: DuckDBPreparedStatement | DuckDBResult,
  columnTypes: ColumnTypeNames,
): readonly DuckDBType[] {
  return Array.from({ length: source.columnCount }, (_, index) =>
    aliased(source.columnType(index), columnTypes?.[index]),
  );
}

class BufferedEncoder implements ChunkEncoder {
  protected readonly out = new WireBuffer();

  constructor(private readonly encoder: RowsOfChunk) {}

  encode(chunk: DuckDBDataChunk, from: number, maxRows: number): { bytes: Uint8Array; rows: number } {
    const to = Math.min(chunk.rowCount, from + maxRows);
    const next = this.encoder.encode(chunk, from, to, this.out);
    return { bytes: this.out.take(), rows: next - from };
  }

  end(): Uint8Array {
    return this.out.take();
  }

  release(bytes: Uint8Array): void {
    this.out.giveBack(bytes);
  }
}

class BufferedCopyEncoder extends BufferedEncoder {
  constructor(private readonly copy: CopyEncoder) {
    super(copy);
    copy.begin(this.out);
  }

  override end(): Uint8Array {
    this.copy.end(this.out);
    return super.end();
  }
}

export function wireSettingsOf(settings: SettingsView): WireSettings {
  return {
    timeZone: settings.get('timezone') ?? 'UTC',
    extraFloatDigits: Number(settings.get('extra_float_digits') ?? '1'),
    byteaOutput: settings.get('bytea_output') === 'escape' ? 'escape' : 'hex',
  };
}

/** What a Describe tells of the rows. */
export function describeColumns(
  source: DuckDBPreparedStatement | DuckDBResult,
  columnTypes: ColumnTypeNames,
  enums: EnumTypes,
): ColumnDescription[] {
  const columns: ColumnDescription[] = [];
  for (let index = 0; index < source.columnCount; index++) {
    const { oid, size, typmod } = wireTypeOf(aliased(source.columnType(index), columnTypes?.[index]), enums.resolve);
    columns.push({ name: source.columnName(index), typeOid: oid, typeSize: size, typeModifier: typmod });
  }
  return columns;
}

/** A type under another name; the name counts where its values can be written as that type. */
function aliased(type: DuckDBType, alias: PgTypeName | undefined): DuckDBType {
  if (alias === undefined) return type;
  if (alias === 'oid' && type instanceof DuckDBListType) return new DuckDBListType(aliased(type.valueType, alias));
  return Object.assign(Object.create(Object.getPrototypeOf(type) as object) as DuckDBType, type, { alias });
}

const UNKNOWN_OID = 25;

/**
 * A list of BIGINT or UINTEGER in the catalogue is one of OIDs: it has no others, and DuckDB has no type for them. asyncpg looks arrays up in the
 * catalogue by a statement that takes and answers such a list, and would look that type up in the same way, without end.
 */
export function withOidLists(prepared: DuckDBPreparedStatement, columnTypes: ColumnTypeNames): ColumnTypeNames {
  return columnTypes?.map((name, index) => name ?? (isOidList(prepared.columnType(index)) ? 'oid' : undefined));
}

function isOidList(type: DuckDBType): boolean {
  if (!(type instanceof DuckDBListType)) return false;
  const { typeId } = type.valueType;
  return typeId === DuckDBTypeId.BIGINT || typeId === DuckDBTypeId.UINTEGER;
}

/** The types of parameters: as the client gave them, else as DuckDB found them out. */
export function parameterOids(
  types: readonly DuckDBType[],
  given: readonly number[],
  readsCatalogue: boolean,
  enums: EnumTypes,
): number[] {
  return types.map((type, index) => {
    const givenOid = given[index] ?? 0;
    if (givenOid !== 0) return givenOid;
    const { oid } = wireTypeOf(readsCatalogue && isOidList(type) ? aliased(type, 'oid') : type, enums.resolve);
    return oid === 0 ? UNKNOWN_OID : oid;
  });
}

export function bindParameters(
  prepared: DuckDBPreparedStatement,
  { formats, values }: ParameterValues,
  types: readonly number[],
  settings: SettingsView,
): void {
  const wireSettings = wireSettingsOf(settings);
  for (const [index, bytes] of values.entries()) {
    const input = { oid: types[index] ?? UNKNOWN_OID, format: formatAt(formats, index), bytes };
    bindParameter(prepared, index + 1, input, wireSettings);
  }
}
