import type { ChunkEncoder } from '../row-encoder.js';

/**
 * Rows whose text DuckDB itself puts together, which takes less than half of what encoding them value by value does: a row is one string, and
 * the strings of a chunk lie back to back, to be copied at once.
 */
export interface Composition {
  /** Stands before the query and after it. */
  readonly before: string;
  readonly after: string;
  createEncoder(): ChunkEncoder;
}

/** The query's columns by number, because names may be absent or the same; then their texts, then what is made of those. */
export function around(
  columnCount: number,
  texts: readonly string[],
  results: readonly string[],
): Pick<Composition, 'before' | 'after'> {
  const columns = Array.from({ length: columnCount }, (_, index) => columnName(index)).join(', ');
  const values = texts.map((text, index) => `${text} AS ${textName(index)}`).join(', ');
  return {
    before: 'FROM (FROM (',
    // The query may end in a comment.
    after: `\n) AS q(${columns}) SELECT ${values}) AS t SELECT ${results.join(', ')}`,
  };
}

export function columnName(index: number): string {
  return `c${index}`;
}

export function textName(index: number): string {
  return `t${index}`;
}
