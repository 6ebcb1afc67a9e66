import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../errors/domain-error.js';
import type { TableShape } from '../model/columns.js';
import { engineFailure } from './engine-errors.js';
import { ExpressionPrinter } from './expression/expression-printer.js';
import { findForbiddenMark, findStatementWord, hasMatchingBrackets } from './expression/forbidden-text.js';
import { parseExpression, SyntaxFailure } from './expression/syntax-tree.js';

export { parseOrderBy } from './expression/order-by.js';

const MAX_EXPRESSION_BYTES = 64 * 1024;
const EXCERPT_LENGTH = 200;

/** What the request calls the condition; the details of an error show it under that name. */
export type ConditionMember = 'where_filter' | 'where_clause';

/**
 * A user's condition over the columns of one table, as SQL of ours.
 *
 *   text ─► no comment, no second statement (lexical) ─► the engine's parser ─► syntax tree
 *        ─► every node on the allow-list, printed anew ─► SQL
 *
 * The text itself never becomes part of a statement that runs. Refused: `invalid_where_clause`.
 */
export async function checkCondition(
  connection: DuckDBConnection,
  text: string,
  shape: TableShape,
  member: ConditionMember = 'where_filter',
): Promise<string> {
  const names = shape.columns.map((column) => column.name);
  return rebuild(connection, text, names, (reason) => invalidCondition(reason, text, member));
}

/**
 * A default for a column of type `columnType` (checked already), as SQL of ours. It is evaluated once and cast to the type,
 * so that a default which can never work is refused here and not by the first row that needs it.
 */
export async function checkDefault(connection: DuckDBConnection, text: string, columnType: string): Promise<string> {
  const fail = (reason: string): DomainError =>
    new DomainError('invalid_default', `Invalid default: ${reason}`, { default: text.slice(0, EXCERPT_LENGTH) });
  const sql = await rebuild(connection, text, [], fail);
  try {
    await connection.run(`SELECT CAST((${sql}) AS ${columnType})`);
  } catch (error) {
    throw engineFailure(error) ?? fail(`it has no value of type ${columnType}: ${firstLine(error)}`);
  }
  return sql;
}

/** For the statement that uses a checked condition: what the binder or a cast in it says is about the user's text. */
export function conditionFailure(error: unknown, text: string, member: ConditionMember = 'where_filter'): DomainError {
  return engineFailure(error) ?? invalidCondition(firstLine(error), text, member);
}

function invalidCondition(reason: string, text: string, member: ConditionMember): DomainError {
  return new DomainError('invalid_where_clause', `Invalid WHERE clause: ${reason}`, {
    [member]: text.slice(0, EXCERPT_LENGTH),
  });
}

async function rebuild(
  connection: DuckDBConnection,
  text: string,
  columnNames: readonly string[],
  fail: (reason: string) => DomainError,
): Promise<string> {
  if (text.trim() === '') throw fail('it is empty');
  if (Buffer.byteLength(text) > MAX_EXPRESSION_BYTES) throw fail(`it is longer than ${MAX_EXPRESSION_BYTES} bytes`);
  if (/[\0\p{Cs}]/u.test(text)) throw fail('it contains characters that are not text');
  const mark = findForbiddenMark(text);
  if (mark !== undefined) throw fail(`contains '${mark}'`);
  let tree;
  try {
    if (!hasMatchingBrackets(text)) throw new SyntaxFailure('its brackets do not match');
    tree = await parseExpression(connection, text);
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    const word = findStatementWord(text);
    throw fail(word === undefined ? error.message : `contains '${word}'`);
  }
  try {
    return new ExpressionPrinter(columnNames).print(tree);
  } catch (error) {
    if (error instanceof SyntaxFailure) throw fail(error.message);
    if (error instanceof DomainError && error.code === 'invalid_column_type') throw fail(error.message);
    throw error;
  }
}

/** `Conversion Error: Could not convert …` without the lines that quote the statement, which is ours. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? message).replace(/^[A-Za-z ]+ Error: /, '');
}
