import type { PgTypeName } from '../../../../model/pg-types.js';
import { PG_TYPES } from '../../../../model/pg-types.js';
import { fieldsOf, isFields, listOf, namesOf, textOf, type Fields, type Json } from '../ast.js';
import { postgresql15 } from '../postgresql-15.js';
import { schemaOfRelation } from './relations.js';
import { aliasOf } from './scope.js';

type Type = PgTypeName | undefined;
type Columns = readonly (readonly [string, Type])[];

/** What one FROM brings: alias and columns. Undefined columns are not known, not even how many. */
interface Source {
  readonly alias: string | undefined;
  readonly columns: Columns | undefined;
}

/** Types of PostgreSQL that DuckDB holds in another one, so that the result alone does not tell. */
const LOST: ReadonlySet<string> = new Set<PgTypeName>([
  'name',
  'char',
  'oid',
  'xid',
  'cid',
  'varchar',
  'int2vector',
  'oidvector',
  'regproc',
  'regprocedure',
  'regoper',
  'regoperator',
  'regclass',
  'regtype',
  'regnamespace',
  'regrole',
  'pg_node_tree',
]);

/** Functions whose answer is of such a type. */
const ANSWERS: Readonly<Record<string, PgTypeName>> = {
  current_database: 'name',
  current_schema: 'name',
  pg_encoding_to_char: 'name',
  pg_get_userbyid: 'name',
  pg_my_temp_schema: 'oid',
  to_regclass: 'regclass',
  to_regtype: 'regtype',
  to_regproc: 'regproc',
  to_regnamespace: 'regnamespace',
  to_regrole: 'regrole',
};

/**
 * The types of the columns that a catalogue statement answers, where they are known and DuckDB's type does not tell them. Drivers read
 * an `oid` or a `"char"` in another way than a number or a text, and refuse to load types when they get the wrong one.
 */
export function resultTypesOf(statement: Fields): readonly Type[] | undefined {
  const select = fieldsOf(statement, 'SelectStmt');
  return select === undefined ? undefined : columnsOf(select, new Map())?.map(([, type]) => type);
}

type Ctes = ReadonlyMap<string, Columns | undefined>;

function columnsOf(select: Fields, outer: Ctes): Columns | undefined {
  const left = select['larg'];
  const ctes = withCtes(select, outer);
  if (isFields(left)) return columnsOf(left, ctes);
  const sources = listOf(select['fromClause']).flatMap((item) => sourcesOf(item, ctes));
  const columns: (readonly [string, Type])[] = [];
  for (const target of listOf(select['targetList'])) {
    const fields = fieldsOf(target, 'ResTarget');
    const value = fields?.['val'];
    const reference = fieldsOf(value, 'ColumnRef');
    const star = listOf(reference?.['fields']).some((one) => fieldsOf(one, 'A_Star') !== undefined);
    if (reference === undefined || !star) {
      const name = textOf(fields?.['name']) ?? namesOf(reference?.['fields']).at(-1) ?? '';
      columns.push([name, typeOf(value, sources, ctes)]);
      continue;
    }
    const alias = namesOf(reference['fields']).at(-1);
    const starred = alias === undefined ? sources : sources.filter((one) => one.alias === alias);
    for (const source of starred) {
      if (source.columns === undefined) return undefined;
      columns.push(...source.columns);
    }
  }
  return columns;
}

function withCtes(select: Fields, outer: Ctes): Ctes {
  const clause = select['withClause'];
  if (!isFields(clause)) return outer;
  const ctes = new Map(outer);
  for (const one of listOf(clause['ctes'])) {
    const cte = fieldsOf(one, 'CommonTableExpr');
    const query = fieldsOf(cte?.['ctequery'], 'SelectStmt');
    const name = textOf(cte?.['ctename']);
    if (name === undefined) continue;
    const columns = query === undefined ? undefined : columnsOf(query, ctes);
    ctes.set(name, renamed(columns, namesOf(cte?.['aliascolnames'])));
  }
  return ctes;
}

function renamed(columns: Columns | undefined, names: readonly string[]): Columns | undefined {
  return columns?.map(([name, type], index) => [names[index] ?? name, type]);
}

function sourcesOf(item: Json, ctes: Ctes): readonly Source[] {
  const join = fieldsOf(item, 'JoinExpr');
  if (join !== undefined) {
    const both = [join['larg'] ?? null, join['rarg'] ?? null].flatMap((side) => sourcesOf(side, ctes));
    // USING shows a column once; what a star means then is not worth knowing.
    const merges = join['usingClause'] !== undefined || join['isNatural'] === true;
    return merges ? [...both, { alias: undefined, columns: undefined }] : both;
  }
  const relation = fieldsOf(item, 'RangeVar');
  if (relation !== undefined) {
    const name = textOf(relation['relname']) ?? '';
    const schema = textOf(relation['schemaname']);
    const cte = schema === undefined && ctes.has(name);
    return [{ alias: aliasOf(relation) ?? name, columns: cte ? ctes.get(name) : storedColumns(schema, name) }];
  }
  const subselect = fieldsOf(item, 'RangeSubselect');
  if (subselect !== undefined) {
    const select = fieldsOf(subselect['subquery'], 'SelectStmt');
    const alias = isFields(subselect['alias']) ? subselect['alias'] : {};
    const columns = select === undefined ? undefined : columnsOf(select, ctes);
    return [{ alias: aliasOf(subselect), columns: renamed(columns, namesOf(alias['colnames'])) }];
  }
  const call = fieldsOf(item, 'RangeFunction');
  return [{ alias: call === undefined ? undefined : aliasOf(call), columns: undefined }];
}

function storedColumns(schema: string | undefined, name: string): Columns | undefined {
  const found = schemaOfRelation(schema, name);
  const relation = found === undefined ? undefined : postgresql15().byName.get(`${found}.${name}`);
  return relation?.columns.map(([column, type]) => [column, lost(type)]);
}

function lost(type: string): Type {
  return LOST.has(type) && type in PG_TYPES ? (type as PgTypeName) : undefined;
}

function typeOf(value: Json | undefined, sources: readonly Source[], ctes: Ctes): Type {
  const reference = fieldsOf(value, 'ColumnRef');
  if (reference !== undefined) {
    const names = namesOf(reference['fields']);
    const column = names.at(-1) ?? '';
    if (column === 'tableoid') return 'oid';
    if (column === 'xmin' || column === 'xmax') return 'xid';
    const table = names.at(-2);
    const candidates = table === undefined ? sources : sources.filter(({ alias }) => alias === table);
    return candidates.flatMap((one) => one.columns ?? []).find(([name]) => name === column)?.[1];
  }
  const element = fieldsOf(value, 'A_Indirection');
  if (element !== undefined && typeOf(element['arg'], sources, ctes) === 'oidvector') return 'oid';
  if (fieldsOf(value, 'A_Const')?.['isnull'] === true) return 'text';
  const cast = fieldsOf(value, 'TypeCast');
  if (cast !== undefined) {
    const type = isFields(cast['typeName']) ? cast['typeName'] : {};
    return listOf(type['arrayBounds']).length > 0 ? undefined : lost(namesOf(type['names']).at(-1) ?? '');
  }
  const call = fieldsOf(value, 'FuncCall');
  if (call !== undefined) {
    const name = namesOf(call['funcname']).at(-1) ?? '';
    if (name === 'min' || name === 'max') return typeOf(listOf(call['args'])[0], sources, ctes);
    return ANSWERS[name];
  }
  if (fieldsOf(value, 'SQLValueFunction') !== undefined) return 'name';
  const collate = fieldsOf(value, 'CollateClause');
  if (collate !== undefined) return typeOf(collate['arg'], sources, ctes);
  const choice = fieldsOf(value, 'CoalesceExpr') ?? fieldsOf(value, 'CaseExpr');
  if (choice !== undefined) return commonType(choice, sources, ctes);
  const sublink = fieldsOf(value, 'SubLink');
  const select = fieldsOf(sublink?.['subselect'], 'SelectStmt');
  if (select !== undefined && sublink?.['subLinkType'] === 'EXPR_SUBLINK') return columnsOf(select, ctes)?.[0]?.[1];
  return undefined;
}

/** Of a CASE or COALESCE: what its results agree on, constants left out. */
function commonType(fields: Fields, sources: readonly Source[], ctes: Ctes): Type {
  const branches = [
    ...listOf(fields['args']).map((one) => fieldsOf(one, 'CaseWhen')?.['result'] ?? one),
    ...(fields['defresult'] === undefined ? [] : [fields['defresult']]),
  ].filter((one) => fieldsOf(one, 'A_Const') === undefined);
  const types = new Set(branches.map((one) => typeOf(one, sources, ctes)));
  return types.size === 1 ? [...types][0] : undefined;
}
