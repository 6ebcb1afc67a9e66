import { SqlError } from '../../errors/sql-error.js';
import { quoteIdentifier } from '../quoting.js';
import { TokenList } from './catalog/user-sql/token-list.js';

/** A temporary table that ends with the transaction. */
export interface OnCommitDrop {
  /** The statement without its clause. */
  readonly sql: string;
  readonly dropSql: string;
}

/** `CREATE TEMP TABLE … ON COMMIT DROP`, which DuckDB has not; undefined for every other statement. */
export function onCommitDrop(sql: string): OnCommitDrop | undefined {
  const list = new TokenList(sql);
  const table = list.tokens.findIndex((token, at) => at < 4 && token.kind === 'word' && token.value === 'table');
  if (!list.matches(0, 'create') || table < 0) return undefined;
  const clause = clauseOf(list, table);
  if (clause === undefined) return undefined;
  const isTemporary = list.tokens.slice(0, table).some(({ value }) => value === 'temp' || value === 'temporary');
  if (!isTemporary) throw new SqlError('42P16', 'ON COMMIT can only be used on temporary tables');
  let last = list.matches(table + 1, 'if', 'not', 'exists') ? table + 4 : table + 1;
  while (list.matches(last + 1, '.') && list.isName(last + 2)) last += 2;
  return {
    sql: sql.slice(0, list.startOf(clause)) + sql.slice(list.endOf(clause + 2)),
    dropSql: `DROP TABLE IF EXISTS temp.main.${quoteIdentifier(list.at(last)?.value ?? '')}`,
  };
}

/** It stands behind the columns and before the query. */
function clauseOf(list: TokenList, table: number): number | undefined {
  for (let at = table; at < list.tokens.length && !list.matches(at, 'as'); at++) {
    if (list.matches(at, 'on', 'commit', 'drop')) return at;
    if (list.matches(at, '(')) at = list.partner(at);
  }
  return undefined;
}
