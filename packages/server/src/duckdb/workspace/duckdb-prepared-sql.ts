import type { DuckDBPreparedStatement, DuckDBResult, DuckDBType } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { assignedLiteralEdits } from './assigned-literals.js';
import { readsCatalog } from './catalog/names.js';
import { asTold } from './told-columns.js';
import { ComposedPlan, composedQuery, type ComposedStream } from './composed-query.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { DefinitionSql } from './definition-sql.js';
import { EnumTypes, isOfEnum } from './enum-types.js';
import { existenceNotices } from './existence-notices.js';
import { MadeRows } from './made-rows.js';
import { PLAN_COLUMNS, QueryPlan } from './query-plan.js';
import {
  bindParameters,
  describeColumns,
  parameterOids,
  wireSettingsOf,
  withOidLists,
  type ColumnTypeNames,
} from './result-encoding.js';
import { namedColumnsEdit } from './short-inserts.js';
import { notifyCalls, type SessionAction } from './notify-calls.js';
import { differingTypes, unknownParameters, withParameterCasts } from './parameter-types.js';
import { settingsCalls } from './settings-functions.js';
import type {
  ColumnDescription,
  OpenOptions,
  ParameterValues,
  PreparedSql,
  RowSource,
  SqlNotice,
} from './sql-engine.js';
import type { EngineStatement, SqlStatement, StatementText } from './sql-statement.js';
import { applyEdits, type EditedSql, type TextEdit } from './statement-edits.js';
import { sqlErrorOf } from './sql-state.js';
import { hasUnknownColumns, onceDeclared, typeNames, withoutParameters } from './statement-shape.js';
import { StreamedRows } from './streamed-rows.js';

/** Numbers from here on are of objects that users made. */
const FIRST_OWN_OID = 16_384;

type EngineSql = StatementText & EngineStatement;

interface Plan {
  readonly edited: EditedSql;
  readonly duckdb: DuckDBPreparedStatement;
  /** The search path and versions it was made for; undefined for the catalogue, whose plans hold the moment they were made. */
  readonly pathKey: string | undefined;
  readonly columnTypes: ColumnTypeNames;
  /** Undefined for a statement that answers no rows. */
  readonly columns: readonly ColumnDescription[] | undefined;
  readonly parameterTypes: readonly DuckDBType[];
  readonly enums: EnumTypes;
  /** Whether the types of the columns depend on the values of parameters. */
  readonly dependsOnValues: boolean;
  /** It reads what the catalogue was told of the session, which is part of the plan: it is made anew for each run. */
  readonly readsCatalog: boolean;
  /** See `DuckDbSqlConnection.changes`; its columns were as described then. */
  changesBefore: number;
  /** It has not run yet. */
  isFresh: boolean;
  /** What `set_config()` and `pg_notify()` do. */
  readonly onOpen: readonly SessionAction[];
}

/**
 * A statement planned by DuckDB. A plan keeps the versions of tables it was made for, so one that is used again in a later transaction is
 * made again when they changed; a change of its columns is then PostgreSQL's "cached plan must not change result type".
 */
export class DuckDbPreparedSql implements PreparedSql {
  readonly parameterTypes: readonly number[];
  readonly columns: readonly ColumnDescription[] | undefined;
  #plan: Plan;
  readonly #composed = new ComposedPlan();

  private constructor(
    private readonly connection: DuckDbSqlConnection,
    readonly statement: EngineSql,
    private readonly givenTypes: readonly number[],
    plan: Plan,
  ) {
    this.#plan = plan;
    this.parameterTypes = parameterOids(plan.parameterTypes, givenTypes, plan.readsCatalog, plan.enums);
    this.columns = plan.columns;
  }

  static async prepare(
    connection: DuckDbSqlConnection,
    statement: SqlStatement,
    givenTypes: readonly number[],
    signal: AbortSignal,
  ): Promise<PreparedSql> {
    if (statement.kind !== 'engine') throw new SqlError('XX000', `a ${statement.kind} statement is not the engine's`);
    if (statement.class === 'definition') return new DefinitionSql(connection, statement);
    return new DuckDbPreparedSql(
      connection,
      statement,
      givenTypes,
      await makePlan(connection, statement, givenTypes, signal),
    );
  }

  async open(parameters: ParameterValues, options: OpenOptions): Promise<RowSource> {
    const { connection, statement } = this;
    const { signal } = options;
    await this.#replanIfNeeded(signal);
    const { duckdb, edited, enums, onOpen } = this.#plan;
    const inputTypes = this.parameterTypes.map((oid) => enums.inputOid(oid));
    bindParameters(duckdb, parameters, inputTypes, connection.options.settings);
    const notices = await connection.runExclusive(signal, () => existenceNotices(connection.duckdb, statement));
    for (const action of onOpen) action(parameters, this.parameterTypes);
    try {
      if (statement.small || this.#plan.pathKey === undefined) return await this.#make(notices, options);
      return await this.#stream(parameters, notices, options);
    } catch (error) {
      throw connection.translate(error, edited, statement);
    }
  }

  close(): void {
    this.#plan.duckdb.destroySync();
    this.#composed.close();
  }

  /** All rows at once. A write that is alone gets a transaction, so that it can be undone when it exceeds the workspace's size. */
  async #make(notices: readonly SqlNotice[], { alone, signal }: OpenOptions): Promise<RowSource> {
    const { connection, statement } = this;
    const { duckdb } = this.#plan;
    const ownTransaction = alone && statement.writes && !statement.standsAlone;
    if (ownTransaction) await connection.begin(signal);
    try {
      if (statement.writes) await connection.beforeWrite(statement);
      const result = await connection.guarded(signal, () => duckdb.run());
      this.#mustFit(result);
      if (ownTransaction) await connection.commit(signal);
      if (statement.explains) return new QueryPlan(result);
      return new MadeRows(result, this.columns, notices, connection.options.settings, this.#plan.columnTypes);
    } catch (error) {
      throw await connection.undo(error, ownTransaction);
    }
  }

  async #stream(parameters: ParameterValues, notices: readonly SqlNotice[], options: OpenOptions): Promise<RowSource> {
    const { connection, statement } = this;
    const { alone, signal, encoding } = options;
    if (alone) await connection.begin(signal);
    try {
      if (statement.writes) await connection.beforeWrite(statement);
      const composed = await this.#streamComposed(parameters, options);
      const result = composed?.result ?? (await connection.guarded(signal, () => this.#plan.duckdb.stream()));
      if (composed === undefined) this.#mustFit(result);
      const rows = new StreamedRows(connection, result, {
        columns: this.columns,
        notices,
        alone,
        encoding,
        statement,
        edited: this.#plan.edited,
        parameters,
        parameterTypes: this.parameterTypes,
        encoder: composed?.encoder,
      });
      connection.setLive(rows);
      return rows;
    } catch (error) {
      throw await connection.undo(error, alone);
    }
  }

  async #streamComposed(
    parameters: ParameterValues,
    { encoding, encodingIsFinal, signal }: OpenOptions,
  ): Promise<ComposedStream | undefined> {
    const { connection, statement, parameterTypes } = this;
    if (!encodingIsFinal || statement.class !== 'query' || this.#plan.dependsOnValues) return undefined;
    const query = composedQuery(statement.sql, this.#plan, encoding, connection.options.settings);
    if (query === undefined) return undefined;
    if (this.#plan.changesBefore !== connection.changes) await this.#mustStillFit(signal);
    return await this.#composed.stream(connection, query, { statement, parameters, parameterTypes, signal });
  }

  async #replanIfNeeded(signal: AbortSignal): Promise<void> {
    const { connection, statement } = this;
    const { pathKey, isFresh, readsCatalog, onOpen, edited } = this.#plan;
    this.#plan.isFresh = false;
    if (pathKey === undefined || readsCatalog || onOpen.length > 0) {
      if (isFresh) return;
    } else {
      const key = await connection.runExclusive(signal, () => connection.usePathFor(edited.sql));
      if (key === pathKey) return;
    }
    const plan = await makePlan(connection, statement, this.givenTypes, signal);
    try {
      this.#mustKeepColumns(plan.columns);
    } catch (error) {
      plan.duckdb.destroySync();
      throw error;
    }
    this.close();
    this.#plan = { ...plan, isFresh: false };
  }

  /** The client has been told which columns to expect. */
  #mustKeepColumns(columns: readonly ColumnDescription[] | undefined): void {
    const same =
      columns?.length === this.columns?.length &&
      (columns ?? []).every((column, index) => column.typeOid === this.columns?.[index]?.typeOid);
    if (!same) throw new SqlError('0A000', 'cached plan must not change result type');
  }

  /**
   * A composed result does not tell the columns that it was made of. What another session changes meanwhile is not noticed: the rows are
   * then those that were described, by casts.
   */
  async #mustStillFit(signal: AbortSignal): Promise<void> {
    const { edited, columnTypes, enums } = this.#plan;
    const duckdb = await this.connection.guarded(signal, () => this.connection.prepareText(edited.sql));
    try {
      this.#mustKeepColumns(describeColumns(duckdb, columnTypes, enums));
      this.#plan.changesBefore = this.connection.changes;
    } finally {
      duckdb.destroySync();
    }
  }

  /** DuckDB plans again by itself when a table was altered. */
  #mustFit(result: DuckDBResult): void {
    if (this.columns === undefined || this.statement.explains) return;
    this.#mustKeepColumns(describeColumns(result, this.#plan.columnTypes, this.#plan.enums));
  }
}

async function makePlan(
  connection: DuckDbSqlConnection,
  statement: EngineSql,
  givenTypes: readonly number[],
  signal: AbortSignal,
): Promise<Plan> {
  const { parts, options, duckdb: engine } = connection;
  const settings = settingsCalls(statement.sql, options.settings);
  const notifications = notifyCalls(statement.sql, options.notify);
  return connection.runExclusive(signal, async () => {
    const rewritten = await parts.rewrite(statement, options, engine);
    // Made anew: it reads the catalogue, and names all that it reads in full.
    const pathKey = rewritten.edits === undefined ? undefined : await connection.usePathFor(rewritten.sql);
    const literals =
      statement.class === 'write'
        ? await assignedLiteralEdits(engine, statement.sql, wireSettingsOf(options.settings))
        : [];
    const versionsWith = (edits: readonly TextEdit[]): Versions => ({
      edited: editedTwice(statement.sql, rewritten, edits),
      plain: rewritten.plain && editedTwice(statement.sql, rewritten.plain, edits),
    });
    const others = [...settings.edits, ...notifications.edits, ...literals];
    const { edited, plain } = versionsWith(others);
    const prepareVersions = (versions: Versions): Promise<Typed> =>
      prepareEither(connection, statement, versions, givenTypes, signal);
    try {
      const typed = await prepareVersions({ edited, plain }).catch(async (error: unknown) => {
        const naming = await namedColumnsEdit(engine, statement.sql, error);
        if (naming === undefined) throw error;
        return prepareVersions(versionsWith([...others, naming]));
      });
      const asksCatalog = edited.edits === undefined || readsCatalog(edited.sql);
      const described = await describe(connection, statement, typed, rewritten.columnTypes, givenTypes, signal);
      const columns =
        described.columns === undefined || pathKey === undefined || statement.explains
          ? described.columns
          : await asTold(statement.sql, described.columns, (relation) => connection.relation(relation));
      const { edited: planned, duckdb } = typed;
      const { changes: changesBefore } = connection;
      const onOpen = [...settings.apply, ...notifications.apply];
      return {
        edited: planned,
        duckdb,
        ...described,
        columns,
        pathKey,
        readsCatalog: asksCatalog,
        onOpen,
        changesBefore,
        isFresh: true,
      };
    } catch (error) {
      throw connection.translate(error, plain ?? edited, statement);
    }
  });
}

type Described = Pick<Plan, 'columns' | 'columnTypes' | 'parameterTypes' | 'enums' | 'dependsOnValues'>;

interface Typed extends Pick<Plan, 'edited' | 'duckdb'> {
  /** Of the parameters that DuckDB knows no type of, by number. */
  readonly types: ReadonlyMap<number, string>;
}

async function describe(
  connection: DuckDbSqlConnection,
  statement: EngineSql,
  { edited, duckdb, types }: Typed,
  columnTypes: ColumnTypeNames,
  givenTypes: readonly number[],
  signal: AbortSignal,
): Promise<Described> {
  const read = async <T>(sql: string, ask: (prepared: DuckDBPreparedStatement) => T | Promise<T>): Promise<T> => {
    const prepared = await connection.guarded(signal, () => connection.prepareText(sql));
    try {
      return await ask(prepared);
    } finally {
      prepared.destroySync();
    }
  };
  const indexes = Array.from({ length: duckdb.parameterCount }, (_, index) => index + 1);
  const differing = differingTypes(duckdb, givenTypes);
  const typeName = typeNames(duckdb, edited.sql, new Map([...types, ...differing]));
  const nulls = `SELECT ${indexes.map((index) => `CAST(NULL AS ${typeName(index)})`).join(', ')}`;
  const parameterTypes =
    unknownParameters(duckdb).length === 0
      ? indexes.map((index) => duckdb.parameterType(index))
      : await read(nulls, (prepared) => indexes.map((index) => prepared.columnType(index - 1)));
  const isNew = (oid: number): boolean => oid >= FIRST_OWN_OID;
  const enumTypes = async (types: readonly DuckDBType[]): Promise<EnumTypes> => {
    if (!types.some(isOfEnum) && !givenTypes.some(isNew)) return EnumTypes.none;
    return await EnumTypes.of(connection.duckdb);
  };
  const dependsOnValues = hasUnknownColumns(duckdb) || differing.size > 0;
  const columnsOf = async (shape: DuckDBPreparedStatement): Promise<Described> => {
    const known = withOidLists(shape, columnTypes);
    const types = Array.from({ length: shape.columnCount }, (_, index) => shape.columnType(index));
    const enums = await enumTypes([...types, ...parameterTypes]);
    return {
      columns: describeColumns(shape, known, enums),
      columnTypes: known,
      parameterTypes,
      enums,
      dependsOnValues,
    };
  };
  if (!statement.returnsRows) {
    const enums = await enumTypes(parameterTypes);
    return { columns: undefined, columnTypes, parameterTypes, enums, dependsOnValues: false };
  }
  if (statement.explains) {
    return { columns: PLAN_COLUMNS, columnTypes, parameterTypes, enums: EnumTypes.none, dependsOnValues: false };
  }
  if (!dependsOnValues) return await columnsOf(duckdb);
  return await read(withoutParameters(edited.sql, typeName), columnsOf);
}

interface Versions {
  readonly edited: EditedSql;
  /** The same without what only PostgreSQL means by it. */
  readonly plain: EditedSql | undefined;
}

/** PostgreSQL's arithmetic where the engine can plan it. Its own mistakes are told of the plain statement, so that places are right. */
async function prepareEither(
  connection: DuckDbSqlConnection,
  statement: EngineSql,
  { edited, plain }: Versions,
  givenTypes: readonly number[],
  signal: AbortSignal,
): Promise<Typed> {
  if (plain === undefined) return prepareTyped(connection, statement, edited, givenTypes, signal);
  try {
    return await prepareTyped(connection, statement, edited, givenTypes, signal);
  } catch (error) {
    if (sqlErrorOf(error).error.sqlState === '22012') throw error;
    const typed = await prepareTyped(connection, statement, plain, givenTypes, signal);
    connection.parts.database.figures.fellBack('arithmetic', statement.sql, error);
    return typed;
  }
}

async function prepareTyped(
  connection: DuckDbSqlConnection,
  statement: EngineSql,
  edited: EditedSql,
  givenTypes: readonly number[],
  signal: AbortSignal,
): Promise<Typed> {
  const prepare = (sql: string): Promise<DuckDBPreparedStatement> =>
    connection.guarded(signal, () => connection.prepareText(sql));
  const duckdb = await prepare(edited.sql);
  const unknown = [...new Set([...unknownParameters(duckdb), ...onceDeclared(edited.sql)])];
  if (unknown.length === 0) return { edited, duckdb, types: new Map() };
  duckdb.destroySync();
  const attempts = withParameterCasts(edited, statement.sql, unknown, givenTypes);
  let firstError: unknown;
  for (const attempt of attempts) {
    try {
      return { ...attempt, duckdb: await prepare(attempt.edited.sql) };
    } catch (error) {
      firstError ??= error;
    }
  }
  throw firstError;
}

/** Spans of the client's text that two parts replace; the settings' come first where both want the same. */
export function editedTwice(sql: string, rewritten: EditedSql, settings: readonly TextEdit[]): EditedSql {
  if (rewritten.edits === undefined || settings.length === 0) return rewritten;
  const others = rewritten.edits.filter((edit) =>
    settings.every(({ start, end }) => edit.end <= start || edit.start >= end),
  );
  return applyEdits(sql, [...others, ...settings]);
}
