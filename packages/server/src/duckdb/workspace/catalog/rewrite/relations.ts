import { OVERRIDDEN_VIEWS } from '../definitions/overridden-views.js';
import { fieldsOf, namesOf, type Json } from '../ast.js';
import { postgresql15 } from '../postgresql-15.js';

export type CatalogSchema = 'pg_catalog' | 'information_schema';

/** The catalogue's schema that this relation is in; undefined for relations of users. `pg_catalog` comes first on every search path. */
export function schemaOfRelation(schema: string | undefined, name: string): CatalogSchema | undefined {
  const wanted = schema ?? 'pg_catalog';
  const relation = postgresql15().byName.get(`${wanted}.${name}`);
  return relation === undefined || relation.kind === 'f' ? undefined : relation.schema;
}

/** The number of a relation of `pg_catalog`. */
export function relationOid(name: string): number | undefined {
  return postgresql15().byName.get(`pg_catalog.${name}`)?.oid;
}

/** Names that are columns of this type wherever they occur in the catalogue, by type. */
let columnNames: ReadonlyMap<string, ReadonlySet<string>> | undefined;

function namesOfType(type: string): ReadonlySet<string> {
  if (columnNames === undefined) {
    const byType = new Map<string, Set<string>>();
    for (const { schema, kind, columns } of postgresql15().relations) {
      if (schema !== 'pg_catalog' || kind === 'v') continue;
      for (const [name, columnType] of columns) {
        const known = byType.get(columnType) ?? new Set();
        byType.set(columnType, known.add(name));
      }
    }
    columnNames = byType;
  }
  return columnNames.get(type) ?? new Set();
}

const lastName = (node: Json | undefined): string | undefined =>
  namesOf(fieldsOf(node, 'ColumnRef')?.['fields']).at(-1);

function isOfType(node: Json | undefined, ...types: readonly string[]): boolean {
  const name = lastName(node);
  return name !== undefined && types.some((type) => namesOfType(type).has(name));
}

/** The types of a relation's columns, by their names. */
export function columnTypesOf(schema: CatalogSchema, name: string): readonly (readonly [string, string])[] {
  return postgresql15().byName.get(`${schema}.${name}`)?.columns ?? [];
}

/** A column that holds an object's number. */
export function isOidColumn(node: Json | undefined): boolean {
  return isOfType(node, 'oid', 'regproc');
}

/** A column that holds a function's number and prints as its name. */
export function isRegprocColumn(node: Json | undefined): boolean {
  return isOfType(node, 'regproc');
}

/** A column that holds a transaction's number. */
export function isXidColumn(node: Json | undefined): boolean {
  return lastName(node) === 'xmin' || lastName(node) === 'xmax' || isOfType(node, 'xid');
}

/** A column of the types `int2vector` and `oidvector`, whose elements count from 0. */
export function isVectorColumn(node: Json | undefined): boolean {
  return isOfType(node, 'int2vector', 'oidvector');
}

const OVERRIDDEN = new Set(OVERRIDDEN_VIEWS.map(({ name }) => name));

/** PostgreSQL's own SELECT of a view that has no rows or definition of its own here. */
export function definitionOf(schema: CatalogSchema, name: string): string | undefined {
  if (schema === 'pg_catalog' && OVERRIDDEN.has(name)) return undefined;
  return postgresql15().byName.get(`${schema}.${name}`)?.definition;
}
