import { macro, type Macro } from './macro.js';

const CLASSES: Readonly<Record<string, number>> = {
  pg_am: 2601,
  pg_attrdef: 2604,
  pg_cast: 2605,
  pg_class: 1259,
  pg_collation: 3456,
  pg_constraint: 2606,
  pg_conversion: 2607,
  pg_database: 1262,
  pg_event_trigger: 3466,
  pg_extension: 3079,
  pg_foreign_data_wrapper: 2328,
  pg_foreign_server: 1417,
  pg_language: 2612,
  pg_namespace: 2615,
  pg_operator: 2617,
  pg_opclass: 2616,
  pg_opfamily: 2753,
  pg_policy: 3256,
  pg_proc: 1255,
  pg_rewrite: 2618,
  pg_statistic_ext: 3381,
  pg_tablespace: 1213,
  pg_trigger: 2620,
  pg_ts_config: 3602,
  pg_ts_dict: 3600,
  pg_ts_parser: 3601,
  pg_ts_template: 3764,
  pg_type: 1247,
};

/** In one text for the same reason as the words of `quote_ident`. */
const CLASS_TEXT = Object.entries(CLASSES)
  .map(([name, oid]) => `${name}=${oid}`)
  .join(' ');

const classNumber = (name: string): string =>
  `CAST(regexp_extract(' ${CLASS_TEXT}', ' ' || ${name} || '=([0-9]+)', 1) AS UINTEGER)`;

/** Names that the SQL standard gives to types, and others that are no `typname`. */
const TYPE_SPELLINGS: Readonly<Record<string, string>> = {
  bigint: 'int8',
  bit: 'bit',
  'bit varying': 'varbit',
  boolean: 'bool',
  character: 'bpchar',
  'character varying': 'varchar',
  decimal: 'numeric',
  'double precision': 'float8',
  float: 'float8',
  int: 'int4',
  integer: 'int4',
  real: 'float4',
  smallint: 'int2',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
};

const spelledTypes = `MAP {${Object.entries(TYPE_SPELLINGS)
  .map(([spelling, name]) => `'${spelling}': '${name}'`)
  .join(', ')}}`;

/** The parts of a name as text: `"A b".c` is `A b` and `c`. */
const parts = (text: string): string =>
  `list_transform(regexp_extract_all(CAST(${text} AS VARCHAR), '"(?:[^"]|"")*"|[^".\\s]+'), lambda __p: CASE WHEN __p LIKE '"%' THEN replace(__p[2:-2], '""', '"') ELSE lower(__p) END)`;

const relationByName = (text: string): string =>
  `(SELECT min(__n.oid) FROM __pg.own.relation_names AS __n, (SELECT ${parts(text)} AS path) AS __q
    WHERE __n.name = __q.path[-1] AND CASE WHEN len(__q.path) = 1 THEN __n.visible ELSE __n.schema = __q.path[-2] END)`;

/** A type by name: without its modifier, an array as the type that PostgreSQL calls `_element`. */
const typeByName = (text: string): string => {
  const bare = `trim(regexp_replace(regexp_replace(lower(CAST(${text} AS VARCHAR)), '^pg_catalog\\.|"', '', 'g'), '\\s*\\([0-9, ]*\\)|\\s*\\[[0-9]*\\]', '', 'g'))`;
  return `(SELECT min(__t.oid) FROM __pg.own.type_names AS __t
    WHERE __t.name = CASE WHEN CAST(${text} AS VARCHAR) LIKE '%]' THEN '_' ELSE '' END || coalesce(${spelledTypes}[${bare}], regexp_replace(${bare}, '^.*\\.', '')))`;
};

const functionByName = (text: string): string =>
  `(SELECT min(__f.oid) FROM __pg.catalog.pg_proc AS __f WHERE __f.proname = regexp_extract(CAST(${text} AS VARCHAR), '([^.(]+)(\\(.*)?$', 1))`;

const namespaceByName = (text: string): string =>
  `(SELECT min(__s.oid) FROM __pg.own.schema_names AS __s WHERE __s.name = (${parts(text)})[1])`;

const roleByName = (text: string): string =>
  `(SELECT min(__a.oid) FROM __pg.catalog.pg_authid AS __a WHERE __a.rolname = (${parts(text)})[1])`;

const operatorByName = (text: string): string =>
  `(SELECT min(__o.oid) FROM __pg.catalog.pg_operator AS __o WHERE __o.oprname = regexp_extract(CAST(${text} AS VARCHAR), '([^.(]+)(\\(.*)?$', 1))`;

/** From a name or a number to the number; a name that is not there is an error, as in PostgreSQL, or NULL. */
function input(type: string, kind: string, lookup: (text: string) => string): readonly Macro[] {
  const found = `coalesce(TRY_CAST(CAST(value AS VARCHAR) AS UINTEGER), ${lookup('value')})`;
  return [
    macro(`to_${type}`, `(value) AS CAST(${lookup('value')} AS UINTEGER)`),
    macro(
      `${type}_in`,
      `(value) AS CASE WHEN value IS NULL THEN NULL ELSE CAST(coalesce(${found}, error('${kind} "' || CAST(value AS VARCHAR) || '" does not exist')) AS UINTEGER) END`,
    ),
  ];
}

const orNumber = (name: string): string =>
  `CASE WHEN value IS NULL THEN NULL WHEN value = 0 THEN '-' ELSE coalesce(${name}, CAST(value AS VARCHAR)) END`;

const USED_BYTES = `(SELECT min(__s.block_size * __s.used_blocks) FROM pragma_database_size() AS __s WHERE __s.database_name = 'ws')`;
const ALL_CELLS = `(SELECT sum(__w.row_count * __w.columns) FROM __pg.own.relations AS __w WHERE __w.kind = 'r')`;

const sizeOf = (name: string): string => {
  const share = `CAST(${USED_BYTES} * __r.row_count * __r.columns / nullif(${ALL_CELLS}, 0) AS BIGINT)`;
  const ofTable = name === 'pg_indexes_size' ? 'CAST(0 AS BIGINT)' : `coalesce(${share}, 0)`;
  return `(SELECT CASE __r.kind WHEN 'r' THEN ${ofTable} ELSE CAST(0 AS BIGINT) END FROM __pg.own.relations AS __r WHERE __r.oid = __pg.fn.regclass_in(relation))`;
};

export const OBJECT_MACROS: readonly Macro[] = [
  ...input('regclass', 'relation', relationByName),
  ...input('regtype', 'type', typeByName),
  ...input('regproc', 'function', functionByName),
  ...input('regnamespace', 'schema', namespaceByName),
  ...input('regrole', 'role', roleByName),
  ...input('regoper', 'operator', operatorByName),
  macro(
    'regclass_out',
    `(value) AS CAST(${orNumber(`(SELECT __n.spelling FROM __pg.own.relation_spellings AS __n WHERE __n.oid = value)`)} AS VARCHAR)`,
  ),
  macro(
    'format_type',
    `(type_oid, modifier) AS CASE WHEN type_oid IS NULL THEN NULL ELSE coalesce((SELECT CASE
        WHEN modifier IS NULL OR modifier < 0 THEN __t.formatted
        WHEN __t.oid IN (1700, 1231) THEN 'numeric(' || ((modifier - 4) >> 16) || ',' || ((modifier - 4) & 2047) || ')' || CASE __t.oid WHEN 1231 THEN '[]' ELSE '' END
        WHEN __t.oid IN (1042, 1043) THEN __t.formatted || '(' || (modifier - 4) || ')'
        WHEN __t.oid IN (1083, 1114, 1184, 1266) THEN regexp_replace(__t.formatted, ' ', '(' || modifier || ') ')
        ELSE __t.formatted END
      FROM __pg.own.type_names AS __t WHERE __t.oid = type_oid), '???') END`,
  ),
  macro(
    'regtype_out',
    `(value) AS CAST(CASE value WHEN 0 THEN '-' ELSE __pg.fn.format_type(value, NULL) END AS VARCHAR)`,
  ),
  macro(
    'regproc_out',
    `(value) AS CAST(${orNumber('(SELECT __f.proname FROM __pg.catalog.pg_proc AS __f WHERE __f.oid = value)')} AS VARCHAR)`,
  ),
  macro(
    'regnamespace_out',
    `(value) AS CAST(${orNumber('(SELECT __pg.fn.quote_ident(__s.nspname) FROM __pg.catalog.pg_namespace AS __s WHERE __s.oid = value)')} AS VARCHAR)`,
  ),
  macro(
    'regrole_out',
    `(value) AS CAST(${orNumber('(SELECT __pg.fn.quote_ident(__a.rolname) FROM __pg.catalog.pg_authid AS __a WHERE __a.oid = value)')} AS VARCHAR)`,
  ),
  macro(
    'regprocedure_out',
    `(value) AS ${orNumber('(SELECT __f.signature FROM __pg.stored.function_signatures AS __f WHERE __f.oid = value)')}`,
  ),
  macro(
    'regoper_out',
    `(value) AS ${orNumber('(SELECT __o.oprname FROM __pg.catalog.pg_operator AS __o WHERE __o.oid = value)')}`,
  ),
  macro(
    'regoperator_out',
    `(value) AS ${orNumber('(SELECT __o.signature FROM __pg.stored.operator_signatures AS __o WHERE __o.oid = value)')}`,
  ),
  macro(
    'pg_get_userbyid',
    `(role_oid) AS CAST(CASE role_oid WHEN 10 THEN 'postgres' WHEN 16384 THEN getvariable('__pg_user') ELSE coalesce((SELECT __a.rolname FROM __pg.catalog.pg_authid AS __a WHERE __a.oid = role_oid), 'unknown (OID=' || role_oid || ')') END AS VARCHAR)`,
  ),
  macro(
    'obj_description',
    `(object, class) AS (SELECT min(__d.description) FROM __pg.catalog.pg_description AS __d WHERE __d.objoid = object AND __d.classoid = ${classNumber('class')} AND __d.objsubid = 0)`,
    `(object) AS (SELECT min(__d.description) FROM __pg.catalog.pg_description AS __d WHERE __d.objoid = object AND __d.objsubid = 0)`,
  ),
  macro(
    'shobj_description',
    `(object, class) AS (SELECT min(__d.description) FROM __pg.catalog.pg_shdescription AS __d WHERE __d.objoid = object AND __d.classoid = ${classNumber('class')})`,
  ),
  macro(
    'col_description',
    `(relation, attribute) AS (SELECT min(__d.description) FROM __pg.catalog.pg_description AS __d WHERE __d.objoid = relation AND __d.classoid = 1259 AND __d.objsubid = attribute AND attribute > 0)`,
  ),
  macro(
    'pg_get_expr',
    `(tree, relation) AS CAST(tree AS VARCHAR)`,
    `(tree, relation, pretty) AS CAST(tree AS VARCHAR)`,
  ),
  macro(
    'pg_get_constraintdef',
    `(constraint_oid) AS (SELECT __c.definition FROM __pg.own.constraint_definitions AS __c WHERE __c.oid = constraint_oid)`,
    `(constraint_oid, pretty) AS (SELECT CASE WHEN pretty THEN __c.pretty_definition ELSE __c.definition END FROM __pg.own.constraint_definitions AS __c WHERE __c.oid = constraint_oid)`,
  ),
  macro(
    'pg_get_indexdef',
    `(index) AS (SELECT __i.definition FROM __pg.own.index_definitions AS __i WHERE __i.oid = index)`,
    `(index, attribute, pretty) AS (SELECT CASE WHEN attribute = 0 AND pretty THEN __i.pretty_definition WHEN attribute = 0 THEN __i.definition ELSE __i.keys[attribute] END FROM __pg.own.index_definitions AS __i WHERE __i.oid = index)`,
  ),
  macro(
    'pg_get_viewdef',
    ...['(relation)', '(relation, pretty)'].map((parameters) => {
      const printed = `map_extract_value(getvariable('__pg_views'), CAST(__v.oid AS UINTEGER))`;
      const pretty = `map_extract_value(getvariable('__pg_pretty_views'), CAST(__v.oid AS UINTEGER))`;
      const text = parameters === '(relation)' ? printed : `CASE WHEN pretty THEN ${pretty} ELSE ${printed} END`;
      return `${parameters} AS (SELECT coalesce(${text}, __v.definition) FROM __pg.own.view_definitions AS __v WHERE __v.oid = __pg.fn.regclass_in(relation))`;
    }),
  ),
  macro(
    'pg_get_serial_sequence',
    `(relation, attribute) AS (SELECT min(__c.sequence) FROM __pg.own.serial_columns AS __c WHERE __c.relation_oid = __pg.fn.regclass_in(relation) AND __c.name = attribute)`,
  ),
  macro('pg_get_ruledef', `(rule) AS CAST(NULL AS VARCHAR)`, `(rule, pretty) AS CAST(NULL AS VARCHAR)`),
  macro('pg_get_triggerdef', `(trigger) AS CAST(NULL AS VARCHAR)`, `(trigger, pretty) AS CAST(NULL AS VARCHAR)`),
  macro('pg_get_partkeydef', `(relation) AS CAST(NULL AS VARCHAR)`),
  macro('pg_get_partition_constraintdef', `(relation) AS CAST(NULL AS VARCHAR)`),
  macro('pg_get_statisticsobjdef', `(statistics) AS CAST(NULL AS VARCHAR)`),
  macro('pg_get_statisticsobjdef_expressions', `(statistics) AS CAST(NULL AS VARCHAR[])`),
  macro('pg_get_statisticsobjdef_columns', `(statistics) AS CAST(NULL AS VARCHAR)`),
  macro('pg_get_replica_identity_index', `(relation) AS CAST(NULL AS UINTEGER)`),
  macro('pg_get_functiondef', `(function) AS CAST(NULL AS VARCHAR)`),
  macro(
    'pg_get_function_arguments',
    `(function) AS (SELECT __f.arguments FROM __pg.stored.function_signatures AS __f WHERE __f.oid = function)`,
  ),
  macro(
    'pg_get_function_identity_arguments',
    `(function) AS (SELECT __f.arguments FROM __pg.stored.function_signatures AS __f WHERE __f.oid = function)`,
  ),
  macro(
    'pg_get_function_result',
    `(function) AS (SELECT __f.result FROM __pg.stored.function_signatures AS __f WHERE __f.oid = function)`,
  ),
  macro('pg_get_function_arg_default', `(function, argument) AS CAST(NULL AS VARCHAR)`),
  macro('pg_get_function_sqlbody', `(function) AS CAST(NULL AS VARCHAR)`),
  macro(
    'pg_table_is_visible',
    `(relation) AS (SELECT __n.visible FROM __pg.own.relation_spellings AS __n WHERE __n.oid = relation)`,
  ),
  macro('pg_type_is_visible', `(type) AS (SELECT __t.visible FROM __pg.own.type_names AS __t WHERE __t.oid = type)`),
  ...[
    'function',
    'operator',
    'opclass',
    'opfamily',
    'collation',
    'conversion',
    'ts_parser',
    'ts_dict',
    'ts_template',
    'ts_config',
    'statistics_obj',
  ].map((kind) => macro(`pg_${kind}_is_visible`, '(object) AS object IS NOT NULL')),
  // DuckDB does not say how much of the file a table takes: its share of all cells. Of the project's tables nothing is known.
  ...['pg_table_size', 'pg_relation_size', 'pg_total_relation_size', 'pg_indexes_size'].map((name) =>
    macro(name, ...['(relation)', '(relation, fork)'].map((parameters) => `${parameters} AS ${sizeOf(name)}`)),
  ),
  macro(
    'pg_database_size',
    `(database) AS (SELECT min(__s.block_size * __s.total_blocks) FROM pragma_database_size() AS __s WHERE __s.database_name = 'ws')`,
  ),
  macro('pg_tablespace_size', `(tablespace) AS CAST(NULL AS BIGINT)`),
  macro('pg_tablespace_location', `(tablespace) AS ''`),
  macro('pg_relation_filenode', `(relation) AS CAST(NULL AS UINTEGER)`),
  macro('pg_relation_filepath', `(relation) AS CAST(NULL AS VARCHAR)`),
  macro('pg_relation_is_publishable', `(relation) AS false`),
  macro(
    'pg_relation_is_updatable',
    `(relation, triggers) AS CASE WHEN __pg.fn.regclass_in(relation) BETWEEN 16384 AND 999999999 AND EXISTS (SELECT 1 FROM __pg.own.relations AS __r WHERE __r.oid = relation AND __r.kind = 'r') THEN 28 ELSE 0 END`,
  ),
  macro(
    'pg_column_is_updatable',
    `(relation, attribute, triggers) AS EXISTS (SELECT 1 FROM __pg.own.relations AS __r WHERE __r.oid = relation AND __r.kind = 'r')`,
  ),
  macro(
    'pg_index_column_has_property',
    `(index_oid, attribute, property) AS property IN ('asc', 'orderable', 'nulls_last')`,
  ),
  macro('pg_indexam_progress_phasename', `(method, phase) AS CAST(NULL AS VARCHAR)`),
  macro('pg_index_has_property', `(index_oid, property) AS false`),
  macro(
    'pg_indexam_has_property',
    `(method, property) AS method = 403 AND property IN ('can_order', 'can_unique', 'can_multi_col', 'can_include')`,
  ),
  macro('pg_describe_object', `(class, object, sub_object) AS CAST(NULL AS VARCHAR)`),
  macro('pg_partition_ancestors', `(relation) AS CAST([] AS UINTEGER[])`),
  macro('pg_partition_root', `(relation) AS CAST(NULL AS UINTEGER)`),
  macro(
    'pg_partition_tree',
    `(relation) AS CAST([] AS STRUCT(relid UINTEGER, parentrelid UINTEGER, isleaf BOOLEAN, "level" INTEGER)[])`,
  ),
  macro('pg_options_to_table', `(options) AS CAST([] AS STRUCT(option_name VARCHAR, option_value VARCHAR)[])`),
  macro('pg_tablespace_databases', `(tablespace) AS CAST([16385] AS UINTEGER[])`),
  macro('pg_listening_channels', `() AS CAST([] AS VARCHAR[])`),
  macro(
    'pg_sequence_parameters',
    `(sequence) AS (SELECT __s.seqstart FROM __pg.catalog.pg_sequence AS __s WHERE __s.seqrelid = sequence)`,
  ),
  macro('pg_sequence_last_value', `(sequence) AS CAST(NULL AS BIGINT)`),
  // The lists of privileges are texts: `role=letters/grantor`.
  macro(
    'aclexplode',
    `(acl) AS flatten(list_transform(acl, lambda __a: list_transform(string_split(regexp_extract(__a, '=([A-Za-z*]*)/', 1), ''), lambda __l: {
      'grantor': CAST(CASE WHEN __a LIKE '%/postgres' THEN 10 ELSE 16384 END AS UINTEGER),
      'grantee': CAST(CASE WHEN __a LIKE '=%' THEN 0 WHEN __a LIKE 'postgres=%' THEN 10 ELSE 16384 END AS UINTEGER),
      'privilege_type': MAP {'r': 'SELECT', 'a': 'INSERT', 'w': 'UPDATE', 'd': 'DELETE', 'D': 'TRUNCATE', 'x': 'REFERENCES', 't': 'TRIGGER', 'U': 'USAGE', 'C': 'CREATE', 'c': 'CONNECT', 'T': 'TEMPORARY', 'X': 'EXECUTE'}[__l],
      'is_grantable': false})))`,
  ),
  macro(
    'acldefault',
    `(kind, owner) AS CASE kind WHEN 'r' THEN [__pg.fn.pg_get_userbyid(owner) || '=arwdDxt/' || __pg.fn.pg_get_userbyid(owner)] WHEN 's' THEN [__pg.fn.pg_get_userbyid(owner) || '=rwU/' || __pg.fn.pg_get_userbyid(owner)] WHEN 'n' THEN [__pg.fn.pg_get_userbyid(owner) || '=UC/' || __pg.fn.pg_get_userbyid(owner)] WHEN 'd' THEN ['=Tc/' || __pg.fn.pg_get_userbyid(owner), __pg.fn.pg_get_userbyid(owner) || '=CTc/' || __pg.fn.pg_get_userbyid(owner)] WHEN 'f' THEN ['=X/' || __pg.fn.pg_get_userbyid(owner), __pg.fn.pg_get_userbyid(owner) || '=X/' || __pg.fn.pg_get_userbyid(owner)] WHEN 'T' THEN ['=U/' || __pg.fn.pg_get_userbyid(owner), __pg.fn.pg_get_userbyid(owner) || '=U/' || __pg.fn.pg_get_userbyid(owner)] ELSE CAST([] AS VARCHAR[]) END`,
  ),
  // What the views of information_schema call.
  macro(
    '_pg_char_max_length',
    `(type, modifier) AS CASE WHEN modifier = -1 THEN NULL WHEN type IN (1042, 1043) THEN modifier - 4 WHEN type IN (1560, 1562) THEN modifier END`,
  ),
  macro(
    '_pg_char_octet_length',
    `(type, modifier) AS CASE WHEN type IN (25, 1042, 1043) THEN CASE WHEN modifier = -1 THEN 1073741824 ELSE 4 * (modifier - 4) END END`,
  ),
  macro(
    '_pg_numeric_precision',
    `(type, modifier) AS CASE type WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 1700 THEN CASE WHEN modifier = -1 THEN NULL ELSE ((modifier - 4) >> 16) & 65535 END WHEN 700 THEN 24 WHEN 701 THEN 53 END`,
  ),
  macro(
    '_pg_numeric_precision_radix',
    `(type, modifier) AS CASE WHEN type IN (21, 23, 20, 700, 701) THEN 2 WHEN type = 1700 THEN 10 END`,
  ),
  macro(
    '_pg_numeric_scale',
    `(type, modifier) AS CASE WHEN type IN (21, 23, 20) THEN 0 WHEN type = 1700 AND modifier <> -1 THEN (modifier - 4) & 65535 END`,
  ),
  macro(
    '_pg_datetime_precision',
    `(type, modifier) AS CASE WHEN type = 1082 THEN 0 WHEN type IN (1083, 1114, 1184, 1266) THEN CASE WHEN modifier < 0 THEN 6 ELSE modifier END WHEN type = 1186 THEN CASE WHEN modifier < 0 OR modifier & 65535 = 65535 THEN 6 ELSE modifier & 65535 END END`,
  ),
  macro('_pg_interval_type', `(type, modifier) AS CAST(NULL AS VARCHAR)`),
  macro(
    '_pg_index_position',
    `(index, attribute) AS (SELECT list_position(__i.indkey, attribute) FROM __pg.catalog.pg_index AS __i WHERE __i.indexrelid = index)`,
  ),
  macro('_pg_keysequal', `(one, other) AS list_sort(one) = list_sort(other)`),
];
