import { quoteLiteral } from '../quoting.js';

interface TextPattern {
  readonly name: string;
  /** The whole value must match; syntax of RE2. */
  readonly expression: string;
  /** A cheap condition that every match fulfils: most values of most columns never meet the expression. */
  readonly hint: (sql: string) => string;
}

const OCTET = '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])';
const DAY = '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const CLOCK = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?';

const length = (between: string) => (sql: string) => `strlen(${sql}) ${between}`;

const TEXT_PATTERNS: readonly TextPattern[] = [
  {
    name: 'email',
    expression: '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}',
    hint: (sql) => `contains(${sql}, '@')`,
  },
  {
    name: 'uuid',
    expression: '(?i)[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
    hint: length('= 36'),
  },
  { name: 'url', expression: '(?i)https?://[^\\s/?#]+([/?#]\\S*)?', hint: (sql) => `contains(${sql}, '://')` },
  { name: 'phone', expression: '\\+?[0-9() -]{10,20}', hint: length('BETWEEN 10 AND 21') },
  { name: 'ipv4', expression: `(${OCTET}\\.){3}${OCTET}`, hint: length('BETWEEN 7 AND 15') },
  { name: 'date_iso', expression: DAY, hint: length('= 10') },
  { name: 'datetime_iso', expression: `${DAY}[T ]${CLOCK} ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?`, hint: length('>= 16') },
];

/**
 * How many values match; `hint` is true for each of them. Not `hint AND …`: that would match many values against the
 * expression before the engine learns which of the two is cheap.
 */
export function matchCount(sql: string, hint: string, expression: string): string {
  return `count(*) FILTER (WHERE CASE WHEN ${hint} THEN regexp_full_match(${sql}, ${quoteLiteral(expression)}) ELSE false END)`;
}

/** For each pattern, the aggregate that counts the values that match. */
export function patternCounts(sql: string): readonly { readonly pattern: string; readonly sql: string }[] {
  return TEXT_PATTERNS.map(({ name, expression, hint }) => ({
    pattern: name,
    sql: matchCount(sql, hint(sql), expression),
  }));
}
