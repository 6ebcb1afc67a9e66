import { formatPgType } from '../../../../model/pg-types.js';
import { macro, type Macro } from './macro.js';

/**
 * DuckDB's type names and PostgreSQL's numbers for them, and the number of the array of each. The wire encoder has the same table for its
 * own types; a test holds the two together.
 */
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  BOOLEAN: [16, 1000],
  TINYINT: [21, 1005],
  SMALLINT: [21, 1005],
  UTINYINT: [21, 1005],
  INTEGER: [23, 1007],
  USMALLINT: [23, 1007],
  BIGINT: [20, 1016],
  UINTEGER: [20, 1016],
  UBIGINT: [1700, 1231],
  HUGEINT: [1700, 1231],
  UHUGEINT: [1700, 1231],
  BIGNUM: [1700, 1231],
  DECIMAL: [1700, 1231],
  FLOAT: [700, 1021],
  DOUBLE: [701, 1022],
  VARCHAR: [25, 1009],
  BLOB: [17, 1001],
  DATE: [1082, 1182],
  TIME: [1083, 1183],
  TIME_NS: [1083, 1183],
  'TIME WITH TIME ZONE': [1266, 1270],
  TIMESTAMP: [1114, 1115],
  TIMESTAMP_S: [1114, 1115],
  TIMESTAMP_MS: [1114, 1115],
  TIMESTAMP_NS: [1114, 1115],
  'TIMESTAMP WITH TIME ZONE': [1184, 1185],
  INTERVAL: [1186, 1187],
  UUID: [2950, 2951],
  BIT: [1562, 1563],
  GEOMETRY: [17, 1001],
  JSON: [114, 114],
  STRUCT: [114, 114],
  MAP: [114, 114],
  UNION: [114, 114],
  VARIANT: [114, 114],
};

/** Precision and scale that PostgreSQL is told for whole numbers wider than its own. */
const MODIFIERS: Readonly<Record<string, number>> = { UBIGINT: 20, HUGEINT: 39, UHUGEINT: 39 };

/** Numbers of scalar and array, and the modifier, per DuckDB type: the rows of `__pg.stored.duckdb_types`. */
export const DUCKDB_TYPE_ROWS: readonly string[] = Object.entries(NUMBERS).map(
  ([name, [scalar, array]]) => `('${name}', ${scalar}, ${array}, ${modifierOf(name)})`,
);

function modifierOf(name: string): number {
  const digits = MODIFIERS[name];
  return digits === undefined ? -1 : (digits << 16) + 4;
}

/** `DECIMAL(18,3)[][]` is an array of `DECIMAL`. */
const element = (type: string): string => `regexp_replace(${type}, '(\\(.*)?(\\[[0-9]*\\])*$', '', 's')`;

const TEXT_LITERAL = `'''([^'']|'''')*'''`;
const TEXT_CAST = `'CAST\\((''(?:[^'']|'''')*'') AS [A-Z0-9_ (),]+\\)'`;

/** Numbers of types and how PostgreSQL writes them. */
const SPELLINGS = `MAP {${[...new Set(Object.values(NUMBERS).flat())]
  .map((oid) => `${oid}: '${formatPgType(oid) ?? 'text'}'`)
  .join(', ')}}`;

export const TYPE_MACROS: readonly Macro[] = [
  macro('type_element', `(type_name) AS ${element('type_name')}`),
  macro(
    'decimal_modifier',
    `(type_name) AS CASE WHEN type_name LIKE 'DECIMAL(38,%' THEN -1 WHEN type_name LIKE 'DECIMAL(%' THEN (CAST(regexp_extract(type_name, '\\(([0-9]+)', 1) AS INTEGER) << 16) + CAST(regexp_extract(type_name, ',([0-9]+)', 1) AS INTEGER) + 4 END`,
  ),
  // A text that becomes a value of a type says so: `'2024-01-01'::date`.
  macro(
    'default_spelling',
    `(expression, type_name) AS CASE
      WHEN expression IS NULL OR expression = 'NULL' THEN NULL
      WHEN expression LIKE 'nextval(%' THEN regexp_replace(expression, '^nextval\\((''[^'']*'')\\)$', 'nextval(\\1::regclass)')
      WHEN regexp_full_match(expression, 'CAST\\(''[tf]'' AS BOOLEAN\\)') THEN CASE expression[7] WHEN 't' THEN 'true' ELSE 'false' END
      WHEN regexp_full_match(expression, ${TEXT_LITERAL}) THEN expression || '::' || type_name
      WHEN regexp_full_match(expression, ${TEXT_CAST}) THEN regexp_extract(expression, ${TEXT_CAST}, 1) || '::' || type_name
      WHEN lower(expression) IN ('get_current_timestamp()', 'current_timestamp()', 'now()') THEN 'now()'
      ELSE expression END`,
  ),
  macro('type_spelling', `(oid) AS coalesce(map_extract_value(${SPELLINGS}, oid), 'text')`),
  // PostgreSQL shows what the constants of a comparison were made into; numbers stand between `opening` and `closing`.
  macro(
    'check_spelling',
    `(expression, type_name, opening, closing) AS CASE
      WHEN type_name IN ('numeric', 'double precision', 'real') AND NOT contains(expression, '''')
        THEN regexp_replace(replace(expression, ' != ', ' <> '), '(=|<|>|<=|>=|<>) (-?[0-9]+)([) ])', '\\1 ' || opening || '\\2' || closing || '::' || type_name || '\\3', 'g')
      WHEN type_name = 'text' THEN regexp_replace(regexp_replace(expression, '(=|<|>|<=|>=|!=) (''([^'']|'''')*'')([) ])', '\\1 \\2::text\\4', 'g'), ' != (''([^'']|'''')*''::text)', ' <> \\1', 'g')
      WHEN contains(expression, '''') THEN expression
      ELSE replace(expression, ' != ', ' <> ') END`,
  ),
];
