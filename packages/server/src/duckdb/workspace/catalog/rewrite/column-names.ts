import { fieldsOf, isFields, listOf, namesOf, textOf, type Fields, type Json } from '../ast.js';

/**
 * What PostgreSQL calls a column of a result that has no alias (`FigureColname` in its parser). Clients read catalog rows by these
 * names, and DuckDB has other rules: `count_star()`, `CAST(x AS VARCHAR)`.
 */
export function columnNameOf(value: Json | undefined): string {
  return figure(value)?.name ?? '?column?';
}

/** A cast gives its type's name only to what has no better one. */
interface Figured {
  readonly name: string;
  readonly strong: boolean;
}

const strong = (name: string | undefined): Figured | undefined =>
  name === undefined ? undefined : { name, strong: true };

const VALUE_FUNCTIONS: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: 'current_date',
  SVFOP_CURRENT_TIME: 'current_time',
  SVFOP_CURRENT_TIME_N: 'current_time',
  SVFOP_CURRENT_TIMESTAMP: 'current_timestamp',
  SVFOP_CURRENT_TIMESTAMP_N: 'current_timestamp',
  SVFOP_LOCALTIME: 'localtime',
  SVFOP_LOCALTIME_N: 'localtime',
  SVFOP_LOCALTIMESTAMP: 'localtimestamp',
  SVFOP_LOCALTIMESTAMP_N: 'localtimestamp',
  SVFOP_CURRENT_ROLE: 'current_role',
  SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'user',
  SVFOP_SESSION_USER: 'session_user',
  SVFOP_CURRENT_CATALOG: 'current_catalog',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
};

const BY_KIND: Readonly<Record<string, (fields: Fields) => Figured | undefined>> = {
  ColumnRef: (fields) => strong(namesOf(fields['fields']).at(-1)),
  A_Indirection: (fields) => strong(namesOf(fields['indirection']).at(-1)) ?? figure(fields['arg']),
  FuncCall: (fields) => strong(namesOf(fields['funcname']).at(-1)),
  A_Expr: (fields) => (fields['kind'] === 'AEXPR_NULLIF' ? strong('nullif') : undefined),
  TypeCast: (fields) => {
    const inner = figure(fields['arg']);
    if (inner?.strong === true) return inner;
    const type = isFields(fields['typeName']) ? namesOf(fields['typeName']['names']).at(-1) : undefined;
    return type === undefined ? inner : { name: type, strong: false };
  },
  // A cast of a text, to PostgreSQL 15.
  A_Const: (fields) => (fields['boolval'] === undefined ? undefined : { name: 'bool', strong: false }),
  CollateClause: (fields) => figure(fields['arg']),
  GroupingFunc: () => strong('grouping'),
  SubLink: (fields) => {
    if (fields['subLinkType'] === 'EXISTS_SUBLINK') return strong('exists');
    if (fields['subLinkType'] === 'ARRAY_SUBLINK') return strong('array');
    if (fields['subLinkType'] !== 'EXPR_SUBLINK') return undefined;
    const first = fieldsOf(listOf(fieldsOf(fields['subselect'], 'SelectStmt')?.['targetList'])[0], 'ResTarget');
    if (first === undefined) return undefined;
    return strong(textOf(first['name'])) ?? figure(first['val']);
  },
  CaseExpr: (fields) => {
    const inner = figure(fields['defresult']);
    return inner?.strong === true ? inner : { name: 'case', strong: false };
  },
  A_ArrayExpr: () => strong('array'),
  RowExpr: () => strong('row'),
  CoalesceExpr: () => strong('coalesce'),
  MinMaxExpr: (fields) => strong(fields['op'] === 'IS_LEAST' ? 'least' : 'greatest'),
  SQLValueFunction: (fields) => strong(VALUE_FUNCTIONS[textOf(fields['op']) ?? '']),
};

function figure(value: Json | undefined): Figured | undefined {
  if (!isFields(value)) return undefined;
  const [kind] = Object.keys(value);
  if (kind === undefined) return undefined;
  const fields = value[kind];
  return isFields(fields) ? BY_KIND[kind]?.(fields) : undefined;
}
