import {
  DECIMAL,
  DOUBLE,
  DuckDBDecimalValue,
  DuckDBListValue,
  LIST,
  VARCHAR,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { SqlError } from '../../../../errors/sql-error.js';
import { elementTypeOf, PG_TYPES, pgTypeOf } from '../../../../model/pg-types.js';
import type { WireFormat, WireSettings } from '../wire-settings.js';
import { parseArrayText, type ArrayInput } from './array-input.js';
import { invalidBinary } from './input-errors.js';
import { SCALAR_INPUTS, textOf, type ScalarInput } from './scalar-input.js';

export interface TypedValue {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
}

/** One parameter as Bind sends it. */
export interface ParameterInput {
  /** As ParameterDescription says it. */
  readonly oid: number;
  readonly format: WireFormat;
  readonly bytes: Uint8Array | null;
}

/**
 * Gives a parameter of a prepared statement its value, in the type that the client and the server agreed on. `index` counts from 1.
 * Errors are those of PostgreSQL's input functions: 22P02, 22003, 22007, 22008, 22P03 and 22021.
 */
export function bindParameter(
  statement: DuckDBPreparedStatement,
  index: number,
  input: ParameterInput,
  settings: WireSettings,
): void {
  if (input.bytes === null) {
    statement.bindNull(index);
    return;
  }
  const { value, type } = decodeValue(input.oid, input.format, input.bytes, settings);
  statement.bindValue(index, value, type);
}

/** What a type that a client declares for a parameter is called in SQL; undefined where the value is taken as text. */
export function duckdbTypeOf(oid: number): DuckDBType | undefined {
  const element = elementTypeOf(oid);
  if (element !== undefined) {
    const elementType = duckdbTypeOf(element.oid);
    return elementType === undefined ? undefined : LIST(elementType);
  }
  return SCALAR_INPUTS.get(oid)?.type;
}

export function decodeValue(oid: number, format: WireFormat, bytes: Uint8Array, settings: WireSettings): TypedValue {
  const element = elementTypeOf(oid);
  if (element !== undefined) return decodeArray(element.oid, format, bytes, settings);
  const input = inputFor(oid, format);
  return typed(input, decodeScalar(input, format, bytes, settings));
}

/** How values of a type are read that is no array. */
export function inputFor(oid: number, format: WireFormat): ScalarInput {
  const known = SCALAR_INPUTS.get(oid);
  if (known !== undefined) return known;
  if (format === 1) {
    const name = pgTypeOf(oid)?.name ?? String(oid);
    throw new SqlError('42883', `no binary input function available for type ${name}`);
  }
  return { type: VARCHAR, fromText: (text) => text, fromBinary: textOf };
}

function decodeScalar(input: ScalarInput, format: WireFormat, bytes: Uint8Array, settings: WireSettings): DuckDBValue {
  if (format === 0) return input.fromText(textOf(bytes), settings);
  return input.fromBinary(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

function typed(input: ScalarInput, value: DuckDBValue): TypedValue {
  if (value instanceof DuckDBDecimalValue) return { value, type: DECIMAL(value.width, value.scale) };
  // A numeric that is not finite.
  if (typeof value === 'number' && input === SCALAR_INPUTS.get(PG_TYPES.numeric.oid)) return { value, type: DOUBLE };
  return { value, type: input.type };
}

function decodeArray(elementOid: number, format: WireFormat, bytes: Uint8Array, settings: WireSettings): TypedValue {
  const input = inputFor(elementOid, format);
  if (format === 0) {
    const literal = parseArrayText(textOf(bytes));
    const fromText = (text: string): DuckDBValue => input.fromText(text, settings);
    return listOf(input, mapArray(literal, fromText), dimensionsOf(literal));
  }
  const { dimensions, elements } = readArrayBinary(bytes, elementOid);
  const values = elements.map((one) => (one === null ? null : input.fromBinary(one)));
  return listOf(input, nest(values, dimensions), Math.max(1, dimensions.length));
}

function dimensionsOf(literal: ArrayInput): number {
  const [first] = literal;
  return Array.isArray(first) ? 1 + dimensionsOf(first as ArrayInput) : 1;
}

/** The elements of an array in binary, nested as deep as it has dimensions. */
export function decodeArrayElements(bytes: Uint8Array, elementOid: number): Nested<Buffer> {
  const { dimensions, elements } = readArrayBinary(bytes, elementOid);
  return nest(elements, dimensions);
}

export type Nested<T> = readonly (T | null | Nested<T>)[];

type NestedValues = readonly (DuckDBValue | NestedValues)[];

function mapArray(literal: ArrayInput, fromText: (text: string) => DuckDBValue): NestedValues {
  return literal.map((item) => {
    if (item === null) return null;
    return typeof item === 'string' ? fromText(item) : mapArray(item, fromText);
  });
}

/** Elements are in row-major order. */
function nest<T>(values: readonly (T | null)[], dimensions: readonly number[]): Nested<T> {
  if (dimensions.length <= 1) return values;
  const inner = dimensions.slice(1);
  const size = inner.reduce((product, length) => product * length, 1);
  return Array.from({ length: dimensions[0] ?? 0 }, (_, at) => nest(values.slice(at * size, (at + 1) * size), inner));
}

/** All elements of a list have one type: numerics get the digits that all of them fit into. */
function listOf(input: ScalarInput, values: NestedValues, depth: number): TypedValue {
  const decimals = decimalsIn(values);
  let elementType = input.type;
  let convert = (value: DuckDBValue): DuckDBValue => value;
  if (input === SCALAR_INPUTS.get(PG_TYPES.numeric.oid)) {
    const scale = Math.max(0, ...decimals.map((one) => one.scale));
    const width = Math.max(1, ...decimals.map((one) => one.width - one.scale)) + scale;
    if (hasNumbers(values) || width > 38) {
      elementType = DOUBLE;
      convert = (value) => (value instanceof DuckDBDecimalValue ? value.toDouble() : value);
    } else {
      elementType = DECIMAL(width, scale);
      convert = (value) =>
        value instanceof DuckDBDecimalValue
          ? new DuckDBDecimalValue(value.value * 10n ** BigInt(scale - value.scale), width, scale)
          : value;
    }
  }
  let type: DuckDBType = elementType;
  for (let level = 0; level < depth; level++) type = LIST(type);
  return { value: toList(values, convert), type };
}

function decimalsIn(values: NestedValues): DuckDBDecimalValue[] {
  return values.flatMap((value) => {
    if (Array.isArray(value)) return decimalsIn(value as NestedValues);
    return value instanceof DuckDBDecimalValue ? [value] : [];
  });
}

function hasNumbers(values: NestedValues): boolean {
  return values.some((value) => (Array.isArray(value) ? hasNumbers(value as NestedValues) : typeof value === 'number'));
}

function toList(values: NestedValues, convert: (value: DuckDBValue) => DuckDBValue): DuckDBListValue {
  return new DuckDBListValue(
    values.map((value) =>
      Array.isArray(value) ? toList(value as NestedValues, convert) : convert(value as DuckDBValue),
    ),
  );
}

const MAX_DIMENSIONS = 6;

function readArrayBinary(
  bytes: Uint8Array,
  elementOid: number,
): { readonly dimensions: readonly number[]; readonly elements: readonly (Buffer | null)[] } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  const int32 = (): number => {
    if (position + 4 > buffer.length) throw invalidBinary('array is too short');
    position += 4;
    return buffer.readInt32BE(position - 4);
  };
  const count = int32();
  if (count < 0 || count > MAX_DIMENSIONS) throw invalidBinary(`invalid number of dimensions: ${count}`);
  int32();
  const sentOid = int32();
  if (sentOid !== elementOid) throw new SqlError('42804', `wrong element type ${sentOid} of an array`);
  const dimensions: number[] = [];
  for (let dimension = 0; dimension < count; dimension++) {
    const length = int32();
    int32();
    if (length < 0) throw invalidBinary('negative length of an array');
    dimensions.push(length);
  }
  const total = count === 0 ? 0 : dimensions.reduce((product, length) => product * length, 1);
  if (total > buffer.length) throw invalidBinary('array is too short');
  const elements: (Buffer | null)[] = [];
  for (let index = 0; index < total; index++) {
    const length = int32();
    if (length < -1 || position + Math.max(0, length) > buffer.length)
      throw invalidBinary('length of an array element');
    elements.push(length < 0 ? null : buffer.subarray(position, position + length));
    position += Math.max(0, length);
  }
  if (position !== buffer.length) throw invalidBinary('array is too long');
  return { dimensions, elements };
}
