import { hasSqlDetails, loadModule, parseSync } from 'libpg-query';
import { isFields, listOf, type Fields, type Json } from './ast.js';

/** PostgreSQL's own parser, compiled to WebAssembly. Loading takes 130 ms once; afterwards everything is synchronous. */
export function loadPgParser(): Promise<void> {
  return loadModule();
}

/** One statement of a text, and where it is in the bytes of the text. */
export interface ParsedStatement {
  readonly node: Fields;
}

/** The statements of a text, or undefined when it is not PostgreSQL's grammar, a DuckDB statement or a mistake, or too deep for its parser. */
export function parsePg(sql: string): readonly ParsedStatement[] | undefined {
  if (sql.trim() === '') return [];
  try {
    const parsed = parseSync(sql) as unknown as Json;
    if (!isFields(parsed)) return undefined;
    return listOf(parsed['stmts']).flatMap((statement) => {
      const node = isFields(statement) ? statement['stmt'] : undefined;
      return isFields(node) ? [{ node }] : [];
    });
  } catch (error) {
    // It recurses into what is nested, and such a chain of operators is nested.
    if (hasSqlDetails(error) || error instanceof RangeError) return undefined;
    throw error;
  }
}
