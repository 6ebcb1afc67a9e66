import type { DuckDBConnection } from '@duckdb/node-api';
import type { PgTypeName } from '../../../model/pg-types.js';
import type { SqlConnectionOptions } from '../sql-engine.js';
import { postgresql15 } from './postgresql-15.js';
import type { CatalogSession, SessionActivity, SessionCursor, SessionPreparedStatement } from './session-variables.js';
import type { TextEdit } from './user-sql/token-list.js';
import type { WorkspaceCatalog } from './workspace-catalog.js';

/** What only the protocol sessions know, for `pg_stat_activity`, `pg_locks`, `pg_cursors` and `pg_prepared_statements`. */
export interface SessionRegistry {
  /** Of all sessions of the workspace. */
  activity(): readonly SessionActivity[];
  /** Of the session with this number. */
  cursors(backendPid: number): readonly SessionCursor[];
  preparedStatements(backendPid: number): readonly SessionPreparedStatement[];
}

export interface RewrittenStatement {
  readonly sql: string;
  /** Undefined where the statement was made anew, so that no place in it is the client's. */
  readonly edits: readonly TextEdit[] | undefined;
  /** Run these first, in the same transaction. */
  readonly before: readonly string[];
  /** PostgreSQL's type per result column where it is known to be another than that of DuckDB's type. */
  readonly columnTypes: readonly (PgTypeName | undefined)[] | undefined;
}

/**
 * What the engine does with each statement before it plans it. A statement about the catalogue must be planned anew each time it runs:
 * what it is told about its session becomes part of the plan.
 */
export class StatementRewriter {
  constructor(
    private readonly catalog: WorkspaceCatalog,
    private readonly registry: SessionRegistry,
    private readonly startedAt: string,
  ) {}

  /** `connection` is that of the session, with nothing running on it. */
  async rewrite(sql: string, session: SqlConnectionOptions, connection: DuckDBConnection): Promise<RewrittenStatement> {
    const translated = this.catalog.translate(sql);
    if (translated !== undefined) {
      await this.catalog.prepare(connection, this.#describe(session));
      return { sql: translated.sql, edits: undefined, before: [], columnTypes: translated.columnTypes };
    }
    const rewritten = this.catalog.rewrite(sql, session.database);
    if (/__pg\./.test(rewritten.sql)) await this.catalog.prepare(connection, this.#describe(session));
    return { ...rewritten, columnTypes: undefined };
  }

  #describe(session: SqlConnectionOptions): CatalogSession {
    const settings = new Map<string, string>();
    for (const name of settingNames()) {
      const value = session.settings.get(name);
      if (value !== undefined) settings.set(name.toLowerCase(), value);
    }
    return {
      userName: session.user,
      databaseName: session.database,
      backendPid: session.backendPid,
      searchPath: schemasOf(session.settings.get('search_path') ?? '', session.user),
      settings,
      startedAt: this.startedAt,
      activity: () => this.registry.activity(),
      cursors: () => this.registry.cursors(session.backendPid),
      preparedStatements: () => this.registry.preparedStatements(session.backendPid),
    };
  }
}

let names: readonly string[] | undefined;

/** Of every setting that PostgreSQL 15 has. */
function settingNames(): readonly string[] {
  names ??= JSON.parse(postgresql15().byName.get('pg_catalog.pg_settings')?.varying['name'] ?? '[]') as string[];
  return names;
}

/** `"$user", public` as the names in it; the user has no schema of their own. */
function schemasOf(searchPath: string, user: string): readonly string[] {
  const named = [...searchPath.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)]
    .map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare?.toLowerCase() ?? '')
    .filter((name) => name !== '' && name !== '$user' && name !== user && name !== 'pg_catalog')
    .map((name) => (name === 'main' ? 'public' : name));
  return named.length === 0 ? ['public'] : named;
}
