/**
 * The elements of PostgreSQL's text form of a one-dimensional array, `{a,"b \"c\"",NULL}`; undefined for text of any other form.
 */
export function parseArrayLiteral(text: string): (string | null)[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) return undefined;
  const body = trimmed.slice(1, -1);
  if (body.trim() === '') return [];
  const elements: (string | null)[] = [];
  const element = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|((?:[^",{}\\]|\\[\s\S])*))\s*(,|$)/y;
  let at = 0;
  for (;;) {
    element.lastIndex = at;
    const match = element.exec(body);
    if (match === null) return undefined;
    const [whole, quoted, bare, end] = match;
    if (quoted !== undefined) elements.push(quoted.replace(/\\([\s\S])/g, '$1'));
    else if (bare === undefined || bare.trim() === '') return undefined;
    else elements.push(/^null$/i.test(bare.trim()) ? null : bare.trim().replace(/\\([\s\S])/g, '$1'));
    at += whole.length;
    if (end !== ',') return at === body.length ? elements : undefined;
  }
}
