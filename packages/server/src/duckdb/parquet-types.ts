import type { ColumnDefinition } from '../model/columns.js';
import { quoteIdentifier } from './quoting.js';

/** Types whose values Parquet cannot hold, or not exactly: the engine refuses them or writes something near. */
const INEXACT_TYPES = /\b(?:HUGEINT|UHUGEINT|BIGNUM|BIT|INTERVAL|UNION|TIME WITH TIME ZONE|TIMESTAMP_S|TIME_NS)\b/;

/** A select item for a Parquet file: columns of such types, also inside of others, become text that reads back exactly. */
export function parquetColumn(column: ColumnDefinition): string {
  const name = quoteIdentifier(column.name);
  const typeWithoutNames = column.type.replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, '');
  return INEXACT_TYPES.test(typeWithoutNames) ? `CAST(${name} AS VARCHAR) AS ${name}` : name;
}
