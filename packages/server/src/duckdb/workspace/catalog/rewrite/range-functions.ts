import {
  callNode,
  castNode,
  columnNode,
  constantInteger,
  fieldsOf,
  isFields,
  integerNode,
  listOf,
  namesOf,
  nullNode,
  operatorNode,
  targetNode,
  textNode,
  textOf,
  type Fields,
  type Json,
} from '../ast.js';
import { CATALOG_DATABASE, FUNCTIONS, STORED } from '../names.js';
import { EMPTY_LISTS } from '../definitions/server-functions.js';
import { MACROS, RECORD_RETURNING, ROW_SOURCES, SET_RETURNING } from './functions.js';
import { typeNameFor } from './types.js';

/**
 * Functions in FROM. DuckDB's own table functions cannot take columns of the tables before them, and have no `WITH ORDINALITY`, so
 * each becomes a sub-select that unnests lists; the ones that list something of the server become a view.
 */
export function rewriteRangeFunction(fields: Fields, rewrite: (node: Json) => Json): Json {
  const calls = listOf(fields['functions']).flatMap((one) => listOf(fieldsOf(one, 'List')?.['items'])[0] ?? []);
  const names = calls.map((one) => namesOf(fieldsOf(one, 'FuncCall')?.['funcname']).at(-1) ?? '');
  const alias = isFields(fields['alias']) ? fields['alias'] : undefined;
  const [name] = names;
  if (name !== undefined && calls.length === 1 && ROW_SOURCES.has(name)) {
    return {
      RangeVar: {
        catalogname: CATALOG_DATABASE,
        schemaname: STORED,
        relname: name,
        inh: true,
        relpersistence: 'p',
        alias: alias ?? { aliasname: name },
      },
    };
  }
  const columns = EMPTY_LISTS.get(name ?? '');
  if (name !== undefined && columns !== undefined && calls.length === 1) {
    return { RangeSubselect: { lateral: true, subquery: emptyList(columns), alias: alias ?? { aliasname: name } } };
  }
  if (name !== undefined && calls.length === 1 && IN_FROM_TOO.has(name)) {
    const aliasname = textOf(alias?.['aliasname']) ?? name;
    const column = listOf(alias?.['colnames']).flatMap((one) => namesOf([one]))[0] ?? aliasname;
    const value = rewrite(calls[0] ?? []);
    return { RangeSubselect: { lateral: true, subquery: selectOf([targetNode(value, column)]), alias: { aliasname } } };
  }
  if (name === undefined || !names.every((one) => SET_RETURNING.has(one))) {
    return { RangeFunction: { ...fields, functions: rewrite(fields['functions'] ?? []) } };
  }
  const lists = calls.flatMap((call, index) => listsOf(call, names[index] ?? '', rewrite));
  const aliasNames = listOf(alias?.['colnames']).flatMap((one) => namesOf([one]));
  const aliasName = textOf(alias?.['aliasname']);
  const targets = lists.map((list, index) => {
    const spread = callNode(['unnest'], [list.value]);
    const fallback = list.column ?? (lists.length === 1 ? aliasName : undefined) ?? name;
    return targetNode(spread, aliasNames[index] ?? fallback);
  });
  if (fields['ordinality'] === true) {
    const positions = callNode(
      ['generate_series'],
      [integerNode(1), callNode(['len'], [lists[0]?.value ?? columnNode('x')])],
    );
    targets.push(targetNode(callNode(['unnest'], [positions]), aliasNames[lists.length] ?? 'ordinality'));
  }
  return {
    RangeSubselect: {
      lateral: true,
      subquery: selectOf(targets),
      alias: { aliasname: aliasName ?? name },
    },
  };
}

/** A series of integers is of integers; DuckDB's is of bigints. */
function integers(list: Json): Json {
  return castNode(list, ['int4'], true);
}

const isInteger = (node: Json): boolean => constantInteger(node) !== undefined;

/** Functions that answer one value, which PostgreSQL takes for a table of one row. */
const IN_FROM_TOO: ReadonlySet<string> = new Set(
  [...MACROS.keys(), 'string_to_array'].filter((name) => !SET_RETURNING.has(name)),
);

function selectOf(targetList: readonly Json[], where?: Json): Json {
  const condition = where === undefined ? {} : { whereClause: where };
  return { SelectStmt: { targetList, ...condition, limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' } };
}

function nothingOf(type: string): Json {
  if (type.startsWith('_')) return castNode(nullNode, typeNameFor(type.slice(1)), true);
  return castNode(nullNode, type.endsWith('vector') ? ['varchar'] : typeNameFor(type));
}

function emptyList(columns: readonly (readonly [string, string])[]): Json {
  const targets = columns.map(([column, type]) => targetNode(nothingOf(type), column));
  return selectOf(targets, operatorNode('=', integerNode(0), integerNode(1)));
}

interface ColumnList {
  readonly value: Json;
  /** The name that the function itself gives it. */
  readonly column?: string;
}

function listsOf(call: Json, name: string, rewrite: (node: Json) => Json): readonly ColumnList[] {
  const args = listOf(fieldsOf(call, 'FuncCall')?.['args']);
  if (name === 'unnest') return args.map((one) => ({ value: rewrite(one) }));
  const value = name === 'generate_series' && args.every(isInteger) ? integers(rewrite(call)) : rewrite(call);
  const columns = RECORD_RETURNING[name];
  if (columns === undefined) return [{ value }];
  return columns.map((column) => ({
    column,
    value: callNode([CATALOG_DATABASE, FUNCTIONS, 'list_field'], [value, textNode(column)]),
  }));
}
