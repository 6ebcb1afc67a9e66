import { DomainError } from '../errors/domain-error.js';
import { nameKey, type ColumnDefinition, type TableShape } from '../model/columns.js';
import {
  TIMESTAMP_COLUMN,
  type ColumnComparison,
  type ComparedAs,
  type ComparisonOperator,
  type RowCondition,
  type RowOrder,
} from '../model/row-condition.js';
import { quoteIdentifier, quoteLiteral } from './quoting.js';

const OPERATORS: Readonly<Record<ComparisonOperator, string>> = {
  eq: '=',
  ne: '<>',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
};

const INTEGER = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const TEXT = /^VARCHAR$/;
const ZONED = 'TIMESTAMP WITH TIME ZONE';
/** These have no order, or none that a text could be compared by. */
const NOT_COMPARABLE = /[[\]]|^(STRUCT|MAP|UNION|BLOB|INTERVAL|JSON|BIT)\b/;

/**
 * SQL of a structured condition: names quoted, values bound as literals, nothing of the caller's in between. `TRUE` for one without
 * parts.
 */
export function rowConditionSql(condition: RowCondition, shape: TableShape): string {
  const parts = condition.comparisons.map((comparison) => comparisonSql(comparison, shape));
  const { changedSince, changedUntil, contains } = condition;
  if (changedSince !== null) parts.push(`${changeTime(shape)} >= ${momentSql(changedSince)}`);
  if (changedUntil !== null) parts.push(`${changeTime(shape)} < ${momentSql(changedUntil)}`);
  if (contains !== null) parts.push(containsSql(contains, shape));
  return parts.length === 0 ? 'TRUE' : parts.map((part) => `(${part})`).join(' AND ');
}

/** Empty values first when ascending, as in the backends whose place this one takes. */
export function rowOrderSql(order: readonly RowOrder[], shape: TableShape): string {
  return order
    .map(({ column: name, descending, as }) => {
      const column = requireColumn(shape, name);
      const sql = as === 'text' || !TEXT.test(column.type) ? quoteIdentifier(column.name) : convertedText(column, as);
      return `${sql} ${descending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`;
    })
    .join(', ');
}

export function requireColumn(shape: TableShape, name: string): ColumnDefinition {
  const column = shape.columns.find((candidate) => nameKey(candidate.name) === nameKey(name));
  if (column !== undefined) return column;
  const existing = shape.columns.map((each) => each.name);
  throw new DomainError(
    'unknown_column',
    `The table has no column '${name.slice(0, 200)}'; its columns are ${existing.slice(0, 50).join(', ')}.`,
    { column: name.slice(0, 200), existing_columns: existing },
  );
}

function comparisonSql(comparison: ColumnComparison, shape: TableShape): string {
  const { operator, values, as } = comparison;
  const column = requireColumn(shape, comparison.column);
  if (NOT_COMPARABLE.test(column.type)) {
    throw invalid(`Column '${column.name}' is of type ${column.type}, which cannot be filtered.`, column);
  }
  const left = TEXT.test(column.type) && as !== 'text' ? convertedText(column, as) : quoteIdentifier(column.name);
  const right = values.map((value) => valueSql(value, column, as));
  if (right.length === 1) return `${left} ${OPERATORS[operator]} ${right.join('')}`;
  if (operator !== 'eq' && operator !== 'ne') {
    throw invalid(
      `Column '${column.name}' is compared with ${values.length} values, which only eq and ne can be.`,
      column,
    );
  }
  // An empty list has no place in SQL: nothing is one of none.
  if (right.length === 0) return operator === 'eq' ? 'FALSE' : 'TRUE';
  return `${left} ${operator === 'eq' ? 'IN' : 'NOT IN'} (${right.join(', ')})`;
}

/** A text column as what it holds; NULL where it does not. Whole numbers only count as integers when they are written as such. */
function convertedText({ name }: ColumnDefinition, as: Exclude<ComparedAs, 'text'>): string {
  const sql = quoteIdentifier(name);
  if (as === 'number') return `TRY_CAST(${sql} AS DOUBLE)`;
  if (as === 'timestamp') return `TRY_CAST(${sql} AS TIMESTAMP)`;
  return `TRY_CAST(CASE WHEN regexp_full_match(trim(${sql}), '[+-]?[0-9]+') THEN ${sql} END AS BIGINT)`;
}

function valueSql(value: string, column: ColumnDefinition, as: ComparedAs): string {
  if (as === 'timestamp') {
    if (!/^-?\d{1,11}$/.test(value)) {
      throw invalid(`"${value.slice(0, 100)}" is not a time in seconds since 1970.`, column);
    }
    const moment = momentSql(Number(value));
    if (column.type === ZONED) return `(${moment} AT TIME ZONE 'UTC')`;
    return TEXT.test(column.type) ? moment : `TRY_CAST(${moment} AS ${column.type})`;
  }
  if (TEXT.test(column.type)) {
    if (as === 'text') return literal(value);
    if (as === 'number') return `TRY_CAST(${literal(value)} AS DOUBLE)`;
    return /^\s*[+-]?\d+\s*$/.test(value) ? `TRY_CAST(${literal(value)} AS BIGINT)` : 'CAST(NULL AS BIGINT)';
  }
  // The engine would round 1.5 to 2, and a column of integers would match what it does not hold.
  if (INTEGER.test(column.type) && !/^\s*[+-]?\d+\s*$/.test(value)) return `CAST(NULL AS ${column.type})`;
  return `TRY_CAST(${literal(value)} AS ${column.type})`;
}

/** Texts of a table have no NUL, and the engine takes none in a statement. */
function literal(text: string): string {
  if (text.includes('\0'))
    throw new DomainError('invalid_where_clause', 'A value to compare with contains a NUL character.');
  return quoteLiteral(text);
}

function changeTime(shape: TableShape): string {
  const column = shape.columns.find(({ name }) => nameKey(name) === TIMESTAMP_COLUMN);
  if (column === undefined) {
    throw new DomainError(
      'invalid_request',
      `The table has no column ${TIMESTAMP_COLUMN}, so its changes have no time.`,
      {
        column: TIMESTAMP_COLUMN,
      },
    );
  }
  const sql = quoteIdentifier(column.name);
  if (column.type === ZONED) return `(${sql} AT TIME ZONE 'UTC')`;
  return column.type === 'TIMESTAMP' ? sql : `TRY_CAST(${sql} AS TIMESTAMP)`;
}

function momentSql(seconds: number): string {
  return `make_timestamp(${Math.trunc(seconds)}::BIGINT * 1000000)`;
}

function containsSql(text: string, shape: TableShape): string {
  const columns = shape.columns.filter(({ type }) => TEXT.test(type));
  if (columns.length === 0) return 'FALSE';
  return columns.map(({ name }) => `contains(${quoteIdentifier(name)}, ${literal(text)})`).join(' OR ');
}

function invalid(message: string, column: ColumnDefinition): DomainError {
  return new DomainError('invalid_where_clause', message, { column: column.name, type: column.type });
}
