import { callNode, constantText, textNode, type Json } from '../ast.js';
import { CATALOG_DATABASE, FUNCTIONS } from '../names.js';

const QUOTING: Readonly<Record<string, string>> = { I: 'quote_ident', L: 'quote_nullable' };

/** PostgreSQL's `format` with a constant pattern, as a concatenation; undefined for patterns with positions or widths. */
export function formatAsConcatenation(pattern: Json | undefined, args: readonly Json[]): Json | undefined {
  const text = constantText(pattern);
  if (text === undefined) return undefined;
  const parts: Json[] = [];
  let next = 0;
  for (const piece of text.split(/(%.)/s)) {
    if (!piece.startsWith('%')) {
      if (piece !== '') parts.push(textNode(piece));
      continue;
    }
    if (piece === '%%') {
      parts.push(textNode('%'));
      continue;
    }
    const argument = args[next++];
    const kind = piece.slice(1);
    if (argument === undefined || !/^[sIL]$/.test(kind)) return undefined;
    const quoting = QUOTING[kind];
    parts.push(quoting === undefined ? argument : callNode([CATALOG_DATABASE, FUNCTIONS, quoting], [argument]));
  }
  return callNode(['concat'], parts);
}
