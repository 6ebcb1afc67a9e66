import { isFields, listOf, nameNode, namesOf, textOf, type Fields, type Json } from '../ast.js';

/** Words that only DuckDB reserves, so that nobody quotes them. */
const RESERVED_BY_DUCKDB: ReadonlySet<string> = new Set([
  'at',
  'describe',
  'lambda',
  'pivot',
  'pivot_longer',
  'pivot_wider',
  'qualify',
  'show',
  'summarize',
  'unpivot',
]);

const other = (name: string): string => (RESERVED_BY_DUCKDB.has(name) ? `__${name}` : name);

/** The tree with other aliases where tables have one of these: `pg_type at … at.oid`. */
export function withoutReservedAliases(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutReservedAliases);
  if (!isFields(value)) return value;
  const fields: Fields = Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, Json] => {
      if (key === 'aliasname') return [key, other(textOf(inner) ?? '')];
      if (key === 'ColumnRef' && isFields(inner)) return [key, { ...inner, fields: qualified(inner['fields']) }];
      return [key, withoutReservedAliases(inner)];
    }),
  );
  return fields;
}

function qualified(fields: Json | undefined): readonly Json[] {
  const [first, ...rest] = listOf(fields);
  const [table] = namesOf(first === undefined ? [] : [first]);
  return first === undefined ? [] : [rest.length > 0 && table !== undefined ? nameNode(other(table)) : first, ...rest];
}
