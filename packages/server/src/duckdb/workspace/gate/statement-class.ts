import { SqlError } from '../../../errors/sql-error.js';
import type { SqlToken } from '../sql-tokens.js';
import type { StatementKind } from './gated-statement.js';

/** What the words of a statement say it is. */
export interface StatementClass {
  readonly kind: StatementKind;
  readonly commandTag: string;
  readonly tagHasCount?: boolean;
  readonly writes?: boolean;
  readonly mayGrow?: boolean;
  /** Where the statement inside of EXPLAIN begins. */
  readonly innerAt?: number;
}

const QUERY: StatementClass = { kind: 'query', commandTag: 'SELECT', tagHasCount: true };

const QUERY_VERBS: ReadonlySet<string> = new Set([
  'select',
  'values',
  'table',
  'from',
  'describe',
  'desc',
  'summarize',
  'pivot',
  'pivot_wider',
  'unpivot',
  'pivot_longer',
]);

const WRITES: Readonly<Record<string, StatementClass>> = {
  insert: { kind: 'write', commandTag: 'INSERT 0', tagHasCount: true, writes: true, mayGrow: true },
  update: { kind: 'write', commandTag: 'UPDATE', tagHasCount: true, writes: true, mayGrow: true },
  merge: { kind: 'write', commandTag: 'MERGE', tagHasCount: true, writes: true, mayGrow: true },
  delete: { kind: 'write', commandTag: 'DELETE', tagHasCount: true, writes: true },
  truncate: { kind: 'write', commandTag: 'TRUNCATE TABLE', writes: true },
};

const SESSION_VERBS: Readonly<Record<string, StatementClass>> = {
  begin: { kind: 'transaction', commandTag: 'BEGIN' },
  start: { kind: 'transaction', commandTag: 'START TRANSACTION' },
  commit: { kind: 'transaction', commandTag: 'COMMIT' },
  end: { kind: 'transaction', commandTag: 'COMMIT' },
  rollback: { kind: 'transaction', commandTag: 'ROLLBACK' },
  abort: { kind: 'transaction', commandTag: 'ROLLBACK' },
  savepoint: { kind: 'savepoint', commandTag: 'SAVEPOINT' },
  release: { kind: 'savepoint', commandTag: 'RELEASE' },
  set: { kind: 'setting', commandTag: 'SET' },
  reset: { kind: 'setting', commandTag: 'RESET' },
  show: { kind: 'setting', commandTag: 'SHOW' },
  discard: { kind: 'discard', commandTag: 'DISCARD' },
  declare: { kind: 'cursor', commandTag: 'DECLARE CURSOR' },
  fetch: { kind: 'cursor', commandTag: 'FETCH', tagHasCount: true },
  move: { kind: 'cursor', commandTag: 'MOVE', tagHasCount: true },
  close: { kind: 'cursor', commandTag: 'CLOSE CURSOR' },
  prepare: { kind: 'prepared', commandTag: 'PREPARE' },
  execute: { kind: 'prepared', commandTag: 'EXECUTE' },
  deallocate: { kind: 'prepared', commandTag: 'DEALLOCATE' },
  listen: { kind: 'notification', commandTag: 'LISTEN' },
  notify: { kind: 'notification', commandTag: 'NOTIFY' },
  unlisten: { kind: 'notification', commandTag: 'UNLISTEN' },
  lock: { kind: 'lock', commandTag: 'LOCK TABLE' },
  grant: { kind: 'ignored', commandTag: 'GRANT' },
  revoke: { kind: 'ignored', commandTag: 'REVOKE' },
  reindex: { kind: 'ignored', commandTag: 'REINDEX' },
  cluster: { kind: 'ignored', commandTag: 'CLUSTER' },
  vacuum: { kind: 'maintenance', commandTag: 'VACUUM' },
  analyze: { kind: 'maintenance', commandTag: 'ANALYZE' },
  analyse: { kind: 'maintenance', commandTag: 'ANALYZE' },
};

/** Reach files, other databases, the instance or the machine. */
const FORBIDDEN_VERBS: Readonly<Record<string, string>> = {
  attach: 'ATTACH',
  detach: 'DETACH',
  install: 'INSTALL',
  load: 'LOAD',
  export: 'EXPORT',
  import: 'IMPORT',
  force: 'FORCE',
  call: 'CALL',
  checkpoint: 'CHECKPOINT',
  do: 'DO',
};

const PERMITTED_PRAGMAS: ReadonlySet<string> = new Set([
  'table_info',
  'version',
  'show_tables',
  'functions',
  'collations',
]);

/** DuckDB's own, which answer rows; PostgreSQL's SHOW is about a setting. */
const SHOW_QUERIES: ReadonlySet<string> = new Set(['tables', 'databases', 'schemas']);

const DEFINED_OBJECTS: Readonly<Record<string, string>> = {
  table: 'TABLE',
  view: 'VIEW',
  schema: 'SCHEMA',
  sequence: 'SEQUENCE',
  type: 'TYPE',
  index: 'INDEX',
  macro: 'FUNCTION',
  function: 'FUNCTION',
};

const CREATE_MODIFIERS: ReadonlySet<string> = new Set([
  'or',
  'replace',
  'temp',
  'temporary',
  'local',
  'global',
  'unlogged',
  'persistent',
  'recursive',
  'unique',
]);

/** Throws `SqlError`: 42501 for what is forbidden, 0A000 for what does not exist here, 42601 for what is no statement. */
export function classOf(tokens: readonly SqlToken[]): StatementClass {
  const word = (at: number): string => (tokens[at]?.kind === 'word' ? (tokens[at]?.value ?? '') : '');
  const first = tokens[0];
  if (first === undefined) return { kind: 'empty', commandTag: '' };
  if (first.kind === 'punctuation' && first.value === '(') return QUERY;
  const verb = word(0);
  if (QUERY_VERBS.has(verb)) return QUERY;

  const forbidden = FORBIDDEN_VERBS[verb];
  if (forbidden !== undefined) throw forbiddenStatement(forbidden);
  const write = WRITES[verb];
  if (write !== undefined) {
    if (verb === 'update' && word(1) === 'extensions' && word(2) !== 'set' && word(2) !== 'as') {
      throw forbiddenStatement('UPDATE EXTENSIONS');
    }
    return write;
  }
  switch (verb) {
    case 'with': {
      const statement = tokens.slice(behindCommonTables(tokens));
      // Without one, the engine's parser says what is wrong.
      return statement.length === 0 ? QUERY : classOf(statement);
    }
    case 'rollback':
    case 'abort':
      return savepointForm(tokens) ?? SESSION_VERBS[verb] ?? QUERY;
    case 'show':
      return SHOW_QUERIES.has(word(1)) || (word(1) === 'all' && word(2) === 'tables')
        ? QUERY
        : { kind: 'setting', commandTag: 'SHOW' };
    case 'explain':
      return explained(tokens);
    case 'copy':
      return copied(tokens);
    case 'pragma':
      if (PERMITTED_PRAGMAS.has(word(1)) && tokens[2]?.value !== '=') return QUERY;
      throw forbiddenStatement('PRAGMA');
    case 'use':
      throw new SqlError('0A000', 'USE is not supported', { hint: 'SET search_path does the same.' });
    case 'create':
    case 'drop':
    case 'alter':
      return definition(verb, tokens);
    case 'comment':
      return { kind: 'definition', commandTag: 'COMMENT', writes: true };
    case 'security':
    case 'reassign':
    case 'refresh':
      throw new SqlError('0A000', `${verb.toUpperCase()} is not supported`);
  }
  const known = SESSION_VERBS[verb];
  if (known !== undefined) return known;
  throw new SqlError('42601', `syntax error at or near ${JSON.stringify(first.value)}`, { position: first.start + 1 });
}

export function forbiddenStatement(what: string): SqlError {
  return new SqlError('42501', `permission denied: ${what} is not allowed in a workspace`);
}

/** Index of the word behind `WITH a AS (…), b AS (…)`. */
function behindCommonTables(tokens: readonly SqlToken[]): number {
  let depth = 0;
  for (let at = 1; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === 'punctuation') {
      if (token.value === '(') {
        // `WITH a AS (…) (SELECT …)`: a bracket behind a closed one is the query itself.
        if (depth === 0 && tokens[at - 1]?.value === ')' && tokens[at - 1]?.kind === 'punctuation') return at;
        depth += 1;
      }
      if (token.value === ')') depth -= 1;
    } else if (depth === 0 && token.kind === 'word') {
      const before = tokens[at - 1];
      const mayBegin = before?.kind === 'punctuation' && before.value === ')';
      if (mayBegin && (QUERY_VERBS.has(token.value) || token.value in WRITES || token.value === 'with')) return at;
    }
  }
  return tokens.length;
}

function savepointForm(tokens: readonly SqlToken[]): StatementClass | undefined {
  const words = tokens.slice(1, 3).map((token) => (token.kind === 'word' ? token.value : ''));
  const to = words[0] === 'work' || words[0] === 'transaction' ? words[1] : words[0];
  return to === 'to' ? { kind: 'savepoint', commandTag: 'ROLLBACK' } : undefined;
}

function explained(tokens: readonly SqlToken[]): StatementClass {
  let at = 1;
  let analyze = false;
  if (tokens[at]?.value === '(' && tokens[at]?.kind === 'punctuation') {
    // Options, unless the statement itself is in brackets.
    const close = closingBracket(tokens, at);
    const isStatement = QUERY_VERBS.has(tokens[at + 1]?.value ?? '') || tokens[at + 1]?.value === 'with';
    if (!isStatement) {
      analyze = tokens.slice(at, close).some((token) => /^analy[sz]e$/.test(token.value));
      at = close + 1;
    }
  }
  while (['analyze', 'analyse', 'verbose'].includes(tokens[at]?.value ?? '')) {
    if (tokens[at]?.value !== 'verbose') analyze = true;
    at += 1;
  }
  const inner = classOf(tokens.slice(at));
  // The same as in PostgreSQL. Of other definitions there is no plan, and ANALYZE would just carry them out.
  const hasPlan = inner.kind === 'query' || inner.kind === 'write' || inner.commandTag === 'SELECT';
  if (!hasPlan || inner.commandTag === 'TRUNCATE TABLE') {
    throw new SqlError('42601', `EXPLAIN of ${inner.commandTag || 'nothing'} is not possible`);
  }
  return {
    kind: 'explain',
    commandTag: 'EXPLAIN',
    innerAt: at,
    writes: analyze && inner.writes === true,
    mayGrow: analyze && inner.mayGrow === true,
  };
}

/** Only the two directions that end at the client; everything else names a file, a program or a database. */
function copied(tokens: readonly SqlToken[]): StatementClass {
  let depth = 0;
  for (let at = 1; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.kind === 'punctuation' && token.value === '(') depth += 1;
    else if (token?.kind === 'punctuation' && token.value === ')') depth -= 1;
    else if (depth === 0 && token?.kind === 'word' && (token.value === 'to' || token.value === 'from')) {
      const target = tokens[at + 1];
      if (target?.kind === 'word' && at > 1) {
        if (token.value === 'to' && target.value === 'stdout') {
          return { kind: 'copy', commandTag: 'COPY', tagHasCount: true };
        }
        if (token.value === 'from' && target.value === 'stdin') {
          return { kind: 'copy', commandTag: 'COPY', tagHasCount: true, writes: true, mayGrow: true };
        }
      }
      break;
    }
  }
  throw new SqlError('42501', 'permission denied: COPY can only read FROM STDIN and write TO STDOUT', {
    hint: "psql's \\copy reads and writes files of the client.",
  });
}

function definition(verb: 'create' | 'drop' | 'alter', tokens: readonly SqlToken[]): StatementClass {
  const word = (at: number): string => (tokens[at]?.kind === 'word' ? (tokens[at]?.value ?? '') : '');
  let at = 1;
  if (verb === 'create') while (CREATE_MODIFIERS.has(word(at))) at += 1;
  const object = word(at);
  if (
    object === 'secret' ||
    (word(at) === 'persistent' && word(at + 1) === 'secret') ||
    (word(at) === 'temporary' && word(at + 1) === 'secret')
  ) {
    throw forbiddenStatement(`${verb.toUpperCase()} SECRET`);
  }
  if (object === 'extension') return { kind: 'ignored', commandTag: `${verb.toUpperCase()} EXTENSION` };
  if (verb === 'alter' && tokens.some((token, index) => token.value === 'owner' && word(index + 1) === 'to')) {
    return { kind: 'ignored', commandTag: `ALTER ${object.toUpperCase()}` };
  }
  const tag = DEFINED_OBJECTS[object];
  if (tag === undefined) {
    throw new SqlError(
      '0A000',
      `${verb.toUpperCase()} ${(object === 'materialized' ? 'MATERIALIZED VIEW' : object.toUpperCase()) || 'of this'} is not supported`,
    );
  }
  if (
    verb === 'create' &&
    object === 'function' &&
    tokens.some((_, index) => /^(returns|language)$/.test(word(index)))
  ) {
    throw new SqlError('0A000', 'functions of PostgreSQL are not supported', {
      hint: 'A macro is an expression with parameters: CREATE MACRO half(x) AS x / 2.',
    });
  }
  if (verb === 'create' && object === 'table' && isTableFromQuery(tokens, at)) {
    // PostgreSQL says how many rows were selected.
    return { kind: 'definition', commandTag: 'SELECT', tagHasCount: true, writes: true, mayGrow: true };
  }
  return { kind: 'definition', commandTag: `${verb.toUpperCase()} ${tag}`, writes: true, mayGrow: verb !== 'drop' };
}

/** `CREATE TABLE x [(columns)] AS …`; AS inside of brackets is something else. */
function isTableFromQuery(tokens: readonly SqlToken[], at: number): boolean {
  let depth = 0;
  for (const token of tokens.slice(at)) {
    if (token.kind === 'punctuation' && token.value === '(') depth += 1;
    else if (token.kind === 'punctuation' && token.value === ')') depth -= 1;
    else if (depth === 0 && token.kind === 'word' && token.value === 'as') return true;
  }
  return false;
}

export function closingBracket(tokens: readonly SqlToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.kind !== 'punctuation') continue;
    if (tokens[at]?.value === '(') depth += 1;
    if (tokens[at]?.value === ')') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return tokens.length;
}
