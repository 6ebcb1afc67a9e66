import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteLiteral } from '../../quoting.js';
import { postgresql15 } from './postgresql-15.js';

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

/**
 * Tells the connection who its session is. Variables belong to a connection and can be set inside any transaction, read-only ones
 * included; views and macros read them when a statement is planned.
 */
export async function setSessionVariables(connection: DuckDBConnection, session: CatalogSession): Promise<void> {
  const settings = [...session.settings].map(([name, value]) => `${quoteLiteral(name)}: ${quoteLiteral(value)}`);
  const values: readonly (readonly [string, string])[] = [
    ['__pg_version', quoteLiteral(versionText())],
    ['__pg_user', quoteLiteral(session.userName)],
    ['__pg_database', quoteLiteral(session.databaseName)],
    ['__pg_pid', String(session.backendPid)],
    ['__pg_started_at', quoteLiteral(session.startedAt)],
    ['__pg_search_path', `CAST([${session.searchPath.map(quoteLiteral).join(', ')}] AS VARCHAR[])`],
    ['__pg_settings', `CAST(MAP {${settings.join(', ')}} AS MAP(VARCHAR, VARCHAR))`],
    ['__pg_activity', quoteLiteral(JSON.stringify(session.activity()))],
    ['__pg_cursors', quoteLiteral(JSON.stringify(session.cursors()))],
    ['__pg_prepared', quoteLiteral(JSON.stringify(session.preparedStatements()))],
  ];
  await connection.run(values.map(([name, value]) => `SET VARIABLE ${name} = ${value}`).join('; '));
}
