/** The only two ways text gets into SQL. Values are bound; names cannot be, and file paths in ATTACH and COPY neither. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) throw new Error('an identifier cannot contain NUL');
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new Error('a literal cannot contain NUL');
  return `'${text.replaceAll("'", "''")}'`;
}
