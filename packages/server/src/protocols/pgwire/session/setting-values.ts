import { SqlError } from '../../../errors/sql-error.js';

/** How PostgreSQL reads the values of settings, and how it shows them. */

const TRUE = /^(on|t|tr|tru|true|y|ye|yes|1)$/i;
const FALSE = /^(off|of|f|fa|fal|fals|false|n|no|0)$/i;

export function booleanOf(value: string, name: string): 'on' | 'off' {
  if (TRUE.test(value)) return 'on';
  if (FALSE.test(value)) return 'off';
  throw new SqlError('22023', `parameter "${name}" requires a Boolean value`);
}

export function oneOf(values: readonly string[]): (value: string, name: string) => string {
  return (value, name) => {
    const found = values.find((one) => one === value.toLowerCase());
    if (found !== undefined) return found;
    throw new SqlError('22023', `invalid value for parameter "${name}": "${value}"`, {
      hint: `Available values: ${values.join(', ')}.`,
    });
  };
}

export function integerOf(min: number, max: number): (value: string, name: string) => string {
  return (value, name) => {
    const number = Number(value);
    if (!/^[-+]?\d+$/.test(value.trim())) throw invalid(name, value);
    if (number < min || number > max) {
      throw new SqlError('22023', `${number} is outside the valid range for parameter "${name}" (${min} .. ${max})`);
    }
    return String(number);
  };
}

export function realOf(value: string, name: string): string {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw invalid(name, value);
  return String(number);
}

const MEMORY = /^(\d+)\s*(B|kB|MB|GB|TB)?$/;

export function memoryOf(value: string, name: string): string {
  if (!MEMORY.test(value.trim())) throw invalid(name, value);
  return value.trim();
}

/** Largest first. */
const DURATION_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** Milliseconds of `5000`, `5s`, `1.5min`; 0 is no limit. */
export function durationOf(value: string, name: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?$/.exec(value.trim());
  if (match === null) throw invalid(name, value);
  const unit = match[2] ?? 'ms';
  const ms = Number(match[1]) * (unit === 'us' ? 0.001 : (DURATION_UNITS.find(([one]) => one === unit)?.[1] ?? 1));
  if (ms > 2_147_483_647) {
    throw new SqlError('22023', `${value} is outside the valid range for parameter "${name}" (0 .. 2147483647)`);
  }
  return Math.round(ms);
}

/** In the largest unit that holds it exactly: 60000 is `1min`. */
export function showDuration(ms: number): string {
  if (ms === 0) return '0';
  const [unit, size] = DURATION_UNITS.find(([, one]) => ms % one === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

function invalid(name: string, value: string): SqlError {
  return new SqlError('22023', `invalid value for parameter "${name}": "${value}"`);
}
