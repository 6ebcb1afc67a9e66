import { SqlError } from '../../../errors/sql-error.js';
import type { StatementKind } from '../sql-statement.js';
import type { TokenCursor } from './token-cursor.js';

/** What stands before the query of DECLARE; the query begins at the cursor's offset. */
export function parseDeclareHead(cursor: TokenCursor): {
  readonly name: string;
  readonly binary: boolean;
  readonly hold: boolean;
} {
  cursor.expect('declare');
  const name = cursor.name();
  let binary = false;
  for (;;) {
    if (cursor.accept('binary')) binary = true;
    else if (cursor.accept('insensitive') || cursor.accept('asensitive') || cursor.accept('no', 'scroll')) continue;
    else if (cursor.accept('scroll')) {
      throw new SqlError('0A000', 'cursors can only be read forwards', { hint: 'Declare the cursor without SCROLL.' });
    } else break;
  }
  cursor.expect('cursor');
  const hold = cursor.accept('with', 'hold');
  if (!hold) cursor.accept('without', 'hold');
  cursor.expect('for');
  return { name, binary, hold };
}

/** FETCH and MOVE. */
export function parseFetch(cursor: TokenCursor): StatementKind {
  const move = cursor.acceptOne('fetch', 'move') === 'move';
  const count = direction(cursor);
  if (!cursor.accept('from')) cursor.accept('in');
  const name = cursor.name();
  cursor.end();
  return { kind: 'fetch', name, move, count };
}

/** Undefined: backwards, or to a place. */
function direction(cursor: TokenCursor): number | 'all' | undefined {
  if (isBareName(cursor)) return 1;
  if (cursor.accept('next')) return 1;
  if (cursor.accept('all')) return 'all';
  if (cursor.accept('forward')) {
    if (cursor.accept('all')) return 'all';
    return cursor.sees('from') || cursor.sees('in') || isNameNext(cursor) ? 1 : signedCount(cursor);
  }
  if (cursor.accept('relative')) {
    const places = signedCount(cursor);
    return places === 1 ? 1 : undefined;
  }
  if (cursor.acceptOne('prior', 'first', 'last') !== undefined) return undefined;
  if (cursor.accept('absolute')) {
    signedCount(cursor);
    return undefined;
  }
  if (cursor.accept('backward')) {
    if (!cursor.accept('all') && !cursor.sees('from') && !cursor.sees('in') && !isNameNext(cursor)) signedCount(cursor);
    return undefined;
  }
  if (cursor.sees('from') || cursor.sees('in')) return 1;
  return signedCount(cursor);
}

/** `FETCH c`: the name is all there is. */
function isBareName(cursor: TokenCursor): boolean {
  return isNameNext(cursor) && cursor.isLast;
}

function isNameNext(cursor: TokenCursor): boolean {
  const kind = cursor.next?.kind;
  return kind === 'word' || kind === 'quoted';
}

function signedCount(cursor: TokenCursor): number | undefined {
  const negative = cursor.acceptOne('-', '+') === '-';
  const token = cursor.take();
  if (token.kind !== 'number' || !/^\d+$/.test(token.value)) throw cursor.syntaxError();
  const count = Number(token.value);
  return negative && count > 0 ? undefined : count;
}
