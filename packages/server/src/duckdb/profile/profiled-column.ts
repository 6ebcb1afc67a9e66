import type { ColumnDefinition, TableShape } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';

/** `whole` numbers are computed with as they are; the others as doubles, in which every statistic is given anyway. */
export type ColumnKind = 'whole' | 'wide' | 'decimal' | 'float' | 'text' | 'other';

const KINDS: ReadonlyMap<string, ColumnKind> = new Map([
  ...of('whole', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'),
  ...of('wide', 'HUGEINT', 'UHUGEINT'),
  ...of('float', 'FLOAT', 'DOUBLE'),
  ...of('text', 'VARCHAR'),
]);

function of(kind: ColumnKind, ...types: string[]): [string, ColumnKind][] {
  return types.map((type) => [type, kind]);
}

export interface ProfiledColumn {
  readonly name: string;
  readonly type: string;
  readonly kind: ColumnKind;
  /** The table's key by itself: every value is there once, which no write can change, so that nobody needs to count them. */
  readonly isKey: boolean;
  /** The quoted name. */
  readonly sql: string;
  /** What is ordered and compared: NaN and infinities count as missing, or they would be the largest of every column. */
  readonly ordered: string;
  /** What is computed with; null for a column that is not numeric. */
  readonly number: { readonly sql: string; readonly asDouble: string } | null;
}

export function profiledColumn({ name, type }: ColumnDefinition, { primaryKey }: TableShape): ProfiledColumn {
  const kind = kindOf(type);
  const sql = quoteIdentifier(name);
  const ordered = kind === 'float' ? `CASE WHEN isfinite(${sql}) THEN ${sql} END` : sql;
  const asDouble = `CAST(${ordered} AS DOUBLE)`;
  const isNumeric = kind === 'whole' || kind === 'wide' || kind === 'decimal' || kind === 'float';
  // Quantiles of whole numbers are found three times faster among the numbers themselves.
  return {
    name,
    type,
    kind,
    isKey: primaryKey.length === 1 && primaryKey[0] === name,
    sql,
    ordered,
    number: isNumeric ? { sql: kind === 'whole' ? sql : asDouble, asDouble } : null,
  };
}

/** Of the type as the engine spells it. A list of numbers is no number, although its name begins like one. */
function kindOf(type: string): ColumnKind {
  return KINDS.get(type) ?? (/^DECIMAL\(\d+,\d+\)$/.test(type) ? 'decimal' : 'other');
}
