import type { ColumnDescription } from '../../../duckdb/workspace/sql-engine.js';

const TEXT_OID = 25;

/** A column of text, for answers that are the session's own. */
export function textColumn(name: string): ColumnDescription {
  return { name, typeOid: TEXT_OID, typeSize: -1, typeModifier: -1 };
}

/** A DataRow of texts, which are the same in both formats. */
export function textRow(values: readonly (string | null)[]): Buffer {
  const cells = values.map((value) => (value === null ? null : Buffer.from(value)));
  const length = 6 + cells.reduce((sum, cell) => sum + 4 + (cell?.length ?? 0), 0);
  const row = Buffer.allocUnsafe(1 + length);
  row.write('D', 0, 'latin1');
  row.writeInt32BE(length, 1);
  row.writeInt16BE(cells.length, 5);
  let at = 7;
  for (const cell of cells) {
    at = row.writeInt32BE(cell === null ? -1 : cell.length, at);
    if (cell !== null) at += cell.copy(row, at);
  }
  return row;
}
