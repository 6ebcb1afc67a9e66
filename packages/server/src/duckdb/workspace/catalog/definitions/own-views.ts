import { WORKSPACE_DATABASE } from '../names.js';
import { DATABASE_OID, OWN_BASE, OWN_STEP, USER_OID } from './object-numbers.js';

/** Where DuckDB keeps what a session creates as TEMPORARY, and how PostgreSQL would call that schema. */
export const TEMPORARY_SCHEMA_OID = 16390;
const TEMPORARY_SCHEMA = 'pg_temp_1';

/** Written by the service; nobody's table. */
const HIDDEN_TABLE = '_workspace_info';

const number = (entry: string): string => `(${OWN_BASE} + ${OWN_STEP} * ${entry})`;
const HERE = `database_name IN ('${WORKSPACE_DATABASE}', 'temp')`;
const schemaOid = `CASE WHEN database_name = 'temp' THEN ${TEMPORARY_SCHEMA_OID} WHEN schema_name = 'main' THEN 2200 ELSE ${number('schema_oid')} END`;

/** An empty one takes the comment away in PostgreSQL. */
const COMMENT = `nullif(comment, '') AS comment`;

/** A name as PostgreSQL builds it for a constraint without one, cut to 63 bytes. */
const generatedName = (suffix: string): string =>
  `left(table_name || '_' || array_to_string(constraint_column_names, '_') || '_${suffix}', 63)`;

/** A column that a CHECK names twice is listed twice. */
const once = (list: string): string => `CASE WHEN len(list_distinct(${list})) = 1 THEN ${list}[1:1] ELSE ${list} END`;

/**
 * The workspace's own objects, one view per kind, in an order in which each only uses those before it. They read DuckDB's functions, so
 * a session sees what its own transaction has created, and nobody else does.
 */
export const OWN_VIEWS: readonly { readonly name: string; readonly body: string }[] = [
  {
    name: 'schemas',
    body: `SELECT CASE WHEN schema_name = 'main' THEN 2200 ELSE ${number('oid')} END AS oid,
        CASE WHEN schema_name = 'main' THEN 'public' ELSE schema_name END AS name, ${COMMENT}
      FROM duckdb_schemas()
      WHERE database_name = '${WORKSPACE_DATABASE}' AND schema_name NOT IN ('information_schema', 'pg_catalog')
      UNION ALL
      SELECT ${TEMPORARY_SCHEMA_OID}, '${TEMPORARY_SCHEMA}', NULL
      WHERE EXISTS (SELECT 1 FROM duckdb_tables() WHERE database_name = 'temp')`,
  },
  {
    name: 'constraints',
    body: `SELECT *, base_oid + 3 + least(position, 58) AS oid, base_oid + 64 + least(position, 58) AS index_oid
      FROM (
        SELECT ${number('table_oid')} AS base_oid, ${schemaOid} AS schema_oid, database_name, schema_name, table_name,
          CASE constraint_type WHEN 'PRIMARY KEY' THEN 'p' WHEN 'UNIQUE' THEN 'u' WHEN 'FOREIGN KEY' THEN 'f' ELSE 'c' END AS kind,
          CASE constraint_type
            WHEN 'PRIMARY KEY' THEN left(table_name, 58) || '_pkey'
            WHEN 'UNIQUE' THEN ${generatedName('key')}
            WHEN 'FOREIGN KEY' THEN ${generatedName('fkey')}
            WHEN 'CHECK' THEN CASE WHEN len(constraint_column_names) = 1 THEN ${generatedName('check')} ELSE table_name || '_check' END
          END AS name,
          constraint_column_names AS column_names,
          list_transform(constraint_column_indexes, lambda __i: CAST(__i + 1 AS SMALLINT)) AS column_numbers,
          expression, referenced_table AS target_table, referenced_column_names AS target_columns,
          row_number() OVER (PARTITION BY table_oid ORDER BY constraint_index) - 1 AS position
        FROM (SELECT * REPLACE (${once('constraint_column_names')} AS constraint_column_names, ${once('constraint_column_indexes')} AS constraint_column_indexes)
          FROM duckdb_constraints())
        WHERE ${HERE} AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY', 'CHECK') AND table_name <> '${HIDDEN_TABLE}'
      )`,
  },
  {
    name: 'indexes',
    body: `SELECT ${number('index_oid')} AS oid, ${number('table_oid')} AS table_oid, ${schemaOid} AS schema_oid, index_name AS name,
        is_unique, false AS is_primary, ${COMMENT}, expressions AS expressions, sql, NULL AS constraint_oid, NULL AS column_numbers,
        table_name, schema_name
      FROM duckdb_indexes() WHERE ${HERE}
      UNION ALL
      SELECT index_oid, base_oid, schema_oid, name, true, kind = 'p', NULL, NULL, NULL, oid, column_numbers, table_name, schema_name
      FROM __pg.own.constraints WHERE kind IN ('p', 'u')`,
  },
  {
    name: 'relations',
    body: `SELECT ${number('table_oid')} AS oid, table_name AS name, ${schemaOid} AS schema_oid, 'r' AS kind, column_count AS columns,
        estimated_size AS row_count, index_count > 0 OR coalesce(k.has_key, false) AS has_index, check_constraint_count AS checks,
        temporary, ${COMMENT}, NULL AS sql, coalesce(k.refers, false) OR (database_name, schema_name, table_name) IN
          (SELECT (database_name, schema_name, referenced_table) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY') AS has_triggers
      FROM duckdb_tables() LEFT JOIN (
        SELECT table_oid AS keyed_oid, database_name AS keyed_database, bool_or(constraint_type IN ('PRIMARY KEY', 'UNIQUE')) AS has_key, bool_or(constraint_type = 'FOREIGN KEY') AS refers
        FROM duckdb_constraints() GROUP BY ALL) AS k ON keyed_oid = table_oid AND keyed_database = database_name
      WHERE ${HERE} AND NOT internal AND table_name <> '${HIDDEN_TABLE}'
      UNION ALL
      SELECT ${number('view_oid')}, view_name, ${schemaOid}, 'v', column_count, 0, false, 0, temporary, ${COMMENT}, sql, false
      FROM duckdb_views() WHERE ${HERE} AND NOT internal
      UNION ALL
      SELECT ${number('sequence_oid')}, sequence_name, ${schemaOid}, 'S', 3, 1, false, 0, temporary, ${COMMENT}, sql, false
      FROM duckdb_sequences() WHERE ${HERE}
      UNION ALL
      SELECT oid, name, schema_oid, 'i', 1, 0, false, 0, false, comment, sql, false FROM __pg.own.indexes`,
  },
  {
    name: 'types',
    body: `SELECT ${number('type_oid')} AS oid, type_name AS name, ${schemaOid} AS schema_oid, labels,
        'ENUM(' || array_to_string(list_transform(labels, lambda __l: '''' || replace(__l, '''', '''''') || ''''), ', ') || ')' AS spelling, ${COMMENT}
      FROM duckdb_types() WHERE ${HERE} AND NOT internal AND logical_type = 'ENUM'`,
  },
  {
    name: 'columns',
    body: `SELECT ${number('c.table_oid')} AS relation_oid, c.column_name AS name, CAST(c.column_index AS SMALLINT) AS number,
        coalesce(CASE WHEN c.data_type LIKE '%]' THEN t.array_oid ELSE t.scalar_oid END, 25) AS builtin_type, c.data_type,
        coalesce(__pg.fn.decimal_modifier(c.data_type), t.modifier, -1) AS modifier,
        c.is_nullable, c.column_default AS default_text, nullif(c.comment, '') AS comment
      FROM duckdb_columns() AS c LEFT JOIN __pg.stored.duckdb_types AS t ON t.name = __pg.fn.type_element(c.data_type)
      WHERE ${HERE} AND NOT c.internal AND c.table_name <> '${HIDDEN_TABLE}'`,
  },
];

export { DATABASE_OID, USER_OID };
