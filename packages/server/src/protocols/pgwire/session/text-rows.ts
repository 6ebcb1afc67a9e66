import type { ColumnDescription } from '../../../duckdb/workspace/sql-engine.js';

const TEXT_OID = 25;

/** A column of text, for answers that are the session's own. */
export function textColumn(name: string): ColumnDescription {
  return { name, typeOid: TEXT_OID, typeSize: -1, typeModifier: -1 };
}
