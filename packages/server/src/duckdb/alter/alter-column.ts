import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError, isDomainError } from '../../errors/domain-error.js';
import { parseColumnType } from '../../model/column-types.js';
import type { ColumnChanges, ColumnDefinition, TableShape } from '../../model/columns.js';
import { mustBeValidColumnName } from '../../model/names.js';
import { checkDefault } from '../checked-expression.js';
import { castSql } from '../import/conversion.js';
import { hasRepeatedKey } from '../import/key-uniqueness.js';
import { isKeyColumn, storedKey } from '../import/table-columns.js';
import { quoteIdentifier } from '../quoting.js';
import { columnOf, withColumn, type AlterTarget, type PreparedAlteration } from './alteration.js';
import { mustHaveNoMissingValues, setNotNull } from './not-null.js';
import { repeatedKeys, uncastableValues } from './violations.js';

/** All changes of one column together. Every step works on the copy, so that a refusal in the middle leaves nothing behind. */
export async function prepareAlterColumn(
  connection: DuckDBConnection,
  shape: TableShape,
  columnName: string,
  changes: ColumnChanges,
  rowCount: number,
): Promise<PreparedAlteration> {
  const column = columnOf(shape, columnName);
  const next = await nextColumn(connection, column, changes);
  const isSame =
    next.name === column.name &&
    next.type === column.type &&
    next.nullable === column.nullable &&
    next.default === column.default;
  if (isSame) return { shape, apply: null };
  return {
    shape: withColumn(shape, column, next),
    apply: (target) => alterColumn(target, shape, column, next, rowCount),
  };
}

async function nextColumn(
  connection: DuckDBConnection,
  column: ColumnDefinition,
  changes: ColumnChanges,
): Promise<ColumnDefinition> {
  const name = changes.name ?? column.name;
  mustBeValidColumnName(name);
  const type = changes.type === undefined ? column.type : parseColumnType(changes.type);
  return {
    name,
    type,
    nullable: changes.nullable ?? column.nullable,
    default: await nextDefault(connection, column, type, changes.default),
  };
}

async function nextDefault(
  connection: DuckDBConnection,
  column: ColumnDefinition,
  type: string,
  requested: string | null | undefined,
): Promise<string | null> {
  if (requested === null) return null;
  if (requested !== undefined) return checkDefault(connection, requested, type);
  if (column.default === null || type === column.type) return column.default;
  try {
    return await checkDefault(connection, column.default, type);
  } catch (error) {
    if (!isDomainError(error, 'invalid_default')) throw error;
    throw new DomainError(
      'invalid_default',
      `The default of column '${column.name}' is no ${type}. Give set_default in the same request; "" drops the default.`,
      error.details,
      { cause: error },
    );
  }
}

async function alterColumn(
  target: AlterTarget,
  shape: TableShape,
  column: ColumnDefinition,
  next: ColumnDefinition,
  rowCount: number,
): Promise<void> {
  const { connection, table } = target;
  const name = quoteIdentifier(column.name);
  const alter = (what: string) => connection.run(`ALTER TABLE ${table} ALTER COLUMN ${name} ${what}`);
  if (next.nullable && !column.nullable) await alter('DROP NOT NULL');
  if (next.type !== column.type) {
    await changeType(target, column, next.type);
    if (isKeyColumn(shape, column)) {
      await mustStayUnique(target, withColumn(shape, column, { ...column, type: next.type }), rowCount);
    }
    if (!next.nullable && !column.nullable) await mustHaveNoMissingValues(target, column.name);
  }
  if (!next.nullable && column.nullable) await setNotNull(target, column.name, 'NOT NULL');
  if (next.default !== column.default) {
    await alter(next.default === null ? 'DROP DEFAULT' : `SET DEFAULT (${next.default})`);
  }
  if (next.name !== column.name) {
    await connection.run(`ALTER TABLE ${table} RENAME COLUMN ${name} TO ${quoteIdentifier(next.name)}`);
  }
}

async function changeType({ connection, table }: AlterTarget, column: ColumnDefinition, type: string): Promise<void> {
  const name = quoteIdentifier(column.name);
  const value = castSql({ raw: name, needed: true, column: { ...column, type } });
  try {
    await connection.run(`ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${type} USING ${value}`);
  } catch (error) {
    throw await uncastableValues(connection, table, column, type, error);
  }
}

/** Different values can become one, such as 1.0 and 1.4 as INTEGER. */
async function mustStayUnique({ connection, table }: AlterTarget, shape: TableShape, rowCount: number): Promise<void> {
  const key = storedKey(shape);
  if (await hasRepeatedKey(connection, table, key, rowCount)) {
    throw await repeatedKeys(connection, table, key, ' with the new type');
  }
}
