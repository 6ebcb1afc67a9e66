import type { DuckDBConnection } from '@duckdb/node-api';
import type { WorkspaceCatalog as ProjectCatalog } from '../../../model/workspace-view.js';
import { quoteLiteral } from '../../quoting.js';
import { PROJECT_TABLES } from './definitions/project-tables.js';
import { loadProjectCatalog } from './load-project-catalog.js';
import { CATALOG_DATABASE, PROJECT_DATABASE } from './names.js';
import { ProjectNumbers } from './definitions/object-numbers.js';
import { loadPgParser } from './pg-parser.js';
import { CatalogSnapshot } from './catalog-snapshot.js';
import { overSnapshot } from './definitions/snapshot.js';
import { SessionVariables, type CatalogSession } from './session-variables.js';
import { rewriteUserStatement, type UserRewrite } from './user-sql/rewrite-user-statement.js';
import { readViewTexts } from './views/view-texts.js';
import { CatalogTranslator, type CatalogStatement } from './translate-catalog-statement.js';

/** Asks the service what the project shows; the generation is that of the last answer. */
export type AskCatalog = (knownGeneration: string | null) => Promise<ProjectCatalog | 'unchanged'>;

/** The file that `build-catalog-file.ts` makes, beside this code once it is built. */
export const CATALOG_FILE = new URL('./postgresql-15.duckdb', import.meta.url).pathname;

/**
 * What PostgreSQL's clients see of a workspace: `pg_catalog` and `information_schema`.
 *
 *   install            attaches the catalogue's file and an empty database for the project's tables; milliseconds
 *   translate(sql)     a statement that reads only the catalogue, as DuckDB runs it; undefined for every other statement
 *   prepare(…)         before each run of a translated statement: brings the project's tables up to date, tells the connection about
 *                      its session
 *
 * The workspace's own objects are views over DuckDB's functions, so that a session sees what its own transaction has made. The project's
 * are rows that the control connection replaces when the service says that they changed; a transaction that has looked at them keeps
 * seeing what it saw. Nothing is asked of the service before the first catalogue statement, so connecting costs the same for any number of
 * tables.
 */
export class WorkspaceCatalog {
  readonly #control: DuckDBConnection;
  readonly #ask: AskCatalog;
  readonly #translator = new CatalogTranslator();
  readonly #numbers = new ProjectNumbers();
  readonly #variables = new SessionVariables();
  readonly #snapshot: CatalogSnapshot;
  #generation: string | null = null;
  #refreshing: Promise<void> | undefined;

  private constructor(control: DuckDBConnection, ask: AskCatalog, onSnapshotFailed: (error: unknown) => void) {
    this.#control = control;
    this.#ask = ask;
    this.#snapshot = new CatalogSnapshot(control, onSnapshotFailed);
  }

  /** Before external access is switched off: it attaches a file. `control` is the catalogue's own from now on. */
  static async install(
    control: DuckDBConnection,
    ask: AskCatalog,
    onSnapshotFailed: (error: unknown) => void,
    file = CATALOG_FILE,
  ): Promise<WorkspaceCatalog> {
    await Promise.all([
      loadPgParser(),
      control.run(
        `ATTACH ${quoteLiteral(file)} AS ${CATALOG_DATABASE} (READ_ONLY); ATTACH ':memory:' AS ${PROJECT_DATABASE}; ${PROJECT_TABLES.join('; ')}`,
      ),
    ]);
    return new WorkspaceCatalog(control, ask, onSnapshotFailed);
  }

  translate(sql: string): CatalogStatement | undefined {
    return this.#translator.translate(sql);
  }

  /** The number that a table of the project has, also before the catalogue was read. */
  tableNumber(bucketName: string, tableName: string): number {
    return this.#numbers.ofTable(bucketName, tableName);
  }

  /** A statement of a user, as DuckDB understands it. */
  rewrite(sql: string, databaseName: string): UserRewrite {
    return rewriteUserStatement(sql, databaseName, (schema, name) => this.#translator.viewText(schema, name));
  }

  /** Answers the SQL to run for the statement, at once and on this connection; it is planned anew each time it runs. */
  async prepare(connection: DuckDBConnection, session: CatalogSession, statement?: CatalogStatement): Promise<string> {
    await this.refresh();
    await this.#variables.set(connection, session, statement?.relations);
    if (statement === undefined) return '';
    if (asksForViews(statement.sql)) await this.tellViews(connection, session);
    return (await this.#snapshot.holdsFor(connection, session)) ? overSnapshot(statement.sql) : statement.sql;
  }

  /** Before a statement that asks for the text of views; after `prepare`. */
  async tellViews(connection: DuckDBConnection, session: CatalogSession): Promise<void> {
    await this.#variables.setViews(connection, await readViewTexts(connection, session.searchPath));
  }

  /** Resolves when nothing is in progress that a statement did not wait for. */
  settled(): Promise<void> {
    return this.#snapshot.settled();
  }

  /** Brings the project's tables up to date; concurrent callers share one question. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const answer = await this.#ask(this.#generation);
    if (answer === 'unchanged' || answer.generation === this.#generation) return;
    await this.#snapshot.drop(() => loadProjectCatalog(this.#control, answer, this.#numbers));
    this.#generation = answer.generation;
  }
}

export function asksForViews(sql: string): boolean {
  return sql.includes('pg_get_viewdef');
}
