const HEADER_BYTES = 5;
const COUNT_BYTES = 2;

/** The values of one DataRow message. */
export function cellsOfRow(message: Buffer): (Uint8Array | null)[] {
  if (message.length === 0) return [];
  const count = message.readUInt16BE(HEADER_BYTES);
  const cells: (Uint8Array | null)[] = [];
  let at = HEADER_BYTES + COUNT_BYTES;
  for (let index = 0; index < count; index++) {
    const length = message.readInt32BE(at);
    at += 4;
    if (length < 0) cells.push(null);
    else {
      cells.push(message.subarray(at, at + length));
      at += length;
    }
  }
  return cells;
}
