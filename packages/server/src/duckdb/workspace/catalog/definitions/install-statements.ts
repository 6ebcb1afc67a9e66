import {
  CATALOG_DATABASE,
  FAST_FUNCTIONS,
  FUNCTIONS,
  INFORMATION_SCHEMA,
  OWN,
  PG_CATALOG,
  STORED,
  TYPING,
} from '../names.js';
import { postgresql15, type SystemRelation } from '../postgresql-15.js';
import { quoteIdentifier, quoteLiteral } from '../../../quoting.js';
import { ALL_MACROS } from './all-macros.js';
import { DERIVED_VIEWS } from './derived-views.js';
import { DYNAMIC_RELATIONS, type RowSource } from './dynamic-relations.js';
import type { Macro } from './macro.js';
import { OBJECT_MACROS } from './object-macros.js';
import { OVERRIDDEN_VIEWS } from './overridden-views.js';
import { OWN_VIEWS } from './own-views.js';
import { PRIVILEGE_MACROS } from './privilege-macros.js';
import { SCALAR_MACROS } from './scalar-macros.js';
import { SESSION_MACROS } from './session-macros.js';
import { LIVE_ROWS_MACRO, STATISTICS_MACROS } from './server-functions.js';
import { overSnapshot, SNAPSHOT_STATEMENTS } from './snapshot.js';
import { emptyValueOf, storageTypeOf } from './storage-types.js';
import { TEXT_MACROS } from './text-macros.js';
import { DUCKDB_TYPE_ROWS, TYPE_MACROS } from './type-macros.js';
import { TYPING_MACROS } from './typing-macros.js';

const schemaOf = (relation: SystemRelation): string =>
  relation.schema === 'pg_catalog' ? PG_CATALOG : INFORMATION_SCHEMA;

/** Rows that every PostgreSQL has are in a table of this name; where a workspace has more of them, a view adds those. */
function storedName(relation: SystemRelation): string {
  const hasMore = relation.kind !== 'r' || relation.name in DYNAMIC_RELATIONS;
  return `${CATALOG_DATABASE}.${hasMore ? STORED : schemaOf(relation)}.${quoteIdentifier(relation.name)}`;
}

/** Relations with rows or columns of their own; the views of PostgreSQL are put into statements by the rewriter. */
function isStored(relation: SystemRelation): boolean {
  return relation.kind !== 'v' || relation.rows > 0;
}

function createTable(relation: SystemRelation): string {
  const columns = relation.columns.map(([name, type]) => `${quoteIdentifier(name)} ${storageTypeOf(type)}`);
  return `CREATE TABLE ${storedName(relation)} (${columns.join(', ')})`;
}

/** The statement that fills a table, and the JSON it takes as its only parameter. */
export interface RowsToLoad {
  readonly sql: string;
  readonly json: string;
}

export function rowsToLoad(): readonly RowsToLoad[] {
  return [systemViewsToLoad(), ...storedRowsToLoad()];
}

/** What `pg_get_viewdef` answers for PostgreSQL's own views. */
function systemViewsToLoad(): RowsToLoad {
  const views = postgresql15().relations.filter(({ kind, definition }) => kind === 'v' && definition !== undefined);
  return {
    sql: `INSERT INTO ${CATALOG_DATABASE}.${STORED}.system_views
      SELECT unnest(__j.oids), unnest(__j.texts) FROM (SELECT from_json($1, '{"oids":["UINTEGER"],"texts":["VARCHAR"]}') AS __j)`,
    json: JSON.stringify({ oids: views.map(({ oid }) => oid), texts: views.map(({ definition }) => definition) }),
  };
}

function storedRowsToLoad(): readonly RowsToLoad[] {
  return postgresql15()
    .relations.filter((one) => isStored(one) && one.rows > 0)
    .map((relation) => {
      const names = Object.keys(relation.varying);
      const structure = Object.fromEntries(names.map((name, index) => [`c${index}`, jsonTypeOf(relation, name)]));
      const values = relation.columns.map(([name, type]) => {
        const index = names.indexOf(name);
        const value = index < 0 ? constantSql(relation.constants[name]) : `unnest(__j.c${index})`;
        return `CAST(${value} AS ${storageTypeOf(type)})`;
      });
      return {
        sql:
          `INSERT INTO ${storedName(relation)} SELECT ${values.join(', ')} FROM ` +
          (names.length === 0
            ? '(SELECT $1)'
            : `(SELECT from_json($1, ${quoteLiteral(JSON.stringify(structure))}) AS __j)`),
        json: `{${names.map((name, index) => `"c${index}":${relation.varying[name] ?? '[]'}`).join(',')}}`,
      };
    });
}

function jsonTypeOf(relation: SystemRelation, name: string): readonly unknown[] {
  const type = relation.columns.find(([one]) => one === name)?.[1] ?? 'text';
  const scalar = storageTypeOf(type);
  return [scalar.endsWith('[]') ? [scalar.slice(0, -2)] : scalar];
}

function constantSql(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return `[${value.map(constantSql).join(', ')}]`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : quoteLiteral(String(value));
}

function rowsOf(relation: SystemRelation, source: RowSource): string {
  const values = relation.columns.map(
    ([name, type]) =>
      `CAST(${source.columns[name] ?? emptyValueOf(type)} AS ${storageTypeOf(type)}) AS ${quoteIdentifier(name)}`,
  );
  return `SELECT ${values.join(', ')} FROM ${source.from}`;
}

function createDynamicView(relation: SystemRelation): string {
  const sources = DYNAMIC_RELATIONS[relation.name] ?? [];
  const branches = [`SELECT * FROM ${storedName(relation)}`, ...sources.map((source) => rowsOf(relation, source))];
  return `CREATE VIEW ${CATALOG_DATABASE}.${PG_CATALOG}.${relation.name} AS ${branches.join(' UNION ALL ')}`;
}

function createMacro({ name, variants }: Macro, schema = FUNCTIONS): string {
  return `CREATE MACRO ${CATALOG_DATABASE}.${schema}.${quoteIdentifier(name)}${variants.join(', ')}`;
}

const createView = (schema: string, { name, body }: { readonly name: string; readonly body: string }): string =>
  `CREATE VIEW ${CATALOG_DATABASE}.${schema}.${quoteIdentifier(name)} AS ${body}`;

/** Everything but rows, in an order in which nothing is used before it is there. */
export function installStatements(): readonly string[] {
  const relations = postgresql15().relations;
  const stored = relations.filter(isStored);
  return [
    ...[PG_CATALOG, INFORMATION_SCHEMA, FUNCTIONS, FAST_FUNCTIONS, TYPING, OWN, STORED].map(
      (schema) => `CREATE SCHEMA ${CATALOG_DATABASE}.${schema}`,
    ),
    ...stored.map(createTable),
    // What every table has beside its columns: negative numbers, sizes in bytes.
    `CREATE TABLE ${CATALOG_DATABASE}.${STORED}.system_attributes AS SELECT CAST(col0 AS VARCHAR) AS name, CAST(col1 AS SMALLINT) AS number,
       CAST(col2 AS UINTEGER) AS type_oid, CAST(col3 AS SMALLINT) AS size
     FROM (VALUES ('tableoid', -6, 26, 4), ('cmax', -5, 29, 4), ('xmax', -4, 28, 4), ('cmin', -3, 29, 4), ('xmin', -2, 28, 4), ('ctid', -1, 27, 6))`,
    // The class of operators that an index on a column of a type has unless told otherwise.
    `CREATE VIEW ${CATALOG_DATABASE}.${STORED}.index_classes AS SELECT opcintype AS type_oid, min(oid) AS oid
     FROM ${CATALOG_DATABASE}.${PG_CATALOG}.pg_opclass WHERE opcmethod = 403 AND opcdefault GROUP BY opcintype`,
    // A table has a row type, and that has an array: 1 and 2 behind the table's number.
    `CREATE TABLE ${CATALOG_DATABASE}.${STORED}.row_type_kinds AS SELECT unnest([1, 2]) AS "offset"`,
    `CREATE TABLE ${CATALOG_DATABASE}.${STORED}.duckdb_types AS SELECT CAST(col0 AS VARCHAR) AS name, CAST(col1 AS UINTEGER) AS scalar_oid,
       CAST(col2 AS UINTEGER) AS array_oid, CAST(col3 AS INTEGER) AS modifier FROM (VALUES ${DUCKDB_TYPE_ROWS.join(', ')})`,
    `CREATE TABLE ${CATALOG_DATABASE}.${STORED}.system_views (oid UINTEGER, definition VARCHAR)`,
    ...TYPING_MACROS.map((one) => createMacro(one, TYPING)),
    ...[...SESSION_MACROS, ...STATISTICS_MACROS, ...TEXT_MACROS, ...SCALAR_MACROS, ...TYPE_MACROS].map((one) =>
      createMacro(one),
    ),
    ...[...OWN_VIEWS, ...DERIVED_VIEWS].map((view) => createView(OWN, view)),
    ...stored.filter(({ name }) => name in DYNAMIC_RELATIONS).map(createDynamicView),
    ...[...OBJECT_MACROS, LIVE_ROWS_MACRO, ...PRIVILEGE_MACROS].map((one) => createMacro(one)),
    ...OVERRIDDEN_VIEWS.map((view) => createView(view.schema, view)),
    // Macros once more, over the snapshot; they are checked against it, so it has to be there.
    ...SNAPSHOT_STATEMENTS,
    ...ALL_MACROS.map((one) => overSnapshot(createMacro(one, FAST_FUNCTIONS))),
  ];
}
