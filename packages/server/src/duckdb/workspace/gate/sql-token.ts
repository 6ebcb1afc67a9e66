/**
 * `word`: a keyword or plain name. `quoted`: a name in double quotes. `string`: a literal of any form. `number`. `parameter`: `$1`, `?`.
 * `mark`: brackets, operators, everything else, one token per operator.
 */
export type SqlTokenKind = 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'mark';

export interface SqlToken {
  readonly kind: SqlTokenKind;
  /** Words in lower case, quoted names and strings without quotes and with escapes resolved, all others as written. */
  readonly value: string;
  /** UTF-16 indexes: of the first character, and behind the last one. */
  readonly start: number;
  readonly end: number;
}
