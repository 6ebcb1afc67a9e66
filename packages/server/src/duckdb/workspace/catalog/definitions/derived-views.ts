/**
 * Views over the workspace's own objects and the project's tables together, which macros and relations of the catalogue share. In an
 * order in which each uses only those before it.
 */
const visible = (schema: string): string =>
  `(${schema} = 'pg_catalog' OR list_contains(getvariable('__pg_search_path'), ${schema}) OR ${schema} LIKE 'pg_temp%')`;

/** Keys of an index that is no constraint: DuckDB keeps the texts of its expressions, `[id, "a b"]`. */
const KEY_TEXTS = `string_split(regexp_replace(o.expressions, '^\\[|\\]$', '', 'g'), ', ')`;

/** `CREATE VIEW x AS SELECT …;`: what comes after AS, with a space in front as PostgreSQL prints it; `main` is `public` and goes
 * without saying. */
const VIEW_BODY = `' ' || trim(regexp_replace(regexp_replace(replace(sql, 'count_star()', 'count(*)'), '([\\s(,])main\\.', '\\1', 'g'), '^\\s*CREATE\\s+(OR\\s+REPLACE\\s+)?(TEMP\\w*\\s+)?VIEW\\s+.*?\\sAS\\s', '', 'is'))`;

export const DERIVED_VIEWS: readonly { readonly name: string; readonly body: string }[] = [
  {
    name: 'schema_names',
    body: `SELECT oid, name FROM __pg.own.schemas
      UNION ALL SELECT oid, spelling FROM __project.main.spellings
      UNION ALL SELECT oid, nspname FROM __pg.stored.pg_namespace`,
  },
  {
    name: 'relation_spellings',
    body: `SELECT *, CASE WHEN visible THEN '' ELSE __pg.fn.quote_ident(schema) || '.' END || __pg.fn.quote_ident(name) AS spelling
      FROM (SELECT *, ${visible('schema')} AS visible FROM (
        SELECT o.oid, o.name, s.name AS schema FROM __pg.own.relations AS o JOIN __pg.own.schemas AS s ON s.oid = o.schema_oid
        UNION ALL
        SELECT p.oid, p.name, s.name FROM __project.main.relations AS p JOIN __project.main.schemas AS s ON s.oid = p.schema_oid
        UNION ALL
        SELECT p.oid + 4, left(p.name, 58) || '_pkey', s.name
        FROM __project.main.relations AS p JOIN __project.main.schemas AS s ON s.oid = p.schema_oid
        WHERE p.key_columns IS NOT NULL
        UNION ALL
        SELECT c.oid, c.relname, n.nspname FROM __pg.stored.pg_class AS c JOIN __pg.stored.pg_namespace AS n ON n.oid = c.relnamespace
      ))`,
  },
  {
    name: 'relation_names',
    body: `SELECT oid, name, schema, visible FROM __pg.own.relation_spellings
      UNION ALL
      SELECT p.oid, p.name, s.spelling, false
      FROM __project.main.relations AS p
      JOIN __project.main.spellings AS s ON s.oid = p.schema_oid
      JOIN __project.main.schemas AS n ON n.oid = p.schema_oid AND n.name <> s.spelling`,
  },
  {
    name: 'type_names',
    body: `SELECT f.oid, t.typname AS name, f.formatted, t.typnamespace = 11 AS visible
      FROM __pg.stored.type_formats AS f JOIN __pg.stored.pg_type AS t ON t.oid = f.oid
      UNION ALL
      SELECT o.oid + k.offset * (k.offset - 1), CASE k.offset WHEN 1 THEN o.name ELSE '_' || o.name END,
        CASE WHEN ${visible('s.name')} THEN '' ELSE __pg.fn.quote_ident(s.name) || '.' END || __pg.fn.quote_ident(o.name)
          || CASE k.offset WHEN 1 THEN '' ELSE '[]' END,
        ${visible('s.name')}
      FROM __pg.own.types AS o JOIN __pg.own.schemas AS s ON s.oid = o.schema_oid, __pg.stored.row_type_kinds AS k
      UNION ALL
      SELECT r.oid + k.offset, CASE k.offset WHEN 1 THEN r.name ELSE '_' || r.name END,
        r.spelling || CASE k.offset WHEN 1 THEN '' ELSE '[]' END, r.visible
      FROM __pg.own.relation_spellings AS r, __pg.stored.row_type_kinds AS k WHERE r.oid >= 16384`,
  },
  {
    name: 'typed_columns',
    body: `SELECT o.relation_oid, o.name, o.number, o.data_type,
        coalesce(e.oid + CASE WHEN o.data_type LIKE '%]' THEN 2 ELSE 0 END, o.builtin_type) AS type_oid,
        o.modifier, CASE WHEN o.data_type LIKE '%]' AND o.builtin_type <> 114 THEN 1 ELSE 0 END AS dimensions,
        NOT o.is_nullable OR coalesce(list_contains(k.column_numbers, o.number), false) AS required,
        __pg.fn.default_spelling(o.default_text, coalesce(__pg.fn.quote_ident(e.name), __pg.fn.type_spelling(o.builtin_type))) AS default_text, o.comment
      FROM __pg.own.columns AS o
      LEFT JOIN (SELECT spelling, min(oid) AS oid, arg_min(name, oid) AS name FROM __pg.own.types GROUP BY spelling) AS e ON e.spelling = regexp_replace(o.data_type, '(\\[[0-9]*\\])+$', '')
      LEFT JOIN __pg.own.constraints AS k ON k.base_oid = o.relation_oid AND k.kind = 'p'`,
  },
  {
    name: 'system_columns',
    body: `SELECT r.oid AS relation_oid, s.* FROM (
        SELECT oid FROM __pg.own.relations WHERE kind = 'r' UNION ALL SELECT oid FROM __project.main.relations) AS r, __pg.stored.system_attributes AS s`,
  },
  {
    name: 'sequences',
    body: `SELECT 32768 + 128 * sequence_oid AS oid, sequence_name AS name, start_value, increment_by, max_value, min_value, cycle
      FROM duckdb_sequences() WHERE database_name IN ('ws', 'temp')`,
  },
  {
    name: 'serial_columns',
    body: `SELECT c.relation_oid, c.name, c.number, s.oid AS sequence_oid,
        __pg.fn.quote_ident(s.schema) || '.' || __pg.fn.quote_ident(s.name) AS sequence,
        s.name = r.name || '_' || c.name || '_seq' AS is_owned
      FROM __pg.own.columns AS c
      JOIN __pg.own.relations AS r ON r.oid = c.relation_oid
      JOIN __pg.own.relation_spellings AS s
        ON s.name = regexp_extract(c.default_text, '^nextval\\(''(?:[^.'']+\\.)?"?([^''"]+)"?''', 1)
      JOIN __pg.own.sequences AS q ON q.oid = s.oid`,
  },
  {
    name: 'constraint_targets',
    body: `SELECT o.oid, t.oid AS target_oid,
        (SELECT list(c.number ORDER BY list_position(o.target_columns, c.name)) FROM __pg.own.columns AS c
          WHERE c.relation_oid = t.oid AND list_contains(o.target_columns, c.name)) AS target_numbers,
        k.index_oid
      FROM __pg.own.constraints AS o
      JOIN __pg.own.relations AS t ON t.name = o.target_table AND t.schema_oid = o.schema_oid AND t.kind = 'r'
      LEFT JOIN __pg.own.constraints AS k ON k.base_oid = t.oid AND k.kind IN ('p', 'u') AND k.column_names = o.target_columns
      WHERE o.kind = 'f'`,
  },
  {
    name: 'constraint_definitions',
    body: `SELECT oid, CASE WHEN kind = 'c' THEN 'CHECK (' || __pg.fn.check_spelling(expression, type_name, '(', ')') || ')' ELSE text END AS definition,
        CASE WHEN kind = 'c' THEN CASE WHEN expression LIKE '(%)' THEN 'CHECK ' || __pg.fn.check_spelling(expression, type_name, '', '')
          ELSE 'CHECK (' || __pg.fn.check_spelling(expression, type_name, '', '') || ')' END ELSE text END AS pretty_definition
      FROM (SELECT *, CASE kind WHEN 'p' THEN 'PRIMARY KEY (' || column_text || ')' WHEN 'u' THEN 'UNIQUE (' || column_text || ')'
          WHEN 'f' THEN 'FOREIGN KEY (' || column_text || ') REFERENCES ' || __pg.fn.quote_ident(target_table) || '(' || target_text || ')' END AS text
      FROM (SELECT *, array_to_string(list_transform(column_names, lambda __c: __pg.fn.quote_ident(__c)), ', ') AS column_text,
          array_to_string(list_transform(target_columns, lambda __c: __pg.fn.quote_ident(__c)), ', ') AS target_text,
          CASE WHEN kind = 'c' AND len(column_numbers) = 1 THEN (SELECT __pg.fn.type_spelling(min(c.builtin_type)) FROM __pg.own.columns AS c
            WHERE c.relation_oid = base_oid AND c.number = column_numbers[1]) END AS type_name
        FROM __pg.own.constraints))
      UNION ALL
      SELECT p.oid + 3, 'PRIMARY KEY (' || p.key_text || ')', 'PRIMARY KEY (' || p.key_text || ')' FROM __project.main.relations AS p WHERE p.key_columns IS NOT NULL
      UNION ALL SELECT oid, definition, definition FROM __pg.stored.constraint_texts`,
  },
  {
    name: 'index_keys',
    body: `SELECT o.oid, o.table_oid, o.is_unique, o.is_primary, o.name, o.table_name, o.schema_oid, o.constraint_oid,
        coalesce(o.column_numbers, list_transform(${KEY_TEXTS}, lambda __k: CAST(coalesce(
          map_extract_value(c.numbers, trim(__k, '"()''')), 0) AS SMALLINT))) AS numbers,
        coalesce(list_transform(o.column_numbers, lambda __n: __pg.fn.quote_ident(c.names[__n])), list_transform(${KEY_TEXTS}, lambda __k: trim(__k, ''''))) AS keys,
        NULL AS expression_text, c.classes
      FROM __pg.own.indexes AS o
      JOIN (SELECT n.relation_oid, map(list(n.name), list(n.number)) AS numbers, list(n.name ORDER BY n.number) AS names,
          list(coalesce(k.oid, 0) ORDER BY n.number) AS classes
        FROM __pg.own.columns AS n LEFT JOIN __pg.stored.index_classes AS k ON k.type_oid = n.builtin_type GROUP BY n.relation_oid) AS c
        ON c.relation_oid = o.table_oid`,
  },
  {
    name: 'index_columns',
    body: `SELECT i.oid AS index_oid, i.position AS number, coalesce(c.name, 'expr') AS name, coalesce(c.type_oid, 25) AS type_oid, coalesce(c.modifier, -1) AS modifier
      FROM (SELECT oid, table_oid, unnest(numbers) AS key_number, unnest(range(1, len(numbers) + 1)) AS position FROM __pg.own.index_keys) AS i
      LEFT JOIN __pg.own.typed_columns AS c ON c.relation_oid = i.table_oid AND c.number = i.key_number
      UNION ALL
      SELECT p.oid + 4, p.position, c.name, c.type_oid, c.modifier
      FROM (SELECT oid, unnest(key_columns) AS key_number, unnest(range(1, len(key_columns) + 1)) AS position FROM __project.main.relations) AS p
      JOIN __project.main.columns AS c ON c.relation_oid = p.oid AND c.number = p.key_number`,
  },
  {
    name: 'index_definitions',
    body: `SELECT oid, keys, before || __pg.fn.quote_ident(schema) || '.' || after AS definition,
        before || CASE WHEN ${visible('schema')} THEN '' ELSE __pg.fn.quote_ident(schema) || '.' END || after AS pretty_definition
      FROM (
        SELECT i.oid, i.keys, s.name AS schema,
          'CREATE ' || CASE WHEN i.is_unique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || __pg.fn.quote_ident(i.name) || ' ON ' AS before,
          __pg.fn.quote_ident(i.table_name) || ' USING btree (' || array_to_string(i.keys, ', ') || ')' AS after
        FROM __pg.own.index_keys AS i JOIN __pg.own.schemas AS s ON s.oid = i.schema_oid
        UNION ALL
        SELECT p.oid + 4, p.key_names, s.name, 'CREATE UNIQUE INDEX ' || __pg.fn.quote_ident(left(p.name, 58) || '_pkey') || ' ON ',
          __pg.fn.quote_ident(p.name) || ' USING btree (' || p.key_text || ')'
        FROM __project.main.relations AS p JOIN __project.main.schemas AS s ON s.oid = p.schema_oid
        WHERE p.key_columns IS NOT NULL
        UNION ALL
        SELECT oid, keys, 'pg_catalog', regexp_extract(definition, '^(.* ON )pg_catalog\\.(.*)$', 1), regexp_extract(definition, '^(.* ON )pg_catalog\\.(.*)$', 2)
        FROM __pg.stored.index_texts
      )`,
  },
  {
    name: 'view_definitions',
    body: `SELECT oid, ${VIEW_BODY} AS definition FROM __pg.own.relations WHERE kind = 'v'
      UNION ALL SELECT oid, definition FROM __pg.stored.system_views`,
  },
  {
    name: 'view_uses',
    body: `SELECT v.oid AS view_oid, r.oid AS relation_oid
      FROM __pg.own.relations AS v JOIN __pg.own.relation_spellings AS r ON r.oid >= 16384 AND r.oid <> v.oid
      WHERE v.kind = 'v' AND regexp_matches(v.sql, '(from|join|,)\\s+("?(main|public|' || regexp_escape(r.schema) || ')"?\\.)?"?' || regexp_escape(r.name) || '"?([^a-z0-9_"]|$)', 'i')`,
  },
  {
    name: 'comments',
    body: `SELECT oid, 1259 AS class_oid, 0 AS number, comment FROM __pg.own.relations WHERE comment IS NOT NULL
      UNION ALL SELECT relation_oid, 1259, number, comment FROM __pg.own.columns WHERE comment IS NOT NULL
      UNION ALL SELECT oid, 2615, 0, coalesce(comment, CASE oid WHEN 2200 THEN 'standard public schema' END) FROM __pg.own.schemas WHERE comment IS NOT NULL OR oid = 2200
      UNION ALL SELECT oid, 1247, 0, comment FROM __pg.own.types WHERE comment IS NOT NULL`,
  },
];
