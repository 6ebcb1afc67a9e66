import type { DuckDBConnection } from '@duckdb/node-api';
import { SUM_AS } from './catalog/user-sql/sum-edits.js';
import { TokenList } from './catalog/user-sql/token-list.js';
import type { RewrittenSql } from './duckdb-sql-engine.js';
import { prepareChecked } from './gate/prepare-checked.js';
import type { EditedSql } from './statement-edits.js';
import type { WorkspaceFigures } from './workspace-figures.js';

/** A view with more sums than this keeps the engine's types. */
const MAX_SUMS = 200;

const VIEW = /^\s*CREATE\s[^(]*?\bVIEW\s/i;

/** A statement that is not kept prepared, with PostgreSQL's arithmetic, if the engine can plan it; a view keeps none of the macros. */
export async function plannable(
  duckdb: DuckDBConnection,
  { sql, edits, plain }: RewrittenSql,
  figures: WorkspaceFigures,
): Promise<EditedSql> {
  if (plain === undefined) return { sql, edits };
  const stored = VIEW.test(sql) ? await withoutTypingMacros(duckdb, sql) : sql;
  const refusal = stored === undefined ? `more than ${MAX_SUMS} sums` : await planningError(duckdb, stored);
  if (stored !== undefined && refusal === undefined) return { sql: stored, edits: stored === sql ? edits : undefined };
  if ((await planningError(duckdb, plain.sql)) === undefined) figures.fellBack('arithmetic', plain.sql, refusal);
  return plain;
}

/**
 * A view keeps its text, which must not name the catalogue's macros: everybody who opens the workspace's file may read the view. So what
 * `sum_as(sum(x), x)` comes to is found out by planning the statement, and written down: `CAST(sum(x) AS BIGINT)`, or `sum(x)` alone.
 */
async function withoutTypingMacros(connection: DuckDBConnection, sql: string): Promise<string | undefined> {
  let text = sql;
  for (let count = 0; count < MAX_SUMS; count++) {
    const list = new TokenList(text);
    const call = innermostCall(list);
    if (call === undefined) return text;
    const [total] = list.args(call.open);
    const totalText = total === undefined ? '' : text.slice(list.startOf(total[0]), list.endOf(total[1]));
    const as = (replacement: string): string =>
      text.slice(0, list.startOf(call.first)) + replacement + text.slice(list.endOf(list.partner(call.open)));
    const whole = text.slice(list.startOf(call.first), list.endOf(list.partner(call.open)));
    const asked = as(whole.replace(SUM_AS, `${SUM_AS}_bigint`));
    text = as((await planningError(connection, asked)) === undefined ? `CAST(${totalText} AS BIGINT)` : totalText);
  }
  return undefined;
}

/** The last one to begin has no other inside. */
function innermostCall(list: TokenList): { readonly first: number; readonly open: number } | undefined {
  const [database = '', schema = '', name = ''] = SUM_AS.split('.');
  for (let at = list.tokens.length - 1; at >= 0; at--) {
    if (list.matches(at, database, '.', schema, '.', name, '(')) return { first: at, open: at + 5 };
  }
  return undefined;
}

/** Why the engine cannot plan a statement; of one that runs, it is told to the client then. */
async function planningError(connection: DuckDBConnection, sql: string): Promise<unknown> {
  try {
    const prepared = await prepareChecked(connection, sql);
    prepared.destroySync();
    return undefined;
  } catch (error) {
    return error;
  }
}
