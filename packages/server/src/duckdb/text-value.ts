import type { ColumnPrinter } from './row-selection.js';
import { quoteIdentifier } from './quoting.js';

/** How a value of each type is written as text: the first pattern that fits its type; otherwise as the engine casts it. */
const FORMS: readonly (readonly [RegExp, (sql: string) => string])[] = [
  // As they are: JSON has them in the same digits and letters, which are put into quotes (`rowsToJson`).
  [/^(BOOLEAN|VARCHAR|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/, (sql) => sql],
  [/^TIMESTAMP WITH TIME ZONE$/, (sql) => `strftime(${sql} AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f') || '+00:00'`],
  [/^TIMESTAMP(_S|_MS)?$/, (sql) => `strftime(${sql}::TIMESTAMP, '%Y-%m-%d %H:%M:%S.%f')`],
  [/^TIME$/, (sql) => `strftime(DATE '1970-01-01' + ${sql}, '%H:%M:%S.%f')`],
  // An empty list tells as much as none, and other backends have no other.
  [/\]$/, (sql) => `CASE WHEN len(${sql}) > 0 THEN CAST(to_json(${sql}) AS VARCHAR) END`],
  [/^(STRUCT|MAP|UNION)\b/, (sql) => `CAST(to_json(${sql}) AS VARCHAR)`],
];

/** Types whose texts are all short: numbers, moments, booleans, UUIDs. */
const SHORT =
  /^(BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)|DATE|TIME|TIMESTAMP|UUID|INTERVAL)( WITH TIME ZONE|_S|_MS|_NS)?$/;

/** Columns as text of a bounded length: one character more than asked for, so that whoever cuts it can tell. */
export function textPrinter(maxCharacters: number): ColumnPrinter {
  return ({ name, type }) => {
    const column = quoteIdentifier(name);
    const form = FORMS.find(([pattern]) => pattern.test(type))?.[1] ?? ((sql: string) => `CAST(${sql} AS VARCHAR)`);
    return SHORT.test(type)
      ? `${form(column)} AS ${column}`
      : `left(${form(column)}, ${maxCharacters + 1}) AS ${column}`;
  };
}
