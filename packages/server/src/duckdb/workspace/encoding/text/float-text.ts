import type { WireBuffer } from '../wire-buffer.js';
import { putInteger, putPadded } from './digits.js';

/** PostgreSQL writes exponents from here on: decimal exponents of the first digit. */
const FLOAT8_EXPONENT_FROM = 15;
const FLOAT4_EXPONENT_FROM = 6;
const EXPONENT_BELOW = -4;

const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/** Below it, nine decimals are tried; above, six, so that the scaled number stays a safe integer for longer. */
const NINE_DECIMALS_BELOW = 9e6;
/** Decimals of at most 15 digits are told apart by a double, so one that reads back is the shortest. For real it is 6 digits. */
const FLOAT8_UNIQUE_BELOW = 1e15;
const FLOAT4_UNIQUE_BELOW = 1e6;
const SMALLEST_NORMAL_FLOAT4 = 2 ** -126;

/**
 * `float8out` and `float4out` of PostgreSQL 12 and later: the shortest digits that read back as the same number.
 *
 * Most numbers of real data have a few decimals. Such a number is an integer divided by 10^9 or 10^6, which two operations tell for certain; the
 * general way costs ten times that.
 */
export function writeFloat8(out: WireBuffer, value: number, extraFloatDigits: number): void {
  out.reserve(32);
  if (extraFloatDigits <= 0) return writeRounded(out, value, Math.max(1, 15 + extraFloatDigits));
  if (writeSpecial(out, value) || writeFewDecimals(out, value, FLOAT8_UNIQUE_BELOW)) return;
  const absolute = Math.abs(value);
  if (absolute >= 1e-4 && absolute < FLOAT8_UNIQUE_BELOW) {
    // Without an exponent here, JavaScript's text and PostgreSQL's are the same.
    out.writeAscii(String(value));
    return;
  }
  writeDigits(out, value, shortestFloat8(Math.abs(value)), FLOAT8_EXPONENT_FROM);
}

export function writeFloat4(out: WireBuffer, value: number, extraFloatDigits: number): void {
  out.reserve(32);
  if (extraFloatDigits <= 0) return writeRounded(out, value, Math.max(1, 6 + extraFloatDigits));
  if (writeSpecial(out, value) || writeFewDecimals(out, value, FLOAT4_UNIQUE_BELOW)) return;
  const shortest = shortestFloat4(Math.abs(value));
  if (shortest >= 1e-4 && shortest < FLOAT4_UNIQUE_BELOW) out.writeAscii(String(value < 0 ? -shortest : shortest));
  else writeDigits(out, value, parseDecimal(String(shortest)), FLOAT4_EXPONENT_FROM);
}

function writeSpecial(out: WireBuffer, value: number): boolean {
  if (value !== 0 && Number.isFinite(value)) return false;
  if (Number.isNaN(value)) out.writeAscii('NaN');
  else if (value === 0) out.writeAscii(Object.is(value, -0) ? '-0' : '0');
  else out.writeAscii(value > 0 ? 'Infinity' : '-Infinity');
  return true;
}

/** Whether the number was an integer or one of few decimals. Bytes are reserved. */
function writeFewDecimals(out: WireBuffer, value: number, uniqueBelow: number): boolean {
  const absolute = Math.abs(value);
  let whole = Math.floor(absolute);
  let decimals = 0;
  let count = 0;
  if (whole !== absolute) {
    const isReal = uniqueBelow === FLOAT4_UNIQUE_BELOW;
    count = absolute < NINE_DECIMALS_BELOW && !isReal ? 9 : 6;
    const scale = POWERS_OF_TEN[count] as number;
    const scaled = Math.round(absolute * scale);
    if (absolute < 1e-4 || scaled > Number.MAX_SAFE_INTEGER) return false;
    const same = scaled / scale;
    if ((isReal ? Math.fround(same) : same) !== absolute) return false;
    whole = Math.floor(same);
    decimals = scaled - whole * scale;
    while (decimals % 10 === 0) {
      decimals = (decimals / 10) | 0;
      count--;
    }
  }
  // More digits may name the same number as fewer do.
  if (whole * (POWERS_OF_TEN[count] as number) + decimals >= uniqueBelow) return false;
  const { bytes } = out;
  let position = out.length;
  if (value < 0) bytes[position++] = 0x2d;
  position = putInteger(bytes, position, whole);
  if (count > 0) {
    bytes[position] = 0x2e;
    position += count + 1;
    putPadded(bytes, position, decimals, count);
  }
  out.length = position;
  return true;
}

interface Decimal {
  /** Without zeros at either end. */
  readonly digits: string;
  /** Of the first digit. */
  readonly exponent: number;
}

function parseDecimal(text: string): Decimal {
  const [mantissa = '', exponentText = '0'] = text.split('e');
  const [whole = '', decimals = ''] = mantissa.split('.');
  const all = whole + decimals;
  const leading = all.length - all.replace(/^0+/, '').length;
  return {
    digits: all.slice(leading).replace(/0+$/, ''),
    exponent: Number(exponentText) + whole.length - 1 - leading,
  };
}

/**
 * JavaScript's own text is the shortest too, except that it accepts a decimal exactly half way to the neighbour, which reads back only
 * because ties go to even. PostgreSQL does not. Only integers beyond 2^53 can be half way in so few digits.
 */
function shortestFloat8(value: number): Decimal {
  const shortest = parseDecimal(String(value));
  if (value < 2 ** 53 || !isHalfWay(shortest, value)) return shortest;
  for (let precision = shortest.digits.length + 1; precision < 17; precision++) {
    const text = value.toExponential(precision - 1);
    if (Number(text) !== value) continue;
    const longer = parseDecimal(text);
    if (!isHalfWay(longer, value)) return longer;
  }
  return parseDecimal(value.toExponential(16));
}

function isHalfWay({ digits, exponent }: Decimal, value: number): boolean {
  const decimal = BigInt(digits) * 10n ** BigInt(Math.max(0, exponent - digits.length + 1));
  const exact = BigInt(value);
  const distance = decimal > exact ? decimal - exact : exact - decimal;
  return distance !== 0n && distance * 2n === BigInt(decimal > exact ? ulpAbove(value) : ulpBelow(value));
}

const WORDS = new DataView(new ArrayBuffer(8));

function ulpAbove(value: number): number {
  return neighbour(value, 1n) - value;
}

function ulpBelow(value: number): number {
  return value - neighbour(value, -1n);
}

function neighbour(value: number, step: bigint): number {
  WORDS.setFloat64(0, value);
  WORDS.setBigInt64(0, WORDS.getBigInt64(0) + step);
  return WORDS.getFloat64(0);
}

/**
 * The fewest digits that read back as the same real, and of those the nearest; as a double, whose own text is these digits. A decimal half
 * way to a neighbouring real does not count. Of two that are equally near, PostgreSQL takes the even one.
 */
function shortestFloat4(value: number): number {
  // Six digits tell normal reals apart, so fewer are these six without their zeros.
  const fewest = value < SMALLEST_NORMAL_FLOAT4 ? 1 : 6;
  for (let precision = fewest; precision < 9; precision++) {
    const text = value.toPrecision(precision);
    const nearest = Number(text);
    if (namesFloat4(nearest, value)) return isTie(value, precision) ? evenOf(value, precision) : nearest;
    // Above a power of two the neighbours are twice as far as below: the nearest decimal may miss where the next one up does not.
    if (isPowerOfTwo(value)) {
      const above = stepDecimal(value, precision, 1n);
      if (namesFloat4(above, value)) return above;
    }
  }
  return Number(value.toPrecision(9));
}

function namesFloat4(decimal: number, value: number): boolean {
  if (Math.fround(decimal) !== value) return false;
  if (decimal === value) return true;
  WORDS.setFloat32(0, value);
  WORDS.setUint32(0, WORDS.getUint32(0) + (decimal > value ? 1 : -1));
  return Math.abs(decimal - value) * 2 !== Math.abs(WORDS.getFloat32(0) - value);
}

/** Whether the value lies in the middle between two decimals of so many digits. */
function isTie(value: number, precision: number): boolean {
  const longer = value.toExponential(precision);
  return longer[precision + 1] === '5' && Number(longer) === value;
}

/** Of the two decimals around it; the rounded one is away from zero. */
function evenOf(value: number, precision: number): number {
  const { digits } = parseDecimal(value.toExponential(precision - 1));
  const isOdd = digits.length === precision && Number(digits[precision - 1]) % 2 === 1;
  return isOdd ? stepDecimal(value, precision, -1n) : Number(value.toPrecision(precision));
}

function isPowerOfTwo(value: number): boolean {
  WORDS.setFloat32(0, value);
  return (WORDS.getUint32(0) & 0x7f_ffff) === 0;
}

/** The decimal of so many digits that is next to the rounded one. */
function stepDecimal(value: number, precision: number, step: bigint): number {
  const { digits, exponent } = parseDecimal(value.toExponential(precision - 1));
  return Number(`${BigInt(digits.padEnd(precision, '0')) + step}e${exponent - precision + 1}`);
}

function writeDigits(out: WireBuffer, value: number, { digits, exponent }: Decimal, exponentFrom: number): void {
  const sign = value < 0 ? '-' : '';
  if (exponent >= exponentFrom || exponent < EXPONENT_BELOW) {
    const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
    const power = Math.abs(exponent);
    out.writeAscii(`${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${power < 10 ? '0' : ''}${power}`);
  } else if (exponent < 0) {
    out.writeAscii(`${sign}0.${'0'.repeat(-exponent - 1)}${digits}`);
  } else if (digits.length <= exponent + 1) {
    out.writeAscii(sign + digits.padEnd(exponent + 1, '0'));
  } else {
    out.writeAscii(`${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`);
  }
}

/** C's `%.{precision}g`, which is what PostgreSQL uses when fewer digits are asked for. */
function writeRounded(out: WireBuffer, value: number, precision: number): void {
  if (writeSpecial(out, value)) return;
  writeDigits(out, value, parseDecimal(Math.abs(value).toExponential(precision - 1)), precision);
}
