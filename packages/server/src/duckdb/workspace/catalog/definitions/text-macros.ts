import { macro, type Macro } from './macro.js';

/**
 * Words that PostgreSQL 15 quotes when it prints them as names: all of its keywords but the unreserved ones. One text, because a macro is
 * bound anew wherever it is used, and a list of so many constants takes as long to bind as everything else in a statement.
 */
export const QUOTED_WORDS =
  'all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check ' +
  'coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema ' +
  'current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch ' +
  'float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval ' +
  'into is isnull join lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull ' +
  'null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning ' +
  'right row select session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing treat ' +
  'trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists ' +
  'xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable';

/** Of the engine's types without their digits, as PostgreSQL spells them; other names are the same in small letters. */
const TYPE_NAMES = `MAP {'VARCHAR': 'text', 'DECIMAL': 'numeric', 'HUGEINT': 'numeric', 'UHUGEINT': 'numeric', 'UBIGINT': 'numeric', 'TINYINT': 'smallint',
  'UTINYINT': 'smallint', 'USMALLINT': 'integer', 'UINTEGER': 'bigint', 'DOUBLE': 'double precision', 'FLOAT': 'real', 'BLOB': 'bytea',
  'TIMESTAMP': 'timestamp without time zone', 'TIME': 'time without time zone', 'STRUCT': 'json', 'MAP': 'json', '"NULL"': 'unknown'}`;

export const TEXT_MACROS: readonly Macro[] = [
  macro(
    'quote_ident',
    `(identifier) AS CASE WHEN regexp_full_match(identifier, '[a-z_][a-z0-9_$]*') AND NOT contains(' ${QUOTED_WORDS} ', ' ' || identifier || ' ') THEN CAST(identifier AS VARCHAR) ELSE '"' || replace(identifier, '"', '""') || '"' END`,
  ),
  macro('quote_literal', `(value) AS '''' || replace(CAST(value AS VARCHAR), '''', '''''') || ''''`),
  macro('quote_nullable', `(value) AS coalesce('''' || replace(CAST(value AS VARCHAR), '''', '''''') || '''', 'NULL')`),
  macro('nameconcatoid', `(name, oid) AS name || '_' || oid`),
  // The first group of the first match, or all of it.
  macro(
    'regexp_match',
    `(text, pattern) AS CASE WHEN regexp_matches(text, pattern, 's') THEN [CASE WHEN pattern LIKE '%(%' THEN regexp_extract(text, pattern, 1, 's') ELSE regexp_extract(text, pattern, 0, 's') END] END`,
  ),
  macro('array_lower', `(list, dimension) AS CASE WHEN len(list) > 0 AND dimension = 1 THEN 1 END`),
  macro(
    'array_upper',
    `(list, dimension) AS CASE WHEN len(list) > 0 AND dimension = 1 THEN CAST(len(list) AS INTEGER) END`,
  ),
  // An ENUM does not tell its name.
  macro(
    'pg_typeof',
    `(value) AS coalesce(map_extract_value(${TYPE_NAMES}, regexp_replace(regexp_replace(typeof(value), '(\\[[0-9]*\\])+$', ''), '\\(.*\\)$', '')), lower(typeof(value))) || CASE WHEN typeof(value) LIKE '%]' THEN '[]' ELSE '' END`,
  ),
  macro('array_ndims', `(list) AS CASE WHEN len(list) > 0 THEN 1 END`),
  macro('array_remove', `(list, element) AS list_filter(list, lambda __e: __e IS DISTINCT FROM element)`),
  macro('cardinality', `(list) AS CAST(len(list) AS INTEGER)`),
  macro('generate_subscripts', `(list, dimension) AS CAST(generate_series(1, len(list)) AS INTEGER[])`),
  macro('list_field', `(list, field) AS list_transform(list, lambda __r: struct_extract(__r, field))`),
  macro('_pg_expandarray', `(list) AS list_transform(list, lambda __x, __n: {'x': __x, 'n': CAST(__n AS INTEGER)})`),
  macro('vector_out', `(list) AS CAST(array_to_string(list, ' ') AS VARCHAR)`),
  macro('oidvector_out', `(list) AS CAST(array_to_string(list, ' ') AS VARCHAR)`),
];
