import { anyEdits, castEdits, likeEdits, patternEdits } from './expression-edits.js';
import { columnNameEdits } from './column-name-edits.js';
import { droppedEdits, serialEdits } from './definition-edits.js';
import { keywordEdits } from './keyword-edits.js';
import { functionEdits } from './function-edits.js';
import { catalogRelationEdits, schemaEdits, type ViewText } from './relation-edits.js';
import { TokenList, type TextEdit } from './token-list.js';

export interface UserRewrite {
  readonly sql: string;
  /** Sorted, without overlap, so that a place in `sql` can be found in what the client wrote. */
  readonly edits: readonly TextEdit[];
  /** Statements that must run before, in the same transaction: the sequences of columns that number themselves. */
  readonly before: readonly string[];
}

/**
 * Makes a statement of a user mean to DuckDB what it means to PostgreSQL, by replacing spans of its text. It is never written anew from a
 * tree, because PostgreSQL's grammar reads some of DuckDB's statements as something else. What none of the rules knows stays as it is.
 */
export function rewriteUserStatement(sql: string, databaseName: string, viewText: ViewText): UserRewrite {
  const list = new TokenList(sql);
  const serial = serialEdits(list);
  const edits = withoutOverlap([
    ...serial.edits,
    ...castEdits(list),
    ...functionEdits(list),
    ...catalogRelationEdits(list, viewText),
    ...schemaEdits(list, databaseName),
    ...keywordEdits(list),
    ...anyEdits(list),
    ...likeEdits(list),
    ...droppedEdits(list),
    ...patternEdits(list),
    ...columnNameEdits(list),
  ]);
  return { sql: apply(sql, edits), edits, before: serial.before };
}

/** Earlier rules win where two want the same text; insertions never collide. */
function withoutOverlap(edits: readonly TextEdit[]): readonly TextEdit[] {
  const kept: TextEdit[] = [];
  for (const edit of edits) {
    const collides = kept.some((other) => edit.start < other.end && other.start < edit.end);
    if (!collides) kept.push(edit);
  }
  const order = new Map(kept.map((edit, index) => [edit, edit.side === 'opens' ? -index : index]));
  const rank = ({ side }: TextEdit): number => (side === 'closes' ? 0 : side === 'opens' ? 1 : 2);
  return kept.toSorted((a, b) => a.start - b.start || rank(a) - rank(b) || (order.get(a) ?? 0) - (order.get(b) ?? 0));
}

function apply(sql: string, edits: readonly TextEdit[]): string {
  let edited = '';
  let copied = 0;
  for (const edit of edits) {
    edited += sql.slice(copied, edit.start) + edit.text;
    copied = edit.end;
  }
  return edited + sql.slice(copied);
}
