import type { CatalogSession } from './catalog/session-variables.js';
import { readsCatalog } from './catalog/names.js';
import { asksForViews, type WorkspaceCatalog } from './catalog/workspace-catalog.js';
import type { StatementRewriter } from './duckdb-sql-engine.js';
import type { SqlConnectionOptions } from './sql-engine.js';

/** What the catalogue shows of the sessions of a workspace, beyond what one connection knows of itself. */
export interface SessionFacts {
  readonly startedAt: string;
  /** Names of the settings that `pg_settings` and `current_setting` know. */
  readonly settingNames: readonly string[];
  activity(): ReturnType<CatalogSession['activity']>;
}

/**
 * Statements about the catalogue become queries of its own database; of all others, spans are replaced where PostgreSQL means something
 * that DuckDB spells in another way.
 */
export function catalogRewriter(catalog: WorkspaceCatalog, facts: SessionFacts): StatementRewriter {
  return async (statement, session, duckdb) => {
    const translated = catalog.translate(statement.sql);
    if (translated !== undefined) {
      const sql = await catalog.prepare(duckdb, catalogSession(session, facts), translated);
      return { sql, edits: undefined, columnTypes: translated.columnTypes };
    }
    const rewritten = catalog.rewrite(statement.sql, session.database);
    if (readsCatalog(rewritten.sql)) {
      const known = catalogSession(session, facts);
      await catalog.prepare(duckdb, known);
      if (asksForViews(rewritten.sql)) await catalog.tellViews(duckdb, known);
    }
    return rewritten;
  };
}

function catalogSession(
  { user, database, backendPid, settings, facts: own }: SqlConnectionOptions,
  facts: SessionFacts,
): CatalogSession {
  const known = new Map<string, string>();
  for (const name of facts.settingNames) {
    const value = settings.get(name);
    if (value !== undefined) known.set(name.toLowerCase(), value);
  }
  return {
    userName: user,
    databaseName: database,
    backendPid,
    searchPath: searchPathOf(settings.get('search_path') ?? '', user),
    settings: known,
    startedAt: facts.startedAt,
    activity: () => facts.activity(),
    cursors: () => own.cursors(),
    preparedStatements: () => own.preparedStatements(),
  };
}

function searchPathOf(value: string, user: string): readonly string[] {
  const names = value
    .split(',')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
    .filter((name) => name !== '' && name !== '$user' && name !== user);
  return names.length === 0 ? ['public'] : names;
}
