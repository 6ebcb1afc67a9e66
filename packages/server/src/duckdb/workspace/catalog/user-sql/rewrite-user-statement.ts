import { anyEdits, castEdits, likeEdits, patternEdits } from './expression-edits.js';
import { columnNameEdits } from './column-name-edits.js';
import { droppedEdits, indexNameEdits, serialEdits } from './definition-edits.js';
import { explainEdits } from './explain-edits.js';
import { jsonEdits } from './json-edits.js';
import { lengthEdits } from './length-edits.js';
import { numericEdits } from './numeric-edits.js';
import { keywordEdits } from './keyword-edits.js';
import { functionEdits } from './function-edits.js';
import { defaultEdits, timestampEdits } from './literal-edits.js';
import { catalogRelationEdits, schemaEdits, type ViewText } from './relation-edits.js';
import { divisionEdits } from './division-edits.js';
import { rowFunctionEdits } from './row-function-edits.js';
import { sampleEdits } from './sample-edits.js';
import { sumEdits } from './sum-edits.js';
import { editedSpan, TokenList, type TextEdit } from './token-list.js';
import { valuesEdits } from './values-edits.js';

export interface UserRewrite {
  readonly sql: string;
  /** Sorted, without overlap, so that a place in `sql` can be found in what the client wrote. */
  readonly edits: readonly TextEdit[];
  /** Statements that must run before, in the same transaction: the sequences of columns that number themselves. */
  readonly before: readonly string[];
  /**
   * Where `sql` has edits that say what PostgreSQL's arithmetic is, which the engine may not be able to plan: the same without them. Whoever
   * plans it tries `sql` first.
   */
  readonly plain?: { readonly sql: string; readonly edits: readonly TextEdit[] };
}

/**
 * Makes a statement of a user mean to DuckDB what it means to PostgreSQL, by replacing spans of its text. It is never written anew from a
 * tree, because PostgreSQL's grammar reads some of DuckDB's statements as something else. What none of the rules knows stays as it is.
 */
export function rewriteUserStatement(sql: string, databaseName: string, viewText: ViewText): UserRewrite {
  const list = new TokenList(sql);
  const serial = serialEdits(list);
  const meaning = withoutOverlap([
    ...serial.edits,
    ...castEdits(list),
    ...lengthEdits(list),
    ...numericEdits(list),
    ...timestampEdits(list),
    ...defaultEdits(list),
    ...rowFunctionEdits(list),
    ...functionEdits(list),
    ...catalogRelationEdits(list, viewText),
    ...schemaEdits(list, databaseName),
    ...keywordEdits(list),
    ...anyEdits(list),
    ...likeEdits(list),
    ...droppedEdits(list),
    ...indexNameEdits(list),
    ...sampleEdits(list),
    ...explainEdits(list),
    ...jsonEdits(list),
    ...patternEdits(list),
  ]);
  const sorted = inOrder(meaning);
  const arithmetic = hasArithmetic(list) ? [...sumEdits(list, sorted), ...divisionEdits(list, sorted)] : [];
  const names = [...valuesEdits(list), ...columnNameEdits(list)];
  const plain = edited(sql, [...meaning, ...names]);
  if (arithmetic.length === 0) return { ...plain, before: serial.before };
  return { ...edited(sql, [...meaning, ...arithmetic, ...names]), before: serial.before, plain };
}

/**
 * Not where the engine takes names of functions apart (PIVOT), nor in definitions other than of tables and views made of a query: constraints,
 * defaults and macros are kept and shown as text.
 */
function hasArithmetic(list: TokenList): boolean {
  if (list.tokens.some(({ kind, value }) => kind === 'word' && /^(un)?pivot(_wider|_longer)?$/.test(value)))
    return false;
  if (!list.matches(0, 'create')) return !list.matches(0, 'alter');
  const isOfQuery = list.tokens.slice(1, 6).some(({ kind, value }) => kind === 'word' && /^(table|view)$/.test(value));
  const query = list.tokens.findIndex((_, index) => list.matches(index, 'as'));
  return isOfQuery && query > 0 && list.tokens.slice(query).some((_, index) => list.matches(query + index, 'select'));
}

function edited(sql: string, edits: readonly TextEdit[]): { sql: string; edits: readonly TextEdit[] } {
  const kept = inOrder(withoutOverlap(edits));
  return { sql: editedSpan(sql, kept, 0, sql.length), edits: kept };
}

/** Earlier rules win where two want the same text; insertions never collide. */
function withoutOverlap(edits: readonly TextEdit[]): readonly TextEdit[] {
  const kept: TextEdit[] = [];
  for (const edit of edits) {
    const collides = kept.some((other) => edit.start < other.end && other.start < edit.end);
    if (!collides) kept.push(edit);
  }
  return kept;
}

/** By place; of what opens at one place, later rules are around earlier ones. */
function inOrder(edits: readonly TextEdit[]): readonly TextEdit[] {
  const order = new Map(edits.map((edit, index) => [edit, edit.side === 'opens' ? -index : index]));
  const rank = ({ side }: TextEdit): number => (side === 'closes' ? 0 : side === 'opens' ? 1 : 2);
  return edits.toSorted((a, b) => a.start - b.start || rank(a) - rank(b) || (order.get(a) ?? 0) - (order.get(b) ?? 0));
}
