import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import type { GatedStatement } from './gate/gated-statement.js';
import type { ColumnTypeNames } from './result-encoding.js';
import type { SqlConnection, SqlConnectionOptions, SqlEngine } from './sql-engine.js';
import type { SqlStatement } from './sql-statement.js';
import type { EditedSql } from './statement-edits.js';
import type { WorkspaceDatabase } from './workspace-database.js';

/** What the engine is made of; each part is somebody else's concern. */
export interface SqlEngineParts {
  readonly database: WorkspaceDatabase;
  /** The gate: cuts the text into statements and throws for what is forbidden. */
  readonly gate: { admit(sql: string): Promise<readonly GatedStatement[]> };
  readonly rewrite: StatementRewriter;
  /** The number that the catalogue gives a table of the project. */
  readonly projectTableOid: (bucketName: string, tableName: string) => number;
  readonly limits: SqlEngineLimits;
  /** The instance is unusable: its process must be replaced. */
  readonly onBroken: (error: Error) => void;
}

export interface SqlEngineLimits {
  /** Rows of suspended portals and cursors of one session: in memory, and altogether. */
  readonly heldRowsMemoryBytes: number;
  readonly heldRowsBytes: number;
}

/** Makes what is written for PostgreSQL understood by DuckDB: catalog queries, and spans of others. */
export type StatementRewriter = (
  statement: SqlStatement,
  session: SqlConnectionOptions,
  /** Of the session; no rows of it are open, so it may be told what the statement will ask. */
  duckdb: DuckDBConnection,
) => Promise<RewrittenSql>;

export interface RewrittenSql extends EditedSql {
  /** Run these first, in the same transaction. */
  readonly before?: readonly string[];
  readonly columnTypes?: ColumnTypeNames;
  /** What to run when the engine cannot plan `sql`: the same without what only PostgreSQL means by it. */
  readonly plain?: EditedSql;
}

export class DuckDbSqlEngine implements SqlEngine {
  constructor(private readonly parts: SqlEngineParts) {}

  async connect(options: SqlConnectionOptions): Promise<SqlConnection> {
    return new DuckDbSqlConnection(this.parts, options, await this.parts.database.connect());
  }
}
