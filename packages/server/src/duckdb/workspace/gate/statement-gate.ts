import { SqlError } from '../../../errors/sql-error.js';
import { characterPosition, tokenize, type SqlToken } from '../sql-tokens.js';
import { fileRelation } from './file-relations.js';
import {
  isForbiddenFunction,
  isForbiddenRelation,
  isInternalDatabase,
  makesNameNoCall,
  RESERVED_DATABASES,
  RESERVED_SCHEMAS,
} from './forbidden-names.js';
import type { GatedStatement, WriteTarget } from './gated-statement.js';
import { classOf } from './statement-class.js';
import { writeTargets } from './write-targets.js';

/** Deeper nesting ends parsers: theirs is recursive, and so is ours for PostgreSQL's grammar. */
const MAX_NESTING = 1_000;

/** Characters that the engine's parser takes for white space outside of quotes, besides those that everybody does. */
const UNICODE_SPACE = /[\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\u180e]/;

export interface GateFacts {
  /** Names of the engine's own functions and macros, in lower case. */
  readonly builtInFunctions: ReadonlySet<string>;
  /** As clients call it: `workspace_ws_1`. */
  readonly databaseName: string;
  isBucketSchema(name: string): Promise<boolean>;
}

/**
 * Lets through what a workspace may run. It works on words, not on a grammar, so that it reads both dialects and can be wrong only in being
 * too strict; what a statement is to the engine is checked once more by `prepareChecked`. It gives clear errors; the sandbox of the
 * process gives the safety.
 *
 *   42501 forbidden statement or function · 25006 writing project data · 42P06, 42723, 42939 names that are taken · 0A000 not here
 */
export class StatementGate {
  constructor(private readonly facts: GateFacts) {}

  /** The statements of a text, in order; those without any word are left out unless there is no other. */
  async admit(sql: string): Promise<readonly GatedStatement[]> {
    const statements = this.classify(sql);
    for (const statement of statements) await this.#mustNotWriteProjectData(statement);
    return statements;
  }

  /** `admit` without the question whether a schema is a bucket's. */
  classify(sql: string): readonly GatedStatement[] {
    if (sql.includes('\0')) throw new SqlError('22021', 'a statement cannot contain the character 0');
    const tokens = tokenize(sql);
    mustNotNestTooDeep(tokens, sql);
    const statements: GatedStatement[] = [];
    let first = 0;
    for (let at = 0; at <= tokens.length; at += 1) {
      const token = tokens[at];
      if (token !== undefined && !(token.kind === 'punctuation' && token.value === ';')) continue;
      if (at > first) statements.push(this.#statement(sql, tokens.slice(first, at)));
      first = at + 1;
    }
    return statements.length > 0 ? statements : [EMPTY];
  }

  #statement(sql: string, absolute: readonly SqlToken[]): GatedStatement {
    const start = absolute[0]?.start ?? 0;
    const text = sql.slice(start, absolute.at(-1)?.end ?? start);
    const tokens = absolute.map((token) => ({ ...token, start: token.start - start, end: token.end - start }));
    const fail = (code: string, message: string, token: SqlToken): SqlError =>
      new SqlError(code, message, { position: characterPosition(sql, token.start + start) });
    this.#mustUsePermittedNames(tokens, text, fail);
    const file = fileRelation(tokens);
    if (file !== undefined) throw fail('42501', 'permission denied: files cannot be read in a workspace', file);
    const { kind, commandTag, tagHasCount = false, writes = false, mayGrow = false, innerAt = 0 } = classOf(tokens);
    const changing = tokens.slice(innerAt);
    // Of EXPLAIN also those that it would change with ANALYZE.
    const targets = writes || kind === 'explain' ? writeTargets(changing) : [];
    this.#mustWriteWorkspace(targets, changing, fail);
    return {
      kind,
      verb: tokens[0]?.kind === 'word' ? tokens[0].value.toUpperCase() : '',
      text,
      start,
      tokens,
      commandTag,
      tagHasCount,
      returnsRows: kind === 'query' || kind === 'explain' || (kind === 'write' && hasReturning(tokens)),
      writes,
      mayGrow,
      targets,
    };
  }

  #mustUsePermittedNames(
    tokens: readonly SqlToken[],
    text: string,
    fail: (code: string, message: string, token: SqlToken) => SqlError,
  ): void {
    for (let at = 0; at < tokens.length; at += 1) {
      const token = tokens[at];
      if (token?.kind !== 'word' && token?.kind !== 'quoted') continue;
      if (token.kind === 'word' && UNICODE_SPACE.test(token.value)) {
        throw fail('42601', 'white space of this kind is only possible in quotes', token);
      }
      if (token.kind === 'quoted' && /^u&/i.test(text.slice(token.start, token.start + 2))) {
        throw fail('0A000', 'names with Unicode escapes are not supported', token);
      }
      const next = tokens[at + 1];
      const before = tokens[at - 1];
      if (next?.kind === 'punctuation' && next.value === '(') {
        const isCall = before?.kind !== 'word' || !makesNameNoCall(before.value);
        if (isCall && isForbiddenFunction(token.value, this.facts.builtInFunctions)) {
          throw fail('42501', `permission denied for function ${token.value.toLowerCase()}`, token);
        }
      } else if (isForbiddenRelation(token.value)) {
        throw fail('42501', `permission denied for ${token.value.toLowerCase()}`, token);
      }
      if (next?.value === '.' && next.kind === 'punctuation' && isInternalDatabase(token.value)) {
        throw fail('3D000', `database ${JSON.stringify(token.value)} does not exist`, token);
      }
    }
  }

  /** Not the engine's own databases, not another one's, and no names that would hide what clients and the worker rely on. */
  #mustWriteWorkspace(
    targets: readonly WriteTarget[],
    tokens: readonly SqlToken[],
    fail: (code: string, message: string, token: SqlToken) => SqlError,
  ): void {
    const first = tokens[0];
    if (first === undefined) return;
    const creates = first.value === 'create';
    for (const { database, schema, name, object } of targets) {
      const home = database?.toLowerCase();
      if (home !== undefined && home !== 'ws' && home !== 'temp' && home !== this.facts.databaseName.toLowerCase()) {
        throw fail('0A000', `cross-database references are not implemented: ${JSON.stringify(database)}`, first);
      }
      const within = schema?.toLowerCase();
      if (within === 'memory' || within === 'system' || within === 'information_schema' || within === 'pg_catalog') {
        throw fail('42501', `permission denied for schema ${within}`, first);
      }
      if (object === 'schema' && creates && (RESERVED_SCHEMAS.has(name.toLowerCase()) || /^(pg_|[vt]__)/i.test(name))) {
        throw fail('42939', `unacceptable schema name ${JSON.stringify(name)}`, first);
      }
      if (object === 'relation' && within === undefined && RESERVED_DATABASES.has(name.toLowerCase()) && creates) {
        throw fail('42939', `unacceptable name ${JSON.stringify(name)}`, first);
      }
      if (creates && isMacro(tokens) && this.facts.builtInFunctions.has(name.toLowerCase())) {
        throw fail('42723', `function ${JSON.stringify(name)} already exists and is part of the engine`, first);
      }
    }
  }

  async #mustNotWriteProjectData(statement: GatedStatement): Promise<void> {
    for (const { schema, name, object } of statement.targets) {
      const asked = object === 'schema' ? name : schema;
      if (asked === null || asked === 'main' || asked === 'public' || asked === 'temp' || asked === 'ws') continue;
      if (!(await this.facts.isBucketSchema(asked))) continue;
      if (object === 'schema' && statement.verb === 'CREATE') {
        throw new SqlError('42P06', `schema ${JSON.stringify(asked)} already exists: it is a bucket of the project`);
      }
      throw new SqlError(
        '25006',
        `cannot execute ${statement.verb} in ${JSON.stringify(asked)}: project data is read-only`,
        {
          hint: 'Write into a schema of the workspace, and publish the table with an unload.',
        },
      );
    }
  }
}

const EMPTY: GatedStatement = {
  kind: 'empty',
  verb: '',
  text: '',
  start: 0,
  tokens: [],
  commandTag: '',
  tagHasCount: false,
  returnsRows: false,
  writes: false,
  mayGrow: false,
  targets: [],
};

function mustNotNestTooDeep(tokens: readonly SqlToken[], sql: string): void {
  let depth = 0;
  for (const token of tokens) {
    if (token.kind !== 'punctuation') continue;
    if ('([{'.includes(token.value)) depth += 1;
    else if (')]}'.includes(token.value)) depth -= 1;
    if (depth > MAX_NESTING) {
      throw new SqlError('54001', `the statement is nested deeper than ${MAX_NESTING} brackets`, {
        position: characterPosition(sql, token.start),
      });
    }
  }
}

function hasReturning(tokens: readonly SqlToken[]): boolean {
  return tokens.some((token) => token.kind === 'word' && token.value === 'returning');
}

function isMacro(tokens: readonly SqlToken[]): boolean {
  return tokens
    .slice(1, 5)
    .some((token) => token.kind === 'word' && (token.value === 'macro' || token.value === 'function'));
}
