import type { DuckDBDecimalValue } from '@duckdb/node-api';
import {
  BIGINT,
  BIT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBitValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBIntervalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBUUIDValue,
  FLOAT,
  INTEGER,
  INTERVAL,
  SMALLINT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TIMETZ,
  UUID,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { SqlError } from '../../../../errors/sql-error.js';
import { PG_TYPES } from '../../../../model/pg-types.js';
import { PG_EPOCH_DAYS } from '../binary/time-writers.js';
import { MICROS_PER_DAY } from '../text/calendar-text.js';
import type { WireSettings } from '../wire-settings.js';
import { invalidBinary, invalidText, outOfRange } from './input-errors.js';
import { decimalOf, parseNumericText, readNumericBinary, type NumericInput } from './numeric-input.js';
import * as times from './time-input.js';

/** How values of one type are read from what a client sends. */
export interface ScalarInput {
  /** What they become. A numeric says in its value how many digits it has. */
  readonly type: DuckDBType;
  readonly fromText: (text: string, settings: WireSettings) => DuckDBValue;
  readonly fromBinary: (bytes: Buffer) => DuckDBValue;
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const INFINITE_DAYS = 2 ** 31 - 1;
const EPOCH_MICROS = BigInt(PG_EPOCH_DAYS) * BigInt(MICROS_PER_DAY);
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of a client is UTF-8 without NUL. */
export function textOf(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw new SqlError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
  try {
    return STRICT_UTF8.decode(bytes);
  } catch (cause) {
    throw new SqlError('22021', 'invalid byte sequence for encoding "UTF8"', { cause });
  }
}

function sized(bytes: Buffer, length: number, typeName: string): Buffer {
  if (bytes.length !== length) throw invalidBinary(`${typeName} has ${length} bytes`);
  return bytes;
}

function parseInteger(text: string, typeName: string, minimum: bigint, maximum: bigint): bigint {
  const trimmed = text.trim();
  if (!/^[+-]?\d+$/.test(trimmed)) throw invalidText(typeName, text);
  const value = BigInt(trimmed.replace('+', ''));
  if (value < minimum || value > maximum) throw outOfRange(typeName, trimmed);
  return value;
}

/** Any beginning of the words that is not of both, as PostgreSQL reads them. */
export function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  const is = (...words: readonly string[]): boolean => word !== '' && words.some((one) => one.startsWith(word));
  if (word === '1' || word === 'on' || is('true', 'yes')) return true;
  if (word === '0' || (word.length > 1 && is('off')) || is('false', 'no')) return false;
  throw invalidText('boolean', text);
}

function parseFloatText(text: string, typeName: string): number {
  const trimmed = text.trim();
  if (/^[+-]?(inf|infinity)$/i.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(trimmed)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) throw invalidText(typeName, text);
  const value = typeName === 'real' ? Math.fround(Number(trimmed)) : Number(trimmed);
  const isZero = /^[+-]?[0.]*(e|$)/i.test(trimmed);
  if (!Number.isFinite(value) || (value === 0 && !isZero)) {
    throw new SqlError('22003', `"${trimmed}" is out of range for type ${typeName}`);
  }
  return value;
}

/** DECIMAL where it can be one; what is not finite exists only as DOUBLE. */
function numericValue(numeric: NumericInput): DuckDBDecimalValue | number {
  return typeof numeric === 'string' ? Number(numeric) : decimalOf(numeric);
}

export function parseBytea(text: string): Buffer {
  if (/^\\x/i.test(text)) {
    const digits = text.slice(2).replace(/\s/g, '');
    if (!/^([0-9a-f]{2})*$/i.test(digits)) {
      if (/^[0-9a-f]*$/i.test(digits)) throw new SqlError('22023', 'invalid hexadecimal data: odd number of digits');
      throw new SqlError('22023', `invalid hexadecimal digit: "${/[^0-9a-f]/i.exec(digits)?.[0] ?? ''}"`);
    }
    return Buffer.from(digits, 'hex');
  }
  const pieces: Buffer[] = [];
  for (const [piece] of text.matchAll(/[^\\]+|\\\\|\\[0-3][0-7]{2}|\\/g)) {
    if (piece === '\\') throw invalidText('bytea', text);
    if (piece === '\\\\') pieces.push(Buffer.from('\\'));
    else pieces.push(piece.startsWith('\\') ? Buffer.of(Number.parseInt(piece.slice(1), 8)) : Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

/** Dashes may stand after any four digits, and braces around all. */
function parseUuid(text: string): DuckDBUUIDValue {
  const trimmed = text.trim().replace(/^\{(.*)\}$/, '$1');
  if (!/^[0-9a-f]{4}(-?[0-9a-f]{4}){7}$/i.test(trimmed)) throw invalidText('uuid', text);
  return DuckDBUUIDValue.fromUint128(BigInt(`0x${trimmed.replaceAll('-', '')}`));
}

function parseBits(text: string): DuckDBBitValue {
  const trimmed = text.replace(/^[bB]/, '');
  if (!/^[01]+$/.test(trimmed)) throw new SqlError('22P02', `"${text}" is not a valid binary digit string`);
  return DuckDBBitValue.fromString(trimmed);
}

function readBits(bytes: Buffer): DuckDBBitValue {
  const count = bytes.length < 4 ? -1 : bytes.readInt32BE(0);
  if (count < 1 || bytes.length !== 4 + Math.ceil(count / 8)) throw invalidBinary('bit string');
  return DuckDBBitValue.fromLengthAndPredicate(
    count,
    (index) => (((bytes[4 + (index >> 3)] as number) >> (7 - (index & 7))) & 1) === 1,
  );
}

function dateValue(days: times.DayInput): DuckDBDateValue {
  if (typeof days === 'number') return new DuckDBDateValue(days);
  return new DuckDBDateValue(days === 'infinity' ? INFINITE_DAYS : -INFINITE_DAYS);
}

function timestampMicros(micros: bigint | 'infinity' | '-infinity'): bigint {
  if (typeof micros === 'bigint') return micros;
  return micros === 'infinity' ? MAX_INT64 : -MAX_INT64;
}

function readTimestamp(bytes: Buffer): bigint {
  const micros = sized(bytes, 8, 'timestamp').readBigInt64BE(0);
  if (micros === MAX_INT64) return MAX_INT64;
  if (micros === MIN_INT64) return -MAX_INT64;
  if (micros > MAX_INT64 - EPOCH_MICROS) throw new SqlError('22008', 'timestamp out of range');
  return micros + EPOCH_MICROS;
}

function readTime(bytes: Buffer): bigint {
  const micros = bytes.readBigInt64BE(0);
  if (micros < 0n || micros > BigInt(MICROS_PER_DAY)) throw new SqlError('22008', 'time out of range');
  return micros;
}

const integer = (type: DuckDBType, typeName: string, bits: 16 | 32): ScalarInput => {
  const maximum = 2n ** BigInt(bits - 1) - 1n;
  return {
    type,
    fromText: (text) => Number(parseInteger(text, typeName, -maximum - 1n, maximum)),
    fromBinary: (bytes) => sized(bytes, bits / 8, typeName).readIntBE(0, bits / 8),
  };
};

const text: ScalarInput = { type: VARCHAR, fromText: (value) => value, fromBinary: textOf };

/** By type OID. What is not here is taken as text, when it comes as text. */
export const SCALAR_INPUTS: ReadonlyMap<number, ScalarInput> = new Map<number, ScalarInput>([
  [
    PG_TYPES.bool.oid,
    {
      type: BOOLEAN,
      fromText: parseBoolean,
      fromBinary: (bytes) => sized(bytes, 1, 'boolean')[0] !== 0,
    },
  ],
  [PG_TYPES.int2.oid, integer(SMALLINT, 'smallint', 16)],
  [PG_TYPES.int4.oid, integer(INTEGER, 'integer', 32)],
  [
    PG_TYPES.int8.oid,
    {
      type: BIGINT,
      fromText: (value) => parseInteger(value, 'bigint', MIN_INT64, MAX_INT64),
      fromBinary: (bytes) => sized(bytes, 8, 'bigint').readBigInt64BE(0),
    },
  ],
  [
    PG_TYPES.oid.oid,
    {
      type: BIGINT,
      fromText: (value) => parseInteger(value, 'oid', 0n, 2n ** 32n - 1n),
      fromBinary: (bytes) => BigInt(sized(bytes, 4, 'oid').readUInt32BE(0)),
    },
  ],
  [
    PG_TYPES.float4.oid,
    {
      type: FLOAT,
      fromText: (value) => parseFloatText(value, 'real'),
      fromBinary: (bytes) => sized(bytes, 4, 'real').readFloatBE(0),
    },
  ],
  [
    PG_TYPES.float8.oid,
    {
      type: DOUBLE,
      fromText: (value) => parseFloatText(value, 'double precision'),
      fromBinary: (bytes) => sized(bytes, 8, 'double precision').readDoubleBE(0),
    },
  ],
  [
    PG_TYPES.numeric.oid,
    {
      type: DECIMAL(38, 0),
      fromText: (value) => numericValue(parseNumericText(value)),
      fromBinary: (bytes) => numericValue(readNumericBinary(bytes)),
    },
  ],
  [PG_TYPES.text.oid, text],
  [PG_TYPES.varchar.oid, text],
  [PG_TYPES.bpchar.oid, text],
  [PG_TYPES.name.oid, text],
  [PG_TYPES.char.oid, text],
  [PG_TYPES.unknown.oid, text],
  [PG_TYPES.json.oid, text],
  [
    PG_TYPES.jsonb.oid,
    {
      type: VARCHAR,
      fromText: (value) => value,
      fromBinary: (bytes) => {
        if (bytes[0] !== 1) throw invalidBinary(`unsupported jsonb version number ${bytes[0] ?? 0}`);
        return textOf(bytes.subarray(1));
      },
    },
  ],
  [
    PG_TYPES.bytea.oid,
    {
      type: BLOB,
      fromText: (value) => new DuckDBBlobValue(parseBytea(value)),
      fromBinary: (bytes) => new DuckDBBlobValue(bytes),
    },
  ],
  [
    PG_TYPES.uuid.oid,
    {
      type: UUID,
      fromText: parseUuid,
      fromBinary: (bytes) => DuckDBUUIDValue.fromUint128(BigInt(`0x${sized(bytes, 16, 'uuid').toString('hex')}`)),
    },
  ],
  [PG_TYPES.bit.oid, { type: BIT, fromText: parseBits, fromBinary: readBits }],
  [PG_TYPES.varbit.oid, { type: BIT, fromText: parseBits, fromBinary: readBits }],
  [
    PG_TYPES.date.oid,
    {
      type: DATE,
      fromText: (value) => dateValue(times.parseDate(value)),
      fromBinary: (bytes) => {
        const days = sized(bytes, 4, 'date').readInt32BE(0);
        if (days === INFINITE_DAYS) return dateValue('infinity');
        return dateValue(days === -(2 ** 31) ? '-infinity' : days + PG_EPOCH_DAYS);
      },
    },
  ],
  [
    PG_TYPES.time.oid,
    {
      type: TIME,
      fromText: (value) => new DuckDBTimeValue(BigInt(times.parseTime(value))),
      fromBinary: (bytes) => new DuckDBTimeValue(readTime(sized(bytes, 8, 'time'))),
    },
  ],
  [
    PG_TYPES.timetz.oid,
    {
      type: TIMETZ,
      fromText: (value, { timeZone }) => {
        const { micros, offset } = times.parseTimeTz(value, timeZone);
        return DuckDBTimeTZValue.fromMicrosAndOffset(BigInt(micros), offset);
      },
      fromBinary: (bytes) => {
        const west = sized(bytes, 12, 'time with time zone').readInt32BE(8);
        if (Math.abs(west) >= 16 * 3_600) throw new SqlError('22009', 'time zone displacement out of range');
        return DuckDBTimeTZValue.fromMicrosAndOffset(readTime(bytes), -west);
      },
    },
  ],
  [
    PG_TYPES.timestamp.oid,
    {
      type: TIMESTAMP,
      fromText: (value) => new DuckDBTimestampValue(timestampMicros(times.parseTimestamp(value))),
      fromBinary: (bytes) => new DuckDBTimestampValue(readTimestamp(bytes)),
    },
  ],
  [
    PG_TYPES.timestamptz.oid,
    {
      type: TIMESTAMPTZ,
      fromText: (value, { timeZone }) =>
        new DuckDBTimestampTZValue(timestampMicros(times.parseTimestampTz(value, timeZone))),
      fromBinary: (bytes) => new DuckDBTimestampTZValue(readTimestamp(bytes)),
    },
  ],
  [
    PG_TYPES.interval.oid,
    {
      type: INTERVAL,
      fromText: times.parseInterval,
      fromBinary: (bytes) => {
        sized(bytes, 16, 'interval');
        return new DuckDBIntervalValue(bytes.readInt32BE(12), bytes.readInt32BE(8), bytes.readBigInt64BE(0));
      },
    },
  ],
]);
