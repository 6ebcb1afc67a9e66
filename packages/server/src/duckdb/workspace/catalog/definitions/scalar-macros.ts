import { macro, type Macro } from './macro.js';

const unknownEncoding = `error('unrecognized encoding: "' || format || '"')`;

/** Functions of users' statements that DuckDB has not, or has for other types only. */
export const SCALAR_MACROS: readonly Macro[] = [
  macro(
    'initcap',
    `(string) AS array_to_string(list_transform(regexp_extract_all(string, '[[:alnum:]]+|[^[:alnum:]]+'), lambda __w: upper(__w[1]) || lower(__w[2:])), '')`,
  ),
  macro(
    'encode',
    `(bytes) AS system.main.encode(bytes)`,
    `(bytes, format) AS CASE lower(format) WHEN 'hex' THEN lower(hex(bytes)) WHEN 'base64' THEN ${linesOf('to_base64(bytes)')} ELSE ${unknownEncoding} END`,
  ),
  macro(
    'decode',
    `(string) AS system.main.decode(string)`,
    `(string, format) AS CASE lower(format) WHEN 'hex' THEN unhex(string) WHEN 'base64' THEN from_base64(regexp_replace(string, '\\s', '', 'g')) ELSE CAST(${unknownEncoding} AS BLOB) END`,
  ),
  macro('octet_length', `(string VARCHAR) AS strlen(string)`, `(bytes BLOB) AS system.main.octet_length(bytes)`),
  // What is left is a multiple of the divisor, so that the quotient is cut towards zero.
  macro('div', `(dividend, divisor) AS (dividend - dividend % divisor) // divisor`),
  macro(
    'width_bucket',
    `(operand, low, high, buckets) AS CASE WHEN operand < low THEN 0 WHEN operand >= high THEN buckets + 1 ELSE CAST(floor((operand - low) * buckets / (high - low)) AS INTEGER) + 1 END`,
  ),
  macro(
    'pg_size_pretty',
    `(bytes) AS CASE WHEN abs(bytes) < 10240 THEN CAST(bytes AS BIGINT) || ' bytes' ` +
      ['kB', 'MB', 'GB', 'TB']
        .map((unit, index) => {
          const inUnit = `CAST(round(bytes / pow(1024, ${index + 1})) AS BIGINT)`;
          return `${unit === 'TB' ? 'ELSE' : `WHEN abs(${inUnit}) < 10240 THEN`} ${inUnit} || ' ${unit}'`;
        })
        .join(' ') +
      ' END',
  ),
  macro(
    'array_replace',
    `(list, old, new) AS list_transform(list, lambda __e: CASE WHEN __e IS NOT DISTINCT FROM old THEN new ELSE __e END)`,
  ),
  ...['json_typeof', 'jsonb_typeof'].map((name) =>
    macro(
      name,
      `(document) AS CASE json_type(document) WHEN 'VARCHAR' THEN 'string' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE CASE WHEN document IS NOT NULL THEN 'number' END END`,
    ),
  ),
  // Keys of an object, or texts of an array.
  macro(
    'jsonb_keys',
    `(document) AS CASE json_type(document) WHEN 'OBJECT' THEN json_keys(document) WHEN 'ARRAY' THEN list_transform(list_filter(CAST(json_extract(document, '$[*]') AS JSON[]), lambda __e: json_type(__e) = 'VARCHAR'), lambda __e: __e ->> '$') ELSE CAST([] AS VARCHAR[]) END`,
  ),
  macro('jsonb_has', `(document, key) AS list_contains(__pg.fn.jsonb_keys(document), key)`),
  macro('jsonb_has_any', `(document, keys) AS list_has_any(__pg.fn.jsonb_keys(document), keys)`),
  macro('jsonb_has_all', `(document, keys) AS list_has_all(__pg.fn.jsonb_keys(document), keys)`),
  macro('jsonb_contains', `(document, part) AS json_contains(CAST(document AS JSON), CAST(part AS JSON))`),
  macro('jsonb_contained', `(part, document) AS json_contains(CAST(document AS JSON), CAST(part AS JSON))`),
  ...['json', 'jsonb'].flatMap((type) => [
    macro(`${type}_array_elements`, `(document) AS unnest(CAST(json_extract(document, '$[*]') AS JSON[]))`),
    macro(
      `${type}_array_elements_text`,
      `(document) AS unnest(CAST(json_extract_string(document, '$[*]') AS VARCHAR[]))`,
    ),
    macro(`${type}_object_keys`, `(document) AS unnest(json_keys(document))`),
    macro(`${type}_each`, `(document) AS unnest(${membersOf('json_extract')})`),
    macro(`${type}_each_text`, `(document) AS unnest(${membersOf('json_extract_string')})`),
  ]),
  // No part of an empty text; without a delimiter its characters.
  macro(
    'string_to_list',
    `(string, delimiter) AS CASE WHEN string = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(string, coalesce(delimiter, '')) END`,
    `(string, delimiter, nothing) AS CASE WHEN string = '' THEN CAST([] AS VARCHAR[]) ELSE list_transform(string_split(string, coalesce(delimiter, '')), lambda __e: nullif(__e, nothing)) END`,
  ),
  macro(
    'string_to_table',
    `(string, delimiter) AS unnest(__pg.fn.string_to_list(string, delimiter))`,
    `(string, delimiter, nothing) AS unnest(__pg.fn.string_to_list(string, delimiter, nothing))`,
  ),
];

function membersOf(extract: string): string {
  return `list_transform(list_zip(json_keys(document), ${extract}(document, '$.*')), lambda __m: {'key': __m[1], 'value': __m[2]})`;
}

/** PostgreSQL breaks lines after 76 characters. */
function linesOf(text: string): string {
  return `rtrim(regexp_replace(${text}, '(.{76})', '\\1' || chr(10), 'g'), chr(10))`;
}
