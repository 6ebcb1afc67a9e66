import { SqlError } from '../../../errors/sql-error.js';
import { searchPathItem } from '../search-path.js';
import type { StatementKind, TransactionModes } from '../sql-statement.js';
import type { TokenCursor } from './token-cursor.js';

/** SET, RESET and SHOW. Undefined for what the engine answers itself: `SHOW TABLES`, `SET VARIABLE`. */
export function parseSetting(cursor: TokenCursor): StatementKind | undefined {
  if (cursor.accept('show')) return parseShow(cursor);
  if (cursor.accept('reset')) return parseReset(cursor);
  cursor.expect('set');
  if (cursor.sees('variable')) return undefined;
  const scope = cursor.sees('session', 'authorization') ? undefined : cursor.acceptOne('session', 'local', 'global');
  if (scope === 'global') throw new SqlError('42501', 'settings of the whole workspace cannot be changed');
  const local = scope === 'local';
  if (scope === 'session' && cursor.accept('characteristics')) {
    cursor.expect('as', 'transaction');
    return { kind: 'set-transaction', session: true, modes: transactionModes(cursor) };
  }
  if (cursor.accept('transaction')) {
    if (cursor.sees('snapshot')) throw new SqlError('0A000', 'snapshots cannot be imported');
    return { kind: 'set-transaction', session: false, modes: transactionModes(cursor) };
  }
  if (cursor.accept('constraints')) {
    return { kind: 'ignored', notice: undefined };
  }
  if (cursor.accept('time', 'zone')) {
    return { kind: 'set', name: 'timezone', value: timeZone(cursor), local };
  }
  if (cursor.accept('names')) {
    const value = cursor.accept('default') ? undefined : settingItem(cursor);
    return { kind: 'set', name: 'client_encoding', value, local };
  }
  if (cursor.accept('schema')) {
    return { kind: 'set', name: 'search_path', value: searchPathItem(settingItem(cursor)), local };
  }
  if (cursor.accept('role')) {
    const value = settingItem(cursor);
    cursor.end();
    return { kind: 'set', name: 'role', value, local };
  }
  if (cursor.accept('session', 'authorization')) {
    const value = cursor.accept('default') ? undefined : settingItem(cursor);
    cursor.end();
    return { kind: 'set', name: 'session_authorization', value, local };
  }
  const name = settingName(cursor);
  if (!cursor.accept('=') && !cursor.accept('to')) throw cursor.syntaxError();
  const value = cursor.accept('default') ? undefined : settingValue(cursor, name);
  cursor.end();
  return { kind: 'set', name, value, local };
}

function parseShow(cursor: TokenCursor): StatementKind | undefined {
  if (cursor.sees('tables') || cursor.sees('all', 'tables')) return undefined;
  if (cursor.accept('time', 'zone')) return { kind: 'show', name: 'timezone' };
  if (cursor.accept('transaction', 'isolation', 'level')) return { kind: 'show', name: 'transaction_isolation' };
  if (cursor.accept('session', 'authorization')) return { kind: 'show', name: 'session_authorization' };
  const name = settingName(cursor);
  cursor.end();
  return { kind: 'show', name };
}

function parseReset(cursor: TokenCursor): StatementKind | undefined {
  if (cursor.sees('variable')) return undefined;
  if (cursor.accept('time', 'zone')) return { kind: 'reset', name: 'timezone' };
  if (cursor.accept('transaction', 'isolation', 'level')) return { kind: 'reset', name: 'transaction_isolation' };
  if (cursor.accept('session', 'authorization')) return { kind: 'reset', name: 'session_authorization' };
  const name = settingName(cursor);
  cursor.end();
  return { kind: 'reset', name };
}

/** Modes of BEGIN, START TRANSACTION and SET TRANSACTION, with or without commas. */
export function transactionModes(cursor: TokenCursor): TransactionModes {
  const modes: { readOnly?: boolean; isolation?: string; deferrable?: boolean } = {};
  while (!cursor.done) {
    if (cursor.accept('isolation', 'level')) modes.isolation = isolationLevel(cursor);
    else if (cursor.accept('read', 'only')) modes.readOnly = true;
    else if (cursor.accept('read', 'write')) modes.readOnly = false;
    else if (cursor.accept('not', 'deferrable')) modes.deferrable = false;
    else if (cursor.accept('deferrable')) modes.deferrable = true;
    else throw cursor.syntaxError();
    cursor.accept(',');
  }
  return modes;
}

function isolationLevel(cursor: TokenCursor): string {
  if (cursor.accept('serializable')) return 'serializable';
  if (cursor.accept('repeatable', 'read')) return 'repeatable read';
  if (cursor.accept('read', 'committed')) return 'read committed';
  if (cursor.accept('read', 'uncommitted')) return 'read uncommitted';
  throw cursor.syntaxError();
}

/** `statement_timeout`, `my.setting`; names of settings have no case. */
function settingName(cursor: TokenCursor): string {
  let name = cursor.name();
  while (cursor.accept('.')) name += `.${cursor.name()}`;
  return name.toLowerCase();
}

/** One value, or several with commas, as text. */
function settingValue(cursor: TokenCursor, name: string): string {
  const items = [settingItem(cursor)];
  while (cursor.accept(',')) items.push(settingItem(cursor));
  return (name === 'search_path' ? items.map(searchPathItem) : items).join(', ');
}

function settingItem(cursor: TokenCursor): string {
  const sign = cursor.acceptOne('-', '+');
  const token = cursor.take();
  if (sign !== undefined) {
    if (token.kind !== 'number') throw cursor.syntaxError();
    return sign === '-' ? `-${token.value}` : token.value;
  }
  if (token.kind === 'operator' || token.kind === 'punctuation' || token.kind === 'parameter')
    throw cursor.syntaxError();
  return token.value;
}

function timeZone(cursor: TokenCursor): string | undefined {
  if (cursor.accept('local') || cursor.accept('default')) return undefined;
  if (cursor.accept('interval')) {
    const interval = cursor.string();
    if (cursor.accept('hour')) cursor.accept('to', 'minute');
    cursor.end();
    return interval;
  }
  const value = settingItem(cursor);
  cursor.end();
  return value;
}
