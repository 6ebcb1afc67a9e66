import { SqlError } from '../../../errors/sql-error.js';
import type { SqlNotice } from '../../../duckdb/workspace/sql-engine.js';
import type { SqlStatement } from '../../../duckdb/workspace/sql-statement.js';
import { done, type Execution, type ExecutionRows } from './executable.js';
import { applyEngineSettings, type SessionState } from './session-state.js';
import { textDataRow } from '../../../lib/text-data-row.js';

/** Statements that the session itself carries out. */
export type UtilityStatement = Exclude<
  SqlStatement,
  { readonly kind: 'engine' | 'declare' | 'fetch' | 'copy-in' | 'copy-out' | 'execute' | 'prepare' | 'empty' }
>;

export async function runUtility(
  statement: UtilityStatement,
  state: SessionState,
  signal: AbortSignal,
): Promise<Execution> {
  const { settings, transaction, cursors, statements } = state;
  const { tag } = statement;
  switch (statement.kind) {
    case 'begin':
      return done(tag, (await transaction.begin(statement.modes, signal)) ? [] : [ALREADY_IN_TRANSACTION]);
    case 'commit':
    case 'rollback':
      return endTransaction(statement, state, signal);
    case 'savepoint':
      transaction.savepoint(statement.name);
      return done(tag);
    case 'release':
      transaction.release(statement.name);
      return done(tag);
    case 'rollback-to':
      await transaction.rollbackTo(statement.name);
      return done(tag);
    case 'set-transaction':
      return setTransaction(statement, state);
    case 'set':
      return setSetting(statement, state);
    case 'reset':
      if (statement.name === 'all') settings.resetAll();
      else settings.reset(statement.name);
      await applyEngineSettings(state);
      return done(tag);
    case 'show':
      return { notices: [], rows: shownRows(statement.name, state), tag: () => tag };
    case 'discard':
      return discard(statement.what, state);
    case 'deallocate':
      if (statement.name === undefined) statements.closeAll();
      else {
        statements.get(statement.name);
        statements.close(statement.name);
      }
      return done(statement.name === undefined ? 'DEALLOCATE ALL' : 'DEALLOCATE');
    case 'close':
      if (statement.name === undefined) await cursors.closeAll();
      else await cursors.close(statement.name);
      return done(statement.name === undefined ? 'CLOSE CURSOR ALL' : 'CLOSE CURSOR');
    case 'listen':
      state.notifications.listen(statement.channel);
      return done(tag);
    case 'unlisten':
      state.notifications.unlisten(statement.channel);
      return done(tag);
    case 'notify':
      state.notifications.notify(statement.channel, statement.payload);
      return done(tag);
    case 'ignored':
      return done(tag, statement.notice === undefined ? [] : [warning('01000', statement.notice)]);
  }
}

async function endTransaction(
  statement: UtilityStatement & { readonly kind: 'commit' | 'rollback' },
  { transaction, settings }: SessionState,
  signal: AbortSignal,
): Promise<Execution> {
  const notices = transaction.isBlock ? [] : [NO_TRANSACTION];
  if (statement.chain && !transaction.isBlock) {
    throw new SqlError('25P01', `${statement.tag} AND CHAIN can only be used in transaction blocks`);
  }
  const modes = {
    readOnly: transaction.isReadOnly,
    isolation: settings.get('transaction_isolation') ?? 'read committed',
    deferrable: settings.get('transaction_deferrable') === 'on',
  };
  let tag = statement.tag;
  if (statement.kind === 'commit') tag = await transaction.commit(signal);
  else await transaction.rollback();
  if (statement.chain) await transaction.begin(modes, signal);
  return done(tag, notices);
}

function setTransaction(
  { modes, session, tag }: UtilityStatement & { readonly kind: 'set-transaction' },
  { transaction, settings }: SessionState,
): Execution {
  if (session) {
    const { readOnly, isolation, deferrable } = modes;
    if (isolation !== undefined) settings.set('default_transaction_isolation', isolation, false);
    if (readOnly !== undefined) settings.set('default_transaction_read_only', readOnly ? 'on' : 'off', false);
    if (deferrable !== undefined) settings.set('default_transaction_deferrable', deferrable ? 'on' : 'off', false);
    return done(tag);
  }
  if (!transaction.isOpen)
    return done(tag, [warning('25P01', 'SET TRANSACTION can only be used in transaction blocks')]);
  transaction.setModes(modes);
  return done(tag);
}

async function setSetting(
  { name, value, local, tag }: UtilityStatement & { readonly kind: 'set' },
  state: SessionState,
): Promise<Execution> {
  const { settings, transaction } = state;
  if (local && !transaction.isOpen)
    return done(tag, [warning('25P01', 'SET LOCAL can only be used in transaction blocks')]);
  if (name === 'transaction_read_only' || name === 'transaction_isolation') {
    if (!transaction.isOpen) return done(tag, [warning('25P01', `${name} can only be set in transaction blocks`)]);
    const known = settings.set(name, value ?? '', true);
    transaction.setModes(name === 'transaction_isolation' ? { isolation: known } : { readOnly: known === 'on' });
    return done(tag);
  }
  if (value === undefined) settings.reset(name);
  else settings.set(name, value, local);
  await applyEngineSettings(state);
  return done(tag);
}

async function discard(what: string, state: SessionState): Promise<Execution> {
  const { transaction, cursors, statements, settings, connection } = state;
  if (what === 'all') {
    if (transaction.isBlock) throw new SqlError('25001', 'DISCARD ALL cannot run inside a transaction block');
    await cursors.closeAll();
    settings.resetAll();
    statements.closeAll();
    state.notifications.unlisten(undefined);
    await applyEngineSettings(state);
  }
  if (what === 'all' || what === 'temp') await connection.discardTemporary();
  return done(`DISCARD ${what.toUpperCase()}`);
}

function shownRows(name: string, { settings }: SessionState): ExecutionRows {
  const rows =
    name === 'all'
      ? settings.all().map((setting) => textDataRow([setting.name, setting.value, '']))
      : [textDataRow([settings.show(name).value])];
  return {
    next: (maxRows) => {
      const bytes = rows.splice(0, maxRows);
      return Promise.resolve({ bytes, rows: bytes.length, end: rows.length === 0 });
    },
    close: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}

function warning(sqlState: string, message: string): SqlNotice {
  return { severity: 'WARNING', sqlState, message };
}

const ALREADY_IN_TRANSACTION = warning('25001', 'there is already a transaction in progress');
const NO_TRANSACTION = warning('25P01', 'there is no transaction in progress');
