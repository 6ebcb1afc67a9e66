import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogSession } from './catalog/session-variables.js';
import { readsCatalog } from './catalog/names.js';
import { asksForViews, type WorkspaceCatalog } from './catalog/workspace-catalog.js';
import type { StatementRewriter } from './duckdb-sql-engine.js';
import { existingSchemas, namesInSearchPath } from './search-path.js';
import type { SqlConnectionOptions } from './sql-engine.js';

/** What the catalogue shows of the sessions of a workspace, beyond what one connection knows of itself. */
export interface SessionFacts {
  readonly startedAt: string;
  /** Names of the settings that `pg_settings` and `current_setting` know. */
  readonly settingNames: readonly string[];
  isBucketSchema(name: string): Promise<boolean>;
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
      const sql = await catalog.prepare(duckdb, await catalogSession(session, facts, duckdb), translated);
      return { sql, edits: undefined, columnTypes: translated.columnTypes };
    }
    const rewritten = catalog.rewrite(statement.sql, session.database);
    if (readsCatalog(rewritten.sql)) {
      const known = await catalogSession(session, facts, duckdb);
      await catalog.prepare(duckdb, known);
      if (asksForViews(rewritten.sql)) await catalog.tellViews(duckdb, known);
    }
    return rewritten;
  };
}

async function catalogSession(
  { user, database, backendPid, settings, facts: own }: SqlConnectionOptions,
  facts: SessionFacts,
  duckdb: DuckDBConnection,
): Promise<CatalogSession> {
  const known = new Map<string, string>();
  for (const name of facts.settingNames) {
    const value = settings.get(name);
    if (value !== undefined) known.set(name.toLowerCase(), value);
  }
  const names = namesInSearchPath(settings.get('search_path') ?? '"$user", public', user);
  const schemas = await existingSchemas(names, duckdb, facts.isBucketSchema);
  return {
    userName: user,
    databaseName: database,
    backendPid,
    searchPath: schemas.map(({ name }) => name),
    settings: known,
    startedAt: facts.startedAt,
    activity: () => facts.activity(),
    cursors: () => own.cursors(),
    preparedStatements: () => own.preparedStatements(),
  };
}
