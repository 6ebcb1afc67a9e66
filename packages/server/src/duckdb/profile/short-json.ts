import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { writerOf } from '../value-json.js';

/** A profile shows values, it does not transport them: what is longer ends with `…`. */
export const SHOWN_CHARACTERS = 1000;

/** JSON of a value that is not null, as in a preview; a long one as the beginning of its text. */
export function valueJson(type: DuckDBType, value: DuckDBValue): string {
  const json = writerOf(type)(value);
  if (json.length <= SHOWN_CHARACTERS) return json;
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  if (text.length <= SHOWN_CHARACTERS) return json;
  // Not between the halves of a character.
  return JSON.stringify(`${text.slice(0, SHOWN_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '')}…`);
}

/** The beginning of a text that may be of any length, enough of it for `valueJson` to see that it is long. */
export function shownTextSql(sql: string): string {
  return `left(${sql}, ${SHOWN_CHARACTERS + 1})`;
}
