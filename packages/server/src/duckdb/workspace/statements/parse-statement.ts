import { SqlError } from '../../../errors/sql-error.js';
import type { GatedStatement } from '../gate/gated-statement.js';
import type { SqlStatement, StatementKind, StatementText } from '../sql-statement.js';
import { copyOptions } from './copy-options.js';
import { characterPosition } from '../sql-tokens.js';
import { existenceClause, namePath } from './existence-clause.js';
import { parseDeclareHead, parseFetch } from './parse-cursor.js';
import { parseSetting, transactionModes } from './parse-setting.js';
import { redacted } from './redaction.js';
import { isSmallQuery } from './small-result.js';
import { TokenCursor } from './token-cursor.js';

/** Admits a statement that stands inside another one: of DECLARE, PREPARE, COPY (…). */
export interface Gate {
  admit(sql: string): Promise<readonly GatedStatement[]>;
}

/** Where a statement begins in the client's text; no characters for one that is not in it. */
export interface StatementPlace {
  readonly offset: number;
  readonly characters: number | undefined;
  /** All that the client has sent with it. */
  readonly source: string;
}

/** What the gate let through, as the session sees it: every statement that is not the engine's, taken apart. */
export async function parseStatement(gated: GatedStatement, place: StatementPlace, gate: Gate): Promise<SqlStatement> {
  const text: StatementText = {
    sql: gated.text,
    offset: place.offset,
    offsetCharacters: place.characters,
    tag: gated.commandTag,
    tagHasCount: gated.tagHasCount,
    loggedText: redacted(gated.text, gated.tokens),
  };
  return { ...text, ...(await kindOf(gated, place, gate)) };
}

function kindOf(gated: GatedStatement, place: StatementPlace, gate: Gate): StatementKind | Promise<StatementKind> {
  const cursor = new TokenCursor(gated.text, gated.tokens);
  switch (gated.kind) {
    case 'empty':
      return { kind: 'empty' };
    case 'query':
      return engine(gated, isSmallQuery(gated.tokens));
    case 'write':
      return engine(gated, !gated.returnsRows);
    case 'definition':
    case 'explain':
    case 'maintenance':
      return engine(gated, true);
    case 'transaction':
      return parseTransaction(cursor);
    case 'savepoint':
      return parseSavepoint(cursor);
    case 'setting':
      return parseSetting(cursor) ?? engine(gated, true);
    case 'discard':
      return parseDiscard(cursor);
    case 'copy':
      return parseCopy(gated, place, cursor, gate);
    case 'cursor':
      return parseCursorStatement(gated, place, cursor, gate);
    case 'prepared':
      return parsePrepared(gated, place, cursor, gate);
    case 'notification':
      return parseNotification(cursor);
    case 'lock':
      return { kind: 'ignored', notice: undefined };
    case 'ignored':
      return { kind: 'ignored', notice: `${gated.commandTag} has no effect in this workspace` };
  }
}

function engine(gated: GatedStatement, small: boolean): StatementKind {
  return {
    kind: 'engine',
    class: classOf(gated.kind),
    writes: gated.writes,
    mayGrow: gated.mayGrow,
    returnsRows: gated.returnsRows,
    explains: gated.kind === 'explain',
    existence: gated.kind === 'definition' ? existenceClause(gated) : undefined,
    standsAlone: gated.kind === 'maintenance',
    small,
  };
}

function classOf(kind: GatedStatement['kind']): 'query' | 'write' | 'definition' | 'other' {
  return kind === 'query' || kind === 'write' || kind === 'definition' ? kind : 'other';
}

function parseTransaction(cursor: TokenCursor): StatementKind {
  if (cursor.accept('start')) {
    cursor.expect('transaction');
    return { kind: 'begin', modes: transactionModes(cursor) };
  }
  const verb = cursor.take().value;
  if (cursor.sees('prepared')) throw new SqlError('0A000', 'two-phase commit is not supported');
  if (!cursor.accept('work')) cursor.accept('transaction');
  if (verb === 'begin') return { kind: 'begin', modes: transactionModes(cursor) };
  let chain = false;
  if (cursor.accept('and')) {
    chain = !cursor.accept('no');
    cursor.expect('chain');
  }
  cursor.end();
  return { kind: verb === 'commit' || verb === 'end' ? 'commit' : 'rollback', chain };
}

function parseSavepoint(cursor: TokenCursor): StatementKind {
  const verb = cursor.take().value;
  if (verb === 'rollback') {
    if (!cursor.accept('work')) cursor.accept('transaction');
    cursor.expect('to');
  }
  if (verb !== 'savepoint') cursor.accept('savepoint');
  const name = cursor.name();
  cursor.end();
  if (verb === 'savepoint') return { kind: 'savepoint', name };
  return { kind: verb === 'release' ? 'release' : 'rollback-to', name };
}

function parseDiscard(cursor: TokenCursor): StatementKind {
  cursor.expect('discard');
  const what = cursor.acceptOne('all', 'plans', 'sequences', 'temporary', 'temp');
  if (what === undefined) throw cursor.syntaxError();
  cursor.end();
  return { kind: 'discard', what: what === 'temporary' ? 'temp' : what };
}

async function parseCopy(
  gated: GatedStatement,
  place: StatementPlace,
  cursor: TokenCursor,
  gate: Gate,
): Promise<StatementKind> {
  cursor.expect('copy');
  const binary = cursor.accept('binary');
  if (cursor.sees('(')) {
    const range = cursor.bracket();
    cursor.expect('to');
    cursor.expect('stdout');
    const query = await inner(gated, place, range.start, range.end, gate);
    return { kind: 'copy-out', query, options: copyOptions(cursor, binary) };
  }
  const tableStart = cursor.offset;
  const table = namePath(cursor);
  const tableSql = gated.text.slice(tableStart, cursor.offset);
  const columnsStart = cursor.offset;
  let columns: string[] | undefined;
  let columnsSql = '*';
  if (cursor.sees('(')) {
    columns = cursor.nameList();
    columnsSql = gated.text.slice(columnsStart, cursor.offset).trim().slice(1, -1);
  }
  if (cursor.accept('from')) {
    cursor.expect('stdin');
    return { kind: 'copy-in', table, columns, options: copyOptions(cursor, binary) };
  }
  cursor.expect('to');
  cursor.expect('stdout');
  const sql = `SELECT ${columnsSql} FROM ${tableSql}`;
  const query = await parseStatement(await admitOne(sql, gate), { ...place, characters: undefined }, gate);
  return { kind: 'copy-out', query, options: copyOptions(cursor, binary) };
}

async function parseCursorStatement(
  gated: GatedStatement,
  place: StatementPlace,
  cursor: TokenCursor,
  gate: Gate,
): Promise<StatementKind> {
  if (cursor.sees('fetch') || cursor.sees('move')) return parseFetch(cursor);
  if (cursor.accept('close')) {
    const name = cursor.accept('all') ? undefined : cursor.name();
    cursor.end();
    return { kind: 'close', name };
  }
  const head = parseDeclareHead(cursor);
  return { kind: 'declare', ...head, query: await inner(gated, place, cursor.offset, gated.text.length, gate) };
}

async function parsePrepared(
  gated: GatedStatement,
  place: StatementPlace,
  cursor: TokenCursor,
  gate: Gate,
): Promise<StatementKind> {
  if (cursor.accept('deallocate')) {
    cursor.accept('prepare');
    const name = cursor.accept('all') ? undefined : cursor.name();
    cursor.end();
    return { kind: 'deallocate', name };
  }
  if (cursor.accept('execute')) {
    const name = cursor.name();
    let argumentsSql: string | undefined;
    if (cursor.sees('(')) {
      const range = cursor.bracket();
      argumentsSql = gated.text.slice(range.start, range.end);
    }
    cursor.end();
    return { kind: 'execute', name, argumentsSql };
  }
  cursor.expect('prepare');
  if (cursor.sees('transaction')) throw new SqlError('0A000', 'two-phase commit is not supported');
  const name = cursor.name();
  const types = cursor.sees('(') ? typeList(gated, cursor) : [];
  cursor.expect('as');
  const query = await inner(gated, place, cursor.offset, gated.text.length, gate);
  return { kind: 'prepare', name, types, query, source: place.source };
}

/** The types of PREPARE as written; commas inside brackets belong to a type. */
function typeList(gated: GatedStatement, cursor: TokenCursor): string[] {
  const { start, end } = cursor.bracket();
  const types: string[] = [];
  let from = start;
  let depth = 0;
  for (const token of gated.tokens) {
    if (token.start < start || token.start >= end || token.kind !== 'punctuation') continue;
    if (token.value === '(') depth += 1;
    if (token.value === ')') depth -= 1;
    if (token.value !== ',' || depth > 0) continue;
    types.push(gated.text.slice(from, token.start).trim());
    from = token.end;
  }
  return [...types, gated.text.slice(from, end).trim()];
}

function parseNotification(cursor: TokenCursor): StatementKind {
  if (cursor.accept('unlisten')) {
    const channel = cursor.accept('*') ? undefined : cursor.name();
    cursor.end();
    return { kind: 'unlisten', channel };
  }
  const kind = cursor.acceptOne('listen', 'notify');
  const channel = cursor.name();
  const payload = kind === 'notify' && cursor.accept(',') ? cursor.string() : '';
  cursor.end();
  return kind === 'listen' ? { kind, channel } : { kind: 'notify', channel, payload };
}

/** A statement inside another one, from `start` to `end` of the outer one's text. */
async function inner(
  gated: GatedStatement,
  place: StatementPlace,
  start: number,
  end: number,
  gate: Gate,
): Promise<SqlStatement> {
  const classified = await admitOne(gated.text.slice(start, end), gate);
  if (!['query', 'write', 'explain', 'setting', 'prepared'].includes(classified.kind)) {
    throw new SqlError('42601', `syntax error at or near "${classified.verb}"`);
  }
  const innerStart = start + classified.start;
  return parseStatement(
    classified,
    {
      source: place.source,
      offset: place.offset + innerStart,
      characters:
        place.characters === undefined ? undefined : place.characters + charactersBefore(gated.text, innerStart),
    },
    gate,
  );
}

async function admitOne(sql: string, gate: Gate): Promise<GatedStatement> {
  const [first, ...others] = await gate.admit(sql);
  if (first === undefined || others.length > 0) throw new SqlError('42601', 'syntax error in the inner statement');
  return first;
}

/** Positions count characters, not UTF-16 units. */
export function charactersBefore(sql: string, offset: number): number {
  return characterPosition(sql, offset) - 1;
}
