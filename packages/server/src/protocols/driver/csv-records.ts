/** Records of a CSV text as the engine writes it: commas, quotes doubled. */
export function csvRecords(text: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  let position = 0;
  while (position < text.length) {
    let value: string;
    if (text[position] === '"') {
      let end = position + 1;
      for (;;) {
        end = text.indexOf('"', end);
        if (end === -1) end = text.length;
        if (text[end + 1] !== '"') break;
        end += 2;
      }
      value = text.slice(position + 1, end).replaceAll('""', '"');
      position = end + 1;
    } else {
      let end = position;
      while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end += 1;
      value = text.slice(position, end);
      position = end;
    }
    fields.push(value);
    if (text[position] === ',') {
      position += 1;
      if (position === text.length) fields.push('');
      continue;
    }
    records.push(fields);
    fields = [];
    position += text.startsWith('\r\n', position) ? 2 : 1;
  }
  if (fields.length > 0) records.push(fields);
  return records;
}
