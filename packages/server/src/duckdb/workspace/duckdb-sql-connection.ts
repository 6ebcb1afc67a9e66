import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { interruptOnAbort } from '../interruption.js';
import { quoteLiteral } from '../quoting.js';
import { abortedTransaction, NEVER } from './aborted.js';
import type { RelationColumns } from './catalog/result-columns.js';
import type { NamedRelation } from './catalog/result-outline.js';
import { withConstraint } from './constraint-error.js';
import { DuckDbCopySink } from './copy-sink.js';
import type { SqlEngineParts } from './duckdb-sql-engine.js';
import { DuckDbPreparedSql } from './duckdb-prepared-sql.js';
import { labelOf, withEnumName } from './enum-errors.js';
import { prepareChecked } from './gate/prepare-checked.js';
import { HeldRowsBudget } from './held-rows.js';
import { RelationFacts } from './relation-facts.js';
import { cellsOfRow } from './row-cells.js';
import {
  NO_PARAMETERS,
  type CopySink,
  type PreparedSql,
  type SqlConnection,
  type SqlConnectionOptions,
} from './sql-engine.js';
import {
  DEFAULT_SCHEMAS,
  engineSchema,
  existingSchemas,
  mustHavePlaceToCreate,
  namesInSearchPath,
  type PathSchema,
} from './search-path.js';
import { BrokenEngineError, sqlErrorOf } from './sql-state.js';
import type { CopyInStatement, SqlStatement } from './sql-statement.js';
import { withPosition, type EditedSql } from './statement-edits.js';
import { charactersBefore, parseStatement } from './statements/parse-statement.js';
import type { StreamedRows } from './streamed-rows.js';
import type { GrowthGuard, TablePins } from './workspace-database.js';

/** Raises what is wrong with the transaction, and nothing else. */
const PROBE_SQL = 'SELECT 1';

/** What DuckDB's transaction is to us: `lost` was rolled back early, and waits for the session to say ROLLBACK. */
type TransactionState = 'none' | 'open' | 'lost';

/**
 * A session's connection to DuckDB.
 *
 *   one statement:  pins ─► rewrite ─► search path ─► prepare ─► [BEGIN] run or stream [probe, COMMIT] ─► settle
 *   several:        begin ─► … ─► commit | rollback ─► settle
 *
 * DuckDB has one open stream per connection, and drops it without a word when anything else runs. So before anything runs, the rows of the
 * open stream are set aside (`runExclusive`). Its own errors go through `translate`, which gives them SQLSTATE and position.
 */
export class DuckDbSqlConnection implements SqlConnection {
  readonly budget: HeldRowsBudget;
  #live: StreamedRows | undefined;
  #pins: TablePins | undefined;
  #path: string | undefined;
  #transaction: TransactionState = 'none';
  #writes = 0;
  #changes = 0;
  #growth: GrowthGuard | undefined;
  /** The last one of which an error was told. */
  #failedStatement = '';
  #pathNames: readonly string[] = ['public'];
  /** What of them was there when a statement was planned last. */
  #schemas: readonly PathSchema[] = DEFAULT_SCHEMAS;
  /** The open transaction has changed objects of the workspace, or tried to. */
  #defines = false;
  #beforeCommit: string[] = [];
  readonly #relations: RelationFacts;

  constructor(
    readonly parts: SqlEngineParts,
    readonly options: SqlConnectionOptions,
    readonly duckdb: DuckDBConnection,
  ) {
    const { heldRowsMemoryBytes: memoryBytes, heldRowsBytes: totalBytes } = parts.limits;
    this.#relations = new RelationFacts(duckdb, parts.database.objectChanges);
    const { exchangeDirectory, figures } = parts.database;
    this.budget = new HeldRowsBudget({ memoryBytes, totalBytes }, exchangeDirectory, (byteCount) =>
      figures.spooled(byteCount),
    );
  }

  get hasWritten(): boolean {
    return this.#writes > 0;
  }

  /** While it is the same number, this session has changed no table. */
  get changes(): number {
    return this.#changes;
  }

  async parse(sql: string): Promise<readonly SqlStatement[]> {
    const { gate } = this.parts;
    const statements: SqlStatement[] = [];
    let counted = 0;
    let characters = 0;
    for (const gated of await gate.admit(sql)) {
      // From one statement to the next: a text may have very many.
      characters += charactersBefore(sql.slice(counted, gated.start), gated.start - counted);
      counted = gated.start;
      const place = { offset: gated.start, characters, source: sql };
      statements.push(await parseStatement(gated, place, gate));
    }
    return statements;
  }

  async prepare(statement: SqlStatement, parameterTypes: readonly number[], signal: AbortSignal): Promise<PreparedSql> {
    if (this.#transaction === 'lost') throw abortedTransaction();
    return DuckDbPreparedSql.prepare(this, statement, parameterTypes, signal);
  }

  async typeOid(name: string, signal: AbortSignal): Promise<number> {
    const prepared = await this.#prepareText(`SELECT NULL::${name}`, signal);
    try {
      return prepared.columns?.[0]?.typeOid ?? 0;
    } finally {
      prepared.close();
    }
  }

  async evaluate(argumentsSql: string, signal: AbortSignal): Promise<readonly (Uint8Array | null)[]> {
    const prepared = await this.#prepareText(`SELECT ${argumentsSql}\n`, signal);
    try {
      const encoding = { kind: 'rows', formats: [] } as const;
      const rows = await prepared.open(NO_PARAMETERS, {
        alone: this.#transaction === 'none',
        signal,
        encoding,
        encodingIsFinal: true,
      });
      const { bytes } = await rows.next(1, encoding, signal);
      await rows.close();
      return cellsOfRow(Buffer.concat(bytes));
    } finally {
      prepared.close();
    }
  }

  async #prepareText(sql: string, signal: AbortSignal): Promise<PreparedSql> {
    const [statement, ...others] = await this.parse(sql);
    if (statement?.kind !== 'engine' || others.length > 0) throw new SqlError('42601', 'syntax error in an expression');
    return this.prepare({ ...statement, offsetCharacters: undefined }, [], signal);
  }

  async begin(signal: AbortSignal): Promise<void> {
    await this.runExclusive(signal, () => this.duckdb.run('BEGIN TRANSACTION'));
    this.#transaction = 'open';
    this.#writes = 0;
    this.#relations.transactionBegins();
  }

  async commit(signal: AbortSignal): Promise<void> {
    try {
      if (this.#transaction === 'lost') throw abortedTransaction();
      for (const sql of this.#beforeCommit) await this.runExclusive(signal, () => this.duckdb.run(sql));
      await this.#growth?.mustFit();
      // A transaction that DuckDB gave up commits as a rollback, without an error; the probe raises it, and the rest does not run.
      await this.runExclusive(signal, () => this.duckdb.run(`${PROBE_SQL}; COMMIT`));
    } catch (error) {
      await this.rollback();
      throw this.translate(error);
    }
    await this.#ended();
  }

  async rollback(): Promise<void> {
    await this.#live?.abandon();
    this.#live = undefined;
    if (this.#transaction === 'open') await this.#rollbackEngine();
    await this.#ended();
  }

  async #rollbackEngine(): Promise<void> {
    try {
      await this.duckdb.run('ROLLBACK');
    } catch (error) {
      const { error: translated } = sqlErrorOf(error);
      // A failed COMMIT has already ended the transaction.
      if (translated.sqlState !== '25P01') throw this.translate(error);
    }
  }

  async #ended(): Promise<void> {
    this.#transaction = 'none';
    if (this.hasWritten) this.#changes += 1;
    if (this.#defines) this.parts.database.objectChanges.happened();
    this.#relations.transactionEnds();
    this.#defines = false;
    this.#beforeCommit = [];
    this.#writes = 0;
    this.settle();
    const growth = this.#growth;
    this.#growth = undefined;
    await growth?.end();
  }

  settle(): void {
    if (this.#transaction !== 'none') return;
    this.#pins?.release();
    this.#pins = undefined;
  }

  mark(): number {
    return this.#writes;
  }

  async isUntouchedSince(mark: number): Promise<boolean> {
    if (this.#transaction !== 'open' || this.#writes !== mark) return false;
    try {
      await this.setAside(NEVER);
      await this.duckdb.run(PROBE_SQL);
      return true;
    } catch (error) {
      const translated = this.translate(error);
      if (translated instanceof BrokenEngineError) throw translated;
      return false;
    }
  }

  copyIn(
    statement: CopyInStatement,
    options: { readonly alone: boolean; readonly signal: AbortSignal },
  ): Promise<CopySink> {
    return DuckDbCopySink.open(this, statement, options);
  }

  async applySetting(name: string, value: string): Promise<void> {
    if (name === 'search_path') this.#pathNames = namesInSearchPath(value, this.options.user);
    if (name !== 'timezone') return;
    await this.runExclusive(NEVER, () => this.duckdb.run(`SET TimeZone = ${quoteLiteral(value)}`));
  }

  /** On a connection of its own, because the session's transaction may be lost by then. */
  async explained(error: SqlError): Promise<SqlError> {
    if (labelOf(error) === undefined) return error;
    const other = await this.parts.database.connect();
    try {
      return await withEnumName(error, this.#failedStatement, other);
    } finally {
      other.closeSync();
    }
  }

  async discardTemporary(): Promise<void> {
    await this.runExclusive(NEVER, async () => {
      const found = await this.duckdb.run(TEMPORARY_OBJECTS_SQL);
      for (const [statement] of await found.getRows()) await this.duckdb.run(String(statement));
    });
    this.parts.database.objectChanges.happened();
  }

  async close(): Promise<void> {
    try {
      await this.rollback();
    } finally {
      this.duckdb.closeSync();
    }
  }

  /** Whether the session has a transaction of several statements open. */
  get inTransaction(): boolean {
    return this.#transaction === 'open';
  }

  /** A write is about to run in this transaction. Rejects when it needs room that the workspace has not. */
  async beforeWrite({ mayGrow }: { readonly mayGrow: boolean }): Promise<void> {
    this.#writes += 1;
    this.#changes += 1;
    if (mayGrow) this.#growth ??= await this.parts.database.beginGrowth(this.duckdb);
  }

  /** A definition is about to run in this transaction. */
  async beforeDefinition(statement: { readonly mayGrow: boolean }): Promise<void> {
    await this.beforeWrite(statement);
    this.#defines = true;
    this.parts.database.objectChanges.happened();
  }

  /** A statement that ends what the open transaction has begun. */
  runAtCommit(sql: string): void {
    this.#beforeCommit.push(sql);
  }

  /** The number and the columns of what a planned statement names. */
  relation(named: NamedRelation): Promise<RelationColumns | undefined> {
    const { database, projectTableOid } = this.parts;
    return this.#relations.of(named, {
      path: this.#path ?? '',
      schemas: this.#schemas.filter(({ isBucket }) => !isBucket).map(({ name }) => engineSchema(name)),
      projectOid: ({ schema, name }) => {
        const table =
          schema === undefined || this.#pins === undefined ? null : database.pinned(schema, name, this.#pins);
        return table === null ? undefined : projectTableOid(table.bucketName, table.tableName);
      },
    });
  }

  /** What to tell the client about a failure, after a transaction of the statement's own was undone. */
  async undo(error: unknown, ownTransaction: boolean): Promise<unknown> {
    let reason = error;
    try {
      await this.mustHaveFitted();
    } catch (full) {
      reason = full;
    }
    if (ownTransaction) await this.rollback();
    return reason;
  }

  /** After a write failed: 53100 when it was stopped because the workspace is full. */
  async mustHaveFitted(): Promise<void> {
    await this.#growth?.mustFit();
  }

  /** The transaction is of no use any more; frees what it holds before the session says ROLLBACK. */
  async loseTransaction(): Promise<void> {
    if (this.#transaction !== 'open') return;
    this.#transaction = 'lost';
    await this.#rollbackEngine();
  }

  /** From now on `rows` must be set aside before anything else runs; undefined when its stream has ended. */
  setLive(rows: StreamedRows | undefined): void {
    this.#live = rows;
  }

  isLive(rows: StreamedRows): boolean {
    return this.#live === rows;
  }

  async setAside(signal: AbortSignal): Promise<void> {
    const live = this.#live;
    if (live !== undefined) await live.hold(signal);
    this.#live = undefined;
  }

  /** Runs something on the connection after open rows were set aside. Its errors are the client's. */
  async runExclusive<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    try {
      await this.setAside(signal);
      return await this.guarded(signal, run);
    } catch (error) {
      throw this.translate(error);
    }
  }

  /** Runs something that `signal` interrupts. */
  async guarded<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const stop = interruptOnAbort(this.duckdb, signal);
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      stop();
    }
  }

  async probe(): Promise<void> {
    await this.duckdb.run(PROBE_SQL);
  }

  /** Makes the tables that `sql` names visible; answers a key that changes when statements must be prepared again. */
  async usePathFor(sql: string): Promise<string> {
    const { database } = this.parts;
    this.#pins ??= database.beginPins(this.duckdb);
    this.#schemas = await existingSchemas(this.#pathNames, this.duckdb, database.isBucketSchema);
    mustHavePlaceToCreate(sql, this.#schemas);
    const { value, key } = await database.pathFor(sql, this.#pins, this.#schemas);
    if (value !== this.#path) {
      await this.duckdb.run(`SET search_path = ${quoteLiteral(value)}`);
      this.#path = value;
    }
    return key;
  }

  prepareText(sql: string): Promise<DuckDBPreparedStatement> {
    return prepareChecked(this.duckdb, sql);
  }

  /** The client's error; a broken engine is reported to whoever replaces the process. */
  translate(error: unknown, edited?: EditedSql, statement?: SqlStatement): SqlError {
    const { error: translated, bytePosition } = sqlErrorOf(error);
    if (translated instanceof BrokenEngineError) this.parts.onBroken(translated);
    if (edited === undefined || statement === undefined) return translated;
    this.#failedStatement = statement.sql;
    return withPosition(this.#aboutConstraint(translated, statement.sql), bytePosition, edited, statement);
  }

  /** The same for a write that is not in the client's words. */
  translateWrite(error: unknown, sql: string): SqlError {
    return this.#aboutConstraint(this.translate(error), sql);
  }

  #aboutConstraint(error: SqlError, sql: string): SqlError {
    return withConstraint(error, sql, this.#schemas[0]?.name ?? 'public');
  }
}

const TEMPORARY_OBJECTS_SQL = `
  SELECT format('DROP VIEW IF EXISTS temp.main."{}"', replace(view_name, '"', '""')) FROM duckdb_views()
    WHERE database_name = 'temp' AND NOT internal
  UNION ALL
  SELECT format('DROP TABLE IF EXISTS temp.main."{}" CASCADE', replace(table_name, '"', '""')) FROM duckdb_tables()
    WHERE database_name = 'temp'
  UNION ALL
  SELECT format('DROP SEQUENCE IF EXISTS temp.main."{}" CASCADE', replace(sequence_name, '"', '""')) FROM duckdb_sequences()
    WHERE database_name = 'temp'`;
