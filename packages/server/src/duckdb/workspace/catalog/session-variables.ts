import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteLiteral } from '../../quoting.js';
import { postgresql15 } from './postgresql-15.js';
import type { ViewTexts } from './views/view-texts.js';

/** A session as `pg_stat_activity` shows it; times are ISO text. */
export interface SessionActivity {
  readonly pid: number;
  readonly user: string;
  readonly application_name: string | null;
  readonly client_addr: string | null;
  readonly client_port: number | null;
  readonly backend_start: string;
  readonly xact_start: string | null;
  readonly query_start: string | null;
  readonly state_change: string | null;
  readonly state: 'active' | 'idle' | 'idle in transaction' | 'idle in transaction (aborted)';
  readonly query: string;
}

export interface SessionCursor {
  readonly name: string;
  readonly statement: string;
  readonly is_holdable: boolean;
  readonly is_binary: boolean;
  readonly is_scrollable: boolean;
  readonly creation_time: string;
}

export interface SessionPreparedStatement {
  readonly name: string;
  readonly statement: string;
  readonly prepare_time: string;
  readonly from_sql: boolean;
}

/** What a catalogue statement is told about the session that runs it. */
export interface CatalogSession {
  readonly userName: string;
  readonly databaseName: string;
  readonly backendPid: number;
  /** The schemas that names without one are looked for in, as PostgreSQL calls them: `public`. */
  readonly searchPath: readonly string[];
  /** Every setting that `SHOW` knows, in lower case, beyond PostgreSQL's own defaults. */
  readonly settings: ReadonlyMap<string, string>;
  /** When the workspace was opened, ISO text. */
  readonly startedAt: string;
  /** The sessions of this workspace, this one included. */
  activity(): readonly SessionActivity[];
  cursors(): readonly SessionCursor[];
  preparedStatements(): readonly SessionPreparedStatement[];
}

export const UNKNOWN_SESSION: CatalogSession = {
  userName: '',
  databaseName: '',
  backendPid: 0,
  searchPath: ['public'],
  settings: new Map(),
  startedAt: '2000-01-01T00:00:00Z',
  activity: () => [],
  cursors: () => [],
  preparedStatements: () => [],
};

/** What `version()` answers: tools read the first two words, people the rest. */
export function versionText(): string {
  return `PostgreSQL ${postgresql15().version} (DuckDB Storage Backend)`;
}

/** Which variable a relation reads; the others are read by macros, anywhere. */
const OF_RELATIONS: Readonly<Record<string, readonly string[]>> = {
  __pg_activity: ['pg_stat_activity', 'pg_locks'],
  __pg_cursors: ['pg_cursors'],
  __pg_prepared: ['pg_prepared_statements'],
};

/**
 * Tells connections who their sessions are. Variables belong to a connection and can be set inside any transaction, read-only ones
 * included; views and macros read them when a statement is planned. What a connection was told already is not told again.
 */
export class SessionVariables {
  readonly #told = new WeakMap<DuckDBConnection, Map<string, string>>();

  /** `relations` are those that the statement reads; undefined for all. */
  async set(connection: DuckDBConnection, session: CatalogSession, relations?: ReadonlySet<string>): Promise<void> {
    await this.#tell(connection, valuesOf(session), relations);
  }

  /** The texts of views, which macros read beside what `set` tells. */
  async setViews(connection: DuckDBConnection, { plain, pretty }: ViewTexts): Promise<void> {
    const told = (texts: ReadonlyMap<number, string>): string => mapSql([...texts], 'UINTEGER');
    await this.#tell(connection, [
      ['__pg_views', () => told(plain)],
      ['__pg_pretty_views', () => told(pretty)],
    ]);
  }

  async #tell(
    connection: DuckDBConnection,
    values: readonly SessionVariable[],
    relations?: ReadonlySet<string>,
  ): Promise<void> {
    const told = this.#told.get(connection) ?? new Map<string, string>();
    this.#told.set(connection, told);
    const isRead = (name: string): boolean =>
      relations === undefined || (OF_RELATIONS[name]?.some((one) => relations.has(one)) ?? true) || !told.has(name);
    const news = values
      .filter(([name]) => isRead(name))
      .map(([name, value]): [string, string] => [name, value()])
      .filter(([name, value]) => told.get(name) !== value);
    if (news.length === 0) return;
    await connection.run(news.map(([name, value]) => `SET VARIABLE ${name} = ${value}`).join('; '));
    for (const [name, value] of news) told.set(name, value);
  }
}

type SessionVariable = readonly [name: string, value: () => string];

function mapSql(entries: readonly (readonly [string | number, string])[], keyType: string): string {
  const literals = entries.map(
    ([key, value]) => `${typeof key === 'number' ? key : quoteLiteral(key)}: ${quoteLiteral(value)}`,
  );
  return `CAST(MAP {${literals.join(', ')}} AS MAP(${keyType}, VARCHAR))`;
}

function valuesOf(session: CatalogSession): readonly SessionVariable[] {
  return [
    ['__pg_version', () => quoteLiteral(versionText())],
    ['__pg_user', () => quoteLiteral(session.userName)],
    ['__pg_database', () => quoteLiteral(session.databaseName)],
    ['__pg_pid', () => String(session.backendPid)],
    ['__pg_started_at', () => quoteLiteral(session.startedAt)],
    ['__pg_search_path', () => `CAST([${session.searchPath.map(quoteLiteral).join(', ')}] AS VARCHAR[])`],
    ['__pg_settings', () => mapSql([...session.settings], 'VARCHAR')],
    ['__pg_activity', () => quoteLiteral(JSON.stringify(session.activity()))],
    ['__pg_cursors', () => quoteLiteral(JSON.stringify(session.cursors()))],
    ['__pg_prepared', () => quoteLiteral(JSON.stringify(session.preparedStatements()))],
  ];
}
