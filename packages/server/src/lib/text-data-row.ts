/** A DataRow message of PostgreSQL's protocol that holds texts, which are the same in both formats. */
export function textDataRow(values: readonly (string | null)[]): Buffer {
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
