import type { DuckDBConnection } from '@duckdb/node-api';
import { engineFailure } from '../engine-errors.js';

/** A node of the engine's own syntax tree, as its JSON form shows it. */
export type SyntaxNode = { readonly [member: string]: unknown };

export class SyntaxFailure extends Error {
  override readonly name = 'SyntaxFailure';
}

/** Around the expression: newlines keep an unclosed comment or a quote from swallowing what follows. */
const frame = (expression: string): string => `SELECT * FROM data WHERE (\n${expression}\n)`;

/**
 * The syntax tree of one expression, parsed by the engine without binding anything. The text stands where a condition
 * stands; the rest of the statement must come out exactly as it does around the simplest condition, so a text that closes
 * the bracket to add a clause, a set operation or a statement is noticed by what it did to the tree.
 */
export async function parseExpression(connection: DuckDBConnection, text: string): Promise<SyntaxNode> {
  const [tree, simplest] = await parseFrames(connection, frame(text), frame('NULL'));
  if (tree.error === true) throw new SyntaxFailure(parserMessage(String(tree.error_message)));
  const condition = conditionOf(tree);
  if (condition === undefined || shapeAround(tree) !== shapeAround(simplest)) {
    throw new SyntaxFailure('it must be one expression, without further clauses');
  }
  return condition;
}

/** The parser speaks of its stack and its settings where the text is at fault. */
function parserMessage(message: string): string {
  return /^Max expression depth|^memory exhausted/.test(message) ? 'it is nested too deep' : message;
}

async function parseFrames(
  connection: DuckDBConnection,
  ...statements: [string, string]
): Promise<[SyntaxNode, SyntaxNode]> {
  const sql = 'SELECT json_serialize_sql($1::VARCHAR), json_serialize_sql($2::VARCHAR)';
  let row: readonly unknown[] | undefined;
  try {
    [row] = (await connection.runAndReadAll(sql, statements)).getRowsJson();
  } catch (error) {
    const failure = engineFailure(error);
    if (failure !== undefined) throw failure;
    throw new SyntaxFailure('it cannot be parsed', { cause: error });
  }
  return [parseJsonExactly(String(row?.[0])), parseJsonExactly(String(row?.[1]))];
}

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?(?:Infinity|NaN|inf|nan|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** JSON.parse that keeps integers beyond 2^53 and what is not finite, as text. */
function parseJsonExactly(json: string): SyntaxNode {
  const exact = json.replace(JSON_TOKEN, (token) => {
    const keeps = token.startsWith('"') || (Number.isFinite(Number(token)) && !/^-?\d{16,}$/.test(token));
    return keeps ? token : `"${token}"`;
  });
  const tree: unknown = JSON.parse(exact);
  return asNode(tree);
}

function conditionOf(tree: SyntaxNode): SyntaxNode | undefined {
  const statements = asList(tree.statements);
  if (statements.length !== 1) return undefined;
  const condition = asNode(asNode(statements[0]).node).where_clause;
  return isNode(condition) ? condition : undefined;
}

const PARTS_LEFT_OUT = new Set(['where_clause', 'query_location', 'named_param_map']);

/** The statement without its condition, without positions in the text, and without parameters, which are nodes in the condition. */
function shapeAround(tree: SyntaxNode): string {
  return JSON.stringify(tree, (key, value: unknown) => (PARTS_LEFT_OUT.has(key) ? undefined : value));
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asNode(value: unknown): SyntaxNode {
  if (!isNode(value)) throw new SyntaxFailure('it has a form that is not permitted');
  return value;
}

export function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new SyntaxFailure('it has a form that is not permitted');
  return value;
}
