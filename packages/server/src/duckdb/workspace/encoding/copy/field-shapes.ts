import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import { DateText, MICROS_PER_DAY, writeTimeOfDay } from '../text/calendar-text.js';
import { putPadded, writeInteger } from '../text/digits.js';
import { writeFloat4, writeFloat8 } from '../text/float-text.js';
import { PG_EPOCH_DAYS } from '../binary/time-writers.js';
import type { WireBuffer } from '../wire-buffer.js';

/** Fast ways for the fields that most data has. What they do not take goes the general way. */
export interface FieldShape {
  /** Whether the text means to DuckDB what it means to PostgreSQL, as it is. */
  accepts(bytes: Buffer, start: number, end: number): boolean;
  /** Writes a binary field as such a text; false when it did not. */
  writeBinary(bytes: Buffer, start: number, end: number, out: WireBuffer): boolean;
}

const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function areDigits(bytes: Buffer, start: number, end: number): boolean {
  for (let position = start; position < end; position++) {
    const byte = bytes[position] as number;
    if (byte < ZERO || byte > NINE) return false;
  }
  return end > start;
}

const never = (): boolean => false;

const INTEGER: FieldShape = {
  accepts: (bytes, start, end) => areDigits(bytes, bytes[start] === MINUS ? start + 1 : start, end),
  writeBinary: (bytes, start, end, out) => {
    const length = end - start;
    if (length === 4) writeInteger(out, bytes.readInt32BE(start));
    else if (length === 2) writeInteger(out, bytes.readInt16BE(start));
    else if (length === 8) {
      const value = bytes.readInt32BE(start) * 4_294_967_296 + bytes.readUInt32BE(start + 4);
      if (Number.isSafeInteger(value)) writeInteger(out, value);
      else out.writeAscii(String(bytes.readBigInt64BE(start)));
    } else return false;
    return true;
  },
};

/** Digits, one point, an exponent: where they stand, DuckDB checks. Anything else may be a word or a form that only DuckDB knows. */
const NUMBER_BYTES = new Uint8Array(256);
for (const byte of Buffer.from('0123456789.eE+-')) NUMBER_BYTES[byte] = 1;

function isNumber(bytes: Buffer, start: number, end: number): boolean {
  for (let position = start; position < end; position++) {
    if (NUMBER_BYTES[bytes[position] as number] === 0) return false;
  }
  return isDigit(bytes[end - 1]);
}

const FLOAT: FieldShape = {
  accepts: isNumber,
  writeBinary: (bytes, start, end, out) => {
    if (end - start === 8) writeFloat8(out, bytes.readDoubleBE(start), 1);
    else if (end - start === 4) writeFloat4(out, bytes.readFloatBE(start), 1);
    else return false;
    return true;
  },
};

const BASE = 10_000;

/** Up to three groups of four digits, which a double adds up without loss. */
function writeNumeric(bytes: Buffer, start: number, end: number, out: WireBuffer): boolean {
  if (end - start < 8) return false;
  const groups = bytes.readUInt16BE(start);
  const weight = bytes.readInt16BE(start + 2);
  const sign = bytes.readUInt16BE(start + 4);
  const scale = bytes.readUInt16BE(start + 6);
  const shift = scale + 4 * (weight - groups + 1);
  if (end - start !== 8 + groups * 2 || groups > 3 || shift < -4 || shift > 4 || scale > 8) return false;
  if (sign !== 0 && sign !== 0x4000) return false;
  let value = 0;
  for (let at = start + 8; at < end; at += 2) value = value * BASE + bytes.readUInt16BE(at);
  const unscaled = shift >= 0 ? value * 10 ** shift : value / 10 ** -shift;
  if (!Number.isSafeInteger(unscaled)) return false;
  if (sign === 0x4000) out.writeByte(MINUS);
  const divisor = 10 ** scale;
  const whole = Math.floor(unscaled / divisor);
  writeInteger(out, whole);
  if (scale > 0) {
    out.reserve(scale + 1);
    out.bytes[out.length] = POINT;
    out.length += scale + 1;
    putPadded(out.bytes, out.length, unscaled - whole * divisor, scale);
  }
  return true;
}

const DECIMAL: FieldShape = { accepts: isNumber, writeBinary: writeNumeric };

/** `2024-02-29`. */
function isDate(bytes: Buffer, start: number): boolean {
  return (
    bytes[start + 4] === MINUS &&
    bytes[start + 7] === MINUS &&
    areDigits(bytes, start, start + 4) &&
    areDigits(bytes, start + 5, start + 7) &&
    areDigits(bytes, start + 8, start + 10)
  );
}

/** `10:11:12` and up to six decimals. */
function isTime(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  return (
    length >= 8 &&
    length <= 15 &&
    length !== 9 &&
    bytes[start + 2] === 0x3a &&
    bytes[start + 5] === 0x3a &&
    areDigits(bytes, start, start + 2) &&
    areDigits(bytes, start + 3, start + 5) &&
    areDigits(bytes, start + 6, start + 8) &&
    (length === 8 || (bytes[start + 8] === 0x2e && areDigits(bytes, start + 9, end)))
  );
}

function isTimestamp(bytes: Buffer, start: number, end: number): boolean {
  const separator = bytes[start + 10];
  return (
    end - start >= 19 &&
    (separator === 0x20 || separator === 0x54) &&
    isDate(bytes, start) &&
    isTime(bytes, start + 11, end)
  );
}

const dates = new DateText();

const DATE: FieldShape = {
  accepts: (bytes, start, end) => end - start === 10 && isDate(bytes, start),
  writeBinary: (bytes, start, end, out) => {
    if (end - start !== 4) return false;
    const days = bytes.readInt32BE(start);
    // Years 1 to 9999; infinities and other years have their own words.
    if (days < -730_119 || days > 2_921_939) return false;
    dates.write(out, days + PG_EPOCH_DAYS);
    return true;
  },
};

function writeTimestamp(bytes: Buffer, start: number, end: number, out: WireBuffer): boolean {
  if (end - start !== 8) return false;
  const micros = bytes.readInt32BE(start) * 4_294_967_296 + bytes.readUInt32BE(start + 4);
  if (!Number.isSafeInteger(micros)) return false;
  const days = Math.floor(micros / MICROS_PER_DAY);
  dates.write(out, days + PG_EPOCH_DAYS);
  out.writeByte(0x20);
  writeTimeOfDay(out, micros - days * MICROS_PER_DAY);
  return true;
}

const TIMESTAMP: FieldShape = { accepts: isTimestamp, writeBinary: writeTimestamp };

const TIMESTAMP_TZ: FieldShape = {
  // With an offset of whole hours; without one it is a time of the session's zone, and is computed.
  accepts: (bytes, start, end) => {
    const sign = bytes[end - 3];
    return (sign === PLUS || sign === MINUS) && areDigits(bytes, end - 2, end) && isTimestamp(bytes, start, end - 3);
  },
  writeBinary: (bytes, start, end, out) => {
    if (!writeTimestamp(bytes, start, end, out)) return false;
    out.writeAscii('+00');
    return true;
  },
};

const TIME: FieldShape = { accepts: isTime, writeBinary: never };

const BOOLEAN: FieldShape = {
  accepts: (bytes, start, end) => end - start === 1 && (bytes[start] === 0x74 || bytes[start] === 0x66),
  writeBinary: (bytes, start, end, out) => {
    if (end - start !== 1) return false;
    out.writeByte(bytes[start] === 0 ? 0x66 : 0x74);
    return true;
  },
};

const SHAPES: Readonly<Partial<Record<DuckDBTypeId, FieldShape>>> = {
  [DuckDBTypeId.BOOLEAN]: BOOLEAN,
  [DuckDBTypeId.TINYINT]: INTEGER,
  [DuckDBTypeId.SMALLINT]: INTEGER,
  [DuckDBTypeId.INTEGER]: INTEGER,
  [DuckDBTypeId.BIGINT]: INTEGER,
  [DuckDBTypeId.UTINYINT]: INTEGER,
  [DuckDBTypeId.USMALLINT]: INTEGER,
  [DuckDBTypeId.UINTEGER]: INTEGER,
  // Their wire type is numeric, whose binary form is another.
  [DuckDBTypeId.UBIGINT]: { accepts: INTEGER.accepts, writeBinary: writeNumeric },
  [DuckDBTypeId.HUGEINT]: { accepts: INTEGER.accepts, writeBinary: writeNumeric },
  [DuckDBTypeId.UHUGEINT]: { accepts: INTEGER.accepts, writeBinary: writeNumeric },
  [DuckDBTypeId.BIGNUM]: { accepts: INTEGER.accepts, writeBinary: writeNumeric },
  [DuckDBTypeId.FLOAT]: FLOAT,
  [DuckDBTypeId.DOUBLE]: FLOAT,
  [DuckDBTypeId.DECIMAL]: DECIMAL,
  [DuckDBTypeId.DATE]: DATE,
  [DuckDBTypeId.TIME]: TIME,
  [DuckDBTypeId.TIMESTAMP]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_S]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_MS]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_NS]: TIMESTAMP,
  [DuckDBTypeId.TIMESTAMP_TZ]: TIMESTAMP_TZ,
};

export function fieldShapeOf(type: DuckDBType): FieldShape | undefined {
  return SHAPES[type.typeId];
}
