import { invalid } from '../driver-failure.js';

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|DOUBLE|FLOAT|DECIMAL)\b/;
const BOOLEANS: Readonly<Record<string, string>> = { true: 'true', false: 'false', '1': 'true', '0': 'false' };

/** A default of AlterColumn is the bare value; what it looks like as an expression depends on the type. Empty takes it away. */
export function defaultExpression(value: string, type: string): string | null {
  if (value === '') return null;
  if (NUMERIC.test(type)) {
    if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value)) {
      throw invalid(`Invalid default value for column of type ${type}: expected a number, got "${value}".`, {
        default: value,
      });
    }
    return value;
  }
  if (type === 'BOOLEAN') {
    const word = BOOLEANS[value.toLowerCase()];
    if (word !== undefined) return word;
    throw invalid(`Invalid default value for column of type BOOLEAN: use true, false, 0 or 1, not "${value}".`, {
      default: value,
    });
  }
  return `'${value.replaceAll("'", "''")}'`;
}
