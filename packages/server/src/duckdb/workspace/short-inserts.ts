import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteIdentifier } from '../quoting.js';
import { TokenList, type TextEdit } from './catalog/user-sql/token-list.js';
import { readName } from './gate/write-targets.js';

const TOO_FEW = /table .* has (\d+) columns but (\d+) values were supplied/;

/**
 * `INSERT INTO t VALUES (1)` for a table of more columns: PostgreSQL fills the others with their defaults, DuckDB wants the columns
 * named. Asked when the engine has said so: the edit that names them, or undefined when that was not the mistake.
 */
export async function namedColumnsEdit(
  connection: DuckDBConnection,
  sql: string,
  error: unknown,
): Promise<TextEdit | undefined> {
  const counts = error instanceof Error ? TOO_FEW.exec(error.message) : null;
  const supplied = Number(counts?.[2]);
  if (counts === null || supplied >= Number(counts[1])) return undefined;
  const list = new TokenList(sql);
  const table = list.matches(0, 'insert', 'into') ? readName(list.tokens, 2) : undefined;
  if (table === undefined) return undefined;
  const at = list.matches(table.next, 'as') ? table.next + 2 : table.next;
  if (list.matches(at, '(')) return undefined;
  const path = table.parts.map((part, index) =>
    part === 'public' && index === table.parts.length - 2 ? 'main' : part,
  );
  const described = await connection.prepare(`SELECT * FROM ${path.slice(-2).map(quoteIdentifier).join('.')}`);
  try {
    const names = Array.from({ length: supplied }, (_, index) => quoteIdentifier(described.columnName(index)));
    return list.insertAfter(at - 1, ` (${names.join(', ')})`);
  } finally {
    described.destroySync();
  }
}
