import { DuckDBDecimalValue } from '@duckdb/node-api';
import { SqlError } from '../../../../errors/sql-error.js';
import { invalidBinary, invalidText } from './input-errors.js';

/** PostgreSQL's numeric: an integer of any size and how many of its digits are decimals; or one that is none. */
export type NumericInput = { readonly unscaled: bigint; readonly scale: number } | 'NaN' | 'Infinity' | '-Infinity';

const MAX_DIGITS = 38;
/** Enough for every double, and a bound on what a few characters can make us compute. */
const MAX_EXPONENT = 1_000;
const NUMERIC = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i;

export function parseNumericText(text: string): NumericInput {
  const trimmed = text.trim();
  switch (trimmed.toLowerCase()) {
    case 'nan':
      return 'NaN';
    case 'infinity':
    case '+infinity':
    case 'inf':
    case '+inf':
      return 'Infinity';
    case '-infinity':
    case '-inf':
      return '-Infinity';
  }
  const match = NUMERIC.exec(trimmed);
  const [, sign, whole = '', decimals = '', exponentText = '0'] = match ?? [];
  if (match === null || whole + decimals === '') throw invalidText('numeric', text);
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > MAX_EXPONENT) throw tooManyDigits(text);
  const digits = BigInt(whole + decimals);
  const scale = decimals.length - exponent;
  const unscaled = scale < 0 ? digits * 10n ** BigInt(-scale) : digits;
  return { unscaled: sign === '-' ? -unscaled : unscaled, scale: Math.max(0, scale) };
}

export function readNumericBinary(bytes: Buffer): NumericInput {
  if (bytes.length < 8) throw invalidBinary('numeric is too short');
  const groupCount = bytes.readUInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readUInt16BE(4);
  const shownScale = bytes.readUInt16BE(6);
  if (bytes.length !== 8 + groupCount * 2) throw invalidBinary('length of numeric');
  if (sign === 0xc000) return 'NaN';
  if (sign === 0xd000) return 'Infinity';
  if (sign === 0xf000) return '-Infinity';
  if (sign !== 0 && sign !== 0x4000) throw invalidBinary('invalid sign in external "numeric" value');
  let unscaled = 0n;
  for (let group = 0; group < groupCount; group++) {
    const digit = bytes.readUInt16BE(8 + group * 2);
    if (digit >= 10_000) throw invalidBinary('invalid digit in external "numeric" value');
    unscaled = unscaled * 10_000n + BigInt(digit);
  }
  // The last group stands at 10^(4 * (weight - groupCount + 1)); then cut or filled to the scale to show.
  const groupScale = -4 * (weight - groupCount + 1);
  const shift = shownScale - groupScale;
  unscaled = shift >= 0 ? unscaled * 10n ** BigInt(shift) : unscaled / 10n ** BigInt(-shift);
  return { unscaled: sign === 0x4000 ? -unscaled : unscaled, scale: shownScale };
}

/** The text that reads back as the same number. */
export function numericText(numeric: NumericInput): string {
  if (typeof numeric === 'string') return numeric;
  const { unscaled, scale } = numeric;
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}

/** As a DECIMAL that holds it exactly. */
export function decimalOf(numeric: { readonly unscaled: bigint; readonly scale: number }): DuckDBDecimalValue {
  let { unscaled, scale } = numeric;
  while (scale > 0 && widthOf(unscaled, scale) > MAX_DIGITS && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  const width = widthOf(unscaled, scale);
  if (width > MAX_DIGITS) throw tooManyDigits(numericText(numeric));
  return new DuckDBDecimalValue(unscaled, width, scale);
}

function widthOf(unscaled: bigint, scale: number): number {
  return Math.max(String(unscaled < 0n ? -unscaled : unscaled).length, scale, 1);
}

function tooManyDigits(text: string): SqlError {
  return new SqlError('22003', `value "${text}" is out of range for type numeric`, {
    detail: `A number can have ${MAX_DIGITS} digits.`,
  });
}
