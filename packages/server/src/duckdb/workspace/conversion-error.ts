/** PostgreSQL's names of the types that DuckDB names in its errors. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  INT8: 'smallint',
  INT16: 'smallint',
  INT32: 'integer',
  INT64: 'bigint',
  // Of UUIDs, which are 128 bits to DuckDB.
  INT128: 'uuid',
  BOOL: 'boolean',
  FLOAT: 'real',
  DOUBLE: 'double precision',
  DECIMAL: 'numeric',
  INTERVAL: 'interval',
};
const INTEGER = /^\s*[-+]?\d+\s*$/;
const UNCONVERTIBLE = /^Could not convert string (["'])(.*)\1 to (\w+)(?:\([\d,]+\))?$/s;
const UNREADABLE = /^invalid (date|timestamp) field format: "(.*)", expected format is /s;
const OUT_OF_RANGE = /^(date|time|timestamp) field value out of range: "(.*)"(?:, expected format is .*)?$/s;
const BAD_JSON = /^Malformed JSON at byte \d+ of input: /;

export interface ConversionError {
  readonly sqlState: string;
  readonly message: string;
  readonly detail?: string;
  /** Of a text that is no label of an enumeration, or no small number: DuckDB keeps labels as numbers, and does not say which it was. */
  readonly label?: { readonly text: string; readonly numberType: string };
}

/** What PostgreSQL says of a text that is no value of its type; undefined for all other errors. */
export function conversionError(message: string): ConversionError | undefined {
  const unconvertible = UNCONVERTIBLE.exec(message);
  if (unconvertible !== null) {
    const [, , text = '', type = ''] = unconvertible;
    const bits = /^UINT(8|16|32)$/.exec(type)?.[1];
    if (bits !== undefined) {
      const numberType = { 8: 'smallint', 16: 'integer', 32: 'bigint' }[bits] ?? 'numeric';
      return { ...invalidLabel(undefined, text), label: { text, numberType } };
    }
    const name = TYPE_NAMES[type];
    return name === undefined ? undefined : invalidValue(name, text);
  }
  const unreadable = UNREADABLE.exec(message);
  if (unreadable !== null) return invalidValue(unreadable[1] ?? '', unreadable[2] ?? '');
  const outOfRange = OUT_OF_RANGE.exec(message);
  if (outOfRange !== null) {
    const [, type = '', text = ''] = outOfRange;
    if (!/\d/.test(text)) return invalidValue(type, text);
    return { sqlState: '22008', message: `date/time field value out of range: "${text}"` };
  }
  if (BAD_JSON.test(message)) {
    return {
      sqlState: '22P02',
      message: 'invalid input syntax for type json',
      detail: message.split('  Input:')[0] ?? '',
    };
  }
  return undefined;
}

export function invalidValue(type: string, text: string): ConversionError {
  if (/^(smallint|integer|bigint)$/.test(type) && INTEGER.test(text)) {
    return { sqlState: '22003', message: `value "${text}" is out of range for type ${type}` };
  }
  const sqlState = /^(date|time|timestamp|interval)$/.test(type) ? '22007' : '22P02';
  return { sqlState, message: `invalid input syntax for type ${type}: "${text}"` };
}

export function invalidLabel(enumName: string | undefined, text: string): ConversionError {
  const name = enumName === undefined ? 'enum' : `enum ${enumName}`;
  return { sqlState: '22P02', message: `invalid input value for ${name}: "${text}"` };
}
