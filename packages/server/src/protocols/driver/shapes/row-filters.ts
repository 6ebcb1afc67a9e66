import type {
  ColumnComparison,
  ComparedAs,
  ComparisonOperator,
  RowCondition,
  RowOrder,
} from '../../../model/row-condition.js';
import { DRIVER_CODES, DriverFailure, invalid } from '../driver-failure.js';
import {
  ImportExportShared_DataType as DataType,
  ImportExportShared_ExportOrderBy_Order as Order,
  ImportExportShared_TableWhereFilter_Operator as Operator,
  type ImportExportShared_ExportFilters as ExportFilters,
  type ImportExportShared_ExportOrderBy as ExportOrderBy,
  type ImportExportShared_TableWhereFilter as TableWhereFilter,
} from '../gen/proto/table_pb.js';

const OPERATORS: Readonly<Record<Operator, ComparisonOperator>> = {
  [Operator.eq]: 'eq',
  [Operator.ne]: 'ne',
  [Operator.gt]: 'gt',
  [Operator.ge]: 'ge',
  [Operator.lt]: 'lt',
  [Operator.le]: 'le',
};

const COMPARED_AS: Readonly<Record<DataType, ComparedAs>> = {
  [DataType.STRING]: 'text',
  [DataType.INTEGER]: 'integer',
  [DataType.BIGINT]: 'integer',
  [DataType.DOUBLE]: 'number',
  [DataType.REAL]: 'number',
  [DataType.DECIMAL]: 'number',
  [DataType.TIMESTAMP]: 'timestamp',
};

export function comparisonsFrom(filters: readonly TableWhereFilter[]): ColumnComparison[] {
  return filters.map(({ columnsName, operator, values, dataType }) => {
    if (columnsName === '') throw invalid('A filter names no column.');
    const known = OPERATORS[operator];
    const as = COMPARED_AS[dataType];
    if (known === undefined || as === undefined) {
      throw invalid(`The filter of column "${columnsName}" has an unknown operator or data type.`, {
        column: columnsName,
      });
    }
    if (values.length !== 1 && operator !== Operator.eq && operator !== Operator.ne) {
      throw queryBuilderFailure(
        `Column "${columnsName}" is compared with several values, which only eq and ne can be.`,
      );
    }
    return { column: columnsName, operator: known, values, as };
  });
}

/** The parts of a choice of rows that preview, export and deletion share. */
export function conditionFrom(
  filters: Pick<ExportFilters, 'changeSince' | 'changeUntil' | 'whereFilters'> & { readonly fulltextSearch?: string },
): RowCondition {
  const { fulltextSearch = '', whereFilters } = filters;
  if (fulltextSearch !== '' && whereFilters.length > 0) {
    throw queryBuilderFailure('A full text search cannot be combined with filters of columns.');
  }
  return {
    comparisons: comparisonsFrom(whereFilters),
    changedSince: secondsFrom('changeSince', filters.changeSince),
    changedUntil: secondsFrom('changeUntil', filters.changeUntil),
    contains: fulltextSearch === '' ? null : fulltextSearch,
  };
}

export function orderFrom(items: readonly ExportOrderBy[]): RowOrder[] {
  return items.map(({ columnName, order, dataType }) => {
    if (columnName === '') throw invalid('An item of the order names no column.');
    const as = COMPARED_AS[dataType];
    if (as === undefined) throw invalid(`The order of column "${columnName}" has an unknown data type.`);
    return { column: columnName, descending: order === Order.DESC, as };
  });
}

function secondsFrom(field: string, text: string): number | null {
  if (text === '') return null;
  if (!/^\d{1,11}(\.\d+)?$/.test(text)) {
    throw invalid(`${field} must be a time in seconds since 1970, not "${text.slice(0, 100)}".`, {
      [field]: text.slice(0, 100),
    });
  }
  return Number(text);
}

/** Connection knows these without a number of their own. */
function queryBuilderFailure(message: string): DriverFailure {
  return new DriverFailure('invalid_argument', DRIVER_CODES.unknown, message);
}
