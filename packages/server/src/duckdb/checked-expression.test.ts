import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDomainError, type DomainError } from '../errors/domain-error.js';
import type { ColumnDefinition, TableShape } from '../model/columns.js';
import { checkCondition, checkDefault, parseOrderBy } from './checked-expression.js';
import { BINARY_OPERATORS, PERMITTED_FUNCTIONS } from './expression/permitted-functions.js';
import { parseExpression } from './expression/syntax-tree.js';
import { createTableSql } from './table-ddl.js';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

const column = (name: string, type: string): ColumnDefinition => ({ name, type, nullable: true, default: null });

const shape: TableShape = {
  columns: [
    column('id', 'INTEGER'),
    column('name', 'VARCHAR'),
    column('Price', 'DECIMAL(10,2)'),
    column('created', 'TIMESTAMP'),
    column('tags', 'VARCHAR[]'),
    column('s', 'STRUCT(f INTEGER, "g h" STRUCT(x VARCHAR))'),
    column('doc', 'JSON'),
    column('odd "name"', 'BOOLEAN'),
    column('current_date', 'DATE'),
  ],
  primaryKey: [],
};

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
  await connection.run(createTableSql('data', shape));
  await connection.run(`INSERT INTO data SELECT range, ['Drop shipment', 'it''s', 'update me', 'a;b', NULL][range % 5 + 1], range * 1.25,
    TIMESTAMP '2024-01-15' + range * INTERVAL 7 HOUR, ['a', 'b' || range], {'f': range, 'g h': {'x': 'y' || range % 3}},
    '{"k": ' || range || ', "l": [1, 2]}', range % 2 = 0, DATE '2024-01-01' + range::INTEGER FROM range(60)`);
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function idsWhere(condition: string): Promise<unknown[]> {
  const result = await connection.runAndReadAll(`SELECT id FROM data WHERE (${condition}\n) ORDER BY id`);
  return result.getRowsJson().map((row) => row[0]);
}

async function refusal(work: Promise<unknown>): Promise<DomainError> {
  const error: unknown = await work.then(
    (value) => new Error(`accepted as ${String(value)}`),
    (reason: unknown) => reason,
  );
  if (!isDomainError(error)) throw error;
  return error;
}

const LEGAL = [
  'id = 1',
  'ID > 3 AND Id <= 10',
  `name = 'Drop shipment'`,
  `name = 'a;b' OR name = '-- no comment /* here */'`,
  `name = 'it''s'`,
  `name = E'it\\'s'`,
  `"name" <> 'update me'`,
  `"odd ""name"""`,
  'data.id = 5',
  `data.s.f = 5`,
  `s."g h".x = 'y1'`,
  `(s).f BETWEEN 3 AND 5`,
  `s['f'] = 4`,
  'id IN (1, 2, 3)',
  `name NOT IN ('it''s', 'x')`,
  'id NOT BETWEEN 3 AND 50',
  `name LIKE 'Drop%'`,
  `name NOT LIKE '%ship%'`,
  `name ILIKE 'DROP%'`,
  `name NOT ILIKE '%me'`,
  `name LIKE 'it$%' ESCAPE '$' OR name LIKE 'it%'`,
  `name SIMILAR TO '(Drop|update).*'`,
  `name ~ '.*me'`,
  `name GLOB 'Drop*'`,
  'name IS NULL',
  'name IS NOT NULL AND NOT (id = 2)',
  `name IS DISTINCT FROM 'it''s'`,
  `"odd ""name""" IS TRUE`,
  `"odd ""name""" IS NOT FALSE AND id > 4`,
  'CASE WHEN id < 5 THEN true ELSE false END',
  `CASE name WHEN 'a;b' THEN id > 10 END`,
  `CAST(id AS VARCHAR) = '12'`,
  `TRY_CAST(name AS INTEGER) IS NULL`,
  `id::DECIMAL(5,1) = 7.0`,
  `[id]::BIGINT[] = [3]`,
  `created >= TIMESTAMP '2024-01-20' AND created < DATE '2024-01-25'`,
  `created > '2024-01-20'::DATE + INTERVAL 2 DAY`,
  `created > TIMESTAMP '2024-01-15' + INTERVAL '30 hours'`,
  `date_trunc('day', created) = DATE '2024-01-16'`,
  `extract(month FROM created) = 1 AND year(created) = 2024`,
  `strftime(created, '%Y-%m-%d') = '2024-01-17'`,
  "current_date < DATE '2024-01-05'",
  'created < current_timestamp::TIMESTAMP',
  'created < now()::TIMESTAMP',
  'id % 7 = 3 AND id + 1 * -2 > 0',
  'Price * 2 - 0.5 > 100.',
  'Price = .0 OR Price = 2.50 OR Price = 1e1',
  '-id < -55',
  '- -id = 3',
  'id = 170141183460469231731687303715884105727 OR id = 4',
  'id > -9223372036854775808 AND id < 9223372036854775807 AND id < 9223372036854775808',
  'id // 10 = 2 AND id ** 2 < 600 AND (id & 1) = 1',
  `upper(name) || '!' = 'A;B!'`,
  `length(trim(name)) > 5 AND substring(name FROM 1 FOR 2) = 'Dr'`,
  `position('e' IN name) > 3`,
  `regexp_matches(name, '^[a-d]')`,
  `regexp_replace(name, 'o', '0', 'g') = 'Dr0p shipment'`,
  `coalesce(name, 'none') = 'none'`,
  `nullif(id, 3) IS NULL`,
  `ifnull(name, 'x') = 'x'`,
  `if(id > 10, id < 20, id < 3)`,
  `greatest(id, 50) = 50 AND round(Price, 1) > 60`,
  `list_contains(tags, 'b7')`,
  `'b7' IN tags`,
  `tags[2] = 'b9'`,
  `tags[1:1] = ['a'] AND len(tags[2:]) = 1 AND tags[:] = tags`,
  `tags[2:-:1] = ['b9']`,
  `doc->>'k' = '7'`,
  `(doc->'k')::INTEGER = 7`,
  `doc->>'$.l[0]' = '1' AND id < 5`,
  `json_extract_string(doc, '$.k') = '8'`,
  `{'a': id} = {'a': 3}`,
  `(id, name) IN ((1, 'it''s'), (2, 'x'))`,
  `MAP {'a': id}['a'] = 6`,
  `array[id, 1] = [1, 1]`,
  `hash(id) IS NOT NULL AND id = 1`,
  '((((id))) = ((2)))',
  'true',
  'NULL',
  `name = '${'x'.repeat(1000)}'`,
  `id = 1 OR name = ')(('`,
  'id = 1\n',
  `${'('.repeat(300)}id${')'.repeat(300)} = 1`,
];

describe('legal conditions', () => {
  test.each(LEGAL)('%s', async (condition) => {
    const sql = await checkCondition(connection, condition, shape);
    expect(await idsWhere(sql)).toEqual(await idsWhere(condition));
  });

  test('the printed condition is a fixed point', async () => {
    for (const condition of LEGAL) {
      const sql = await checkCondition(connection, condition, shape);
      expect(await checkCondition(connection, sql, shape)).toBe(sql);
    }
  });
});

describe('refused conditions', () => {
  test.each([
    ['', 'it is empty'],
    ['  \n', 'it is empty'],
    ['id = 1; DROP TABLE data', `contains ';'`],
    ['id = 1 -- x', `contains '--'`],
    ['id--1 = 1', `contains '--'`],
    ['id = 1 /* x', `contains '/*'`],
    ['id = 1 */', `contains '*/'`],
    [`name = 'x' ; IMPORT DATABASE '/tmp'`, `contains ';'`],
    [`name = E'\\'' ; SELECT '`, `contains ';'`],
    [`name = DATE'\\' ; SELECT '`, `contains ';'`],
    [`name = $$ ; $$`, `contains '$'`],
    [`name = 'x' ; '`, `contains ';'`],
    ['id = $1', `contains '$'`],
    [`id = 1E'\\'' ; SELECT '`, `contains '1E''`],
    ['DROP TABLE data', `contains 'drop '`],
    ['id = 1 DELETE FROM data', `contains 'delete '`],
    ['truncate data', `contains 'truncate '`],
    ['alter table data', `contains 'alter '`],
    ['INSERT INTO data VALUES (1)', `contains 'insert '`],
    ['update data set id = 1', `contains 'update '`],
    ['id = ', 'syntax error'],
    ['id = 1 ORDER BY id', 'syntax error'],
    ['id = 1 LIMIT 1', 'syntax error'],
    ['1 = 1) ORDER BY (id', 'brackets do not match'],
    ['1 = 1) UNION SELECT (1', 'brackets do not match'],
    ['1 = 1) GROUP BY (id', 'brackets do not match'],
    ['1 = 1) LIMIT (1', 'brackets do not match'],
    ['1 = 1) QUALIFY (true', 'brackets do not match'],
    ['1 = 1) USING SAMPLE (1', 'brackets do not match'],
    ['true) WINDOW w AS (ORDER BY id', 'brackets do not match'],
    ['1 = 1) OR (id = 2', 'brackets do not match'],
    ['id = 1)', 'brackets do not match'],
    ['((id = 1)', 'brackets do not match'],
    ['id IN (SELECT 1)', 'subqueries are not permitted'],
    ['EXISTS (SELECT 1)', 'subqueries are not permitted'],
    ['id = (FROM data SELECT max(id))', 'subqueries are not permitted'],
    ['id = ANY([1])', 'subqueries are not permitted'],
    ['row_number() OVER () = 1', 'window functions are not permitted'],
    ['sum(id) OVER () > 1', 'window functions are not permitted'],
    ['COLUMNS(*) > 1', 'COLUMNS are not permitted'],
    ['count(*) > 1', 'count_star is not permitted'],
    ['sum(id) > 1', 'sum is not permitted'],
    ['id = ?', 'parameters are not permitted'],
    ['#1 = 1', 'positional references are not permitted'],
    ['list_transform(tags, lambda x: x) = tags', 'list_transform is not permitted'],
    ['[x for x in tags] = tags', 'list_apply is not permitted'],
    [`name COLLATE nocase = 'x'`, 'collations are not permitted'],
    [`name = DEFAULT`, 'DEFAULT is not permitted'],
    [`read_text('/etc/passwd') = ''`, 'read_text is not permitted'],
    [`getvariable('x') = 1`, 'getvariable is not permitted'],
    [`current_setting('temp_directory') = ''`, 'current_setting is not permitted'],
    [`nextval('s') = 1`, 'nextval is not permitted'],
    [`sleep_ms(1000) = 1`, 'sleep_ms is not permitted'],
    [`repeat('x', 4000000000) = ''`, 'repeat is not permitted'],
    [`lpad('x', 4000000000, 'x') = ''`, 'lpad is not permitted'],
    [`format('{:>2000000000}', 1) = ''`, 'format is not permitted'],
    [`len(range(1000000000)) = 1`, 'range is not permitted'],
    [`json_structure(doc) = ''`, 'json_structure is not permitted'],
    [`write_log('x') IS NULL`, 'write_log is not permitted'],
    [`error('x')`, 'error is not permitted'],
    [`no_such_function(id)`, 'no_such_function is not permitted'],
    [`"LOWER"(name) = 'x' AND "no such"(id)`, 'no such is not permitted'],
    [`other.lower(name) = 'x'`, 'without a name in front of it'],
    [`name.lower() = 'x'`, 'without a name in front of it'],
    [`lower(DISTINCT name) = 'x'`, 'parts that are not permitted'],
    [`round(Price, digits := 1) = 1`, 'no named arguments'],
    [`CAST(doc AS VARIANT) IS NULL`, 'VARIANT'],
    [`CAST(name AS GEOMETRY) IS NULL`, 'GEOMETRY'],
    [`CAST(name AS no_such_type) IS NULL`, 'unknown type'],
    [`regexp_matches('x', name)`, 'regular expression must be a text'],
    [`name ~ lower('x')`, 'regular expression must be a text'],
    [`name SIMILAR TO '${'x'.repeat(1001)}'`, '1000 characters at most'],
    [`${'('.repeat(20_000)}1${')'.repeat(20_000)} = 1`, 'nested too deep'],
    [`id = 1${'+1'.repeat(2_000)}`, 'nested too deep'],
    ['missing = 1', 'no column "missing"'],
    [`name = "Drop shipment"`, 'texts need single quotes'],
    ['other.id = 1', 'no column "other.id"'],
    ['rowid = 1', 'no column "rowid"'],
    ['memory.main.data.id = 1', 'no column'],
    ['id IS OF (INTEGER)', ''],
    ['id = 1e999', 'too large'],
    ['grouping(id) = 1', 'GROUPING_FUNCTION is not permitted'],
    ['id! = 6', '!__postfix is not permitted'],
    [`name = '\0'`, 'characters that are not text'],
    [`name = '\ud800'`, 'characters that are not text'],
    [`name = '${'x'.repeat(70_000)}'`, 'longer than 65536 bytes'],
    [`${'NOT '.repeat(300)}true`, 'nested more than 200 deep'],
  ])('%.60s', async (condition, reason) => {
    const error = await refusal(checkCondition(connection, condition, shape));
    expect(error.code).toBe('invalid_where_clause');
    expect(error.message).toMatch(/^Invalid WHERE clause: /);
    expect(error.message).toContain(reason);
    expect(error.details).toEqual({ where_filter: condition.slice(0, 200) });
  });

  test('an unknown column is answered with those that exist', async () => {
    expect((await refusal(checkCondition(connection, 'missing = 1', shape))).message).toContain('id, name, Price');
  });

  test('long chains of conditions', async () => {
    const chain = Array.from({ length: 4_000 }, (_, index) => `id = ${index}`).join(' OR ');
    expect(await idsWhere(await checkCondition(connection, chain, shape))).toHaveLength(60);
  });
});

describe('defaults', () => {
  test.each([
    [`'active'`, 'VARCHAR', `'active'`],
    ['0', 'INTEGER', '0'],
    ['-1.50', 'DECIMAL(5,2)', '(-1.50)'],
    ['NULL', 'DATE', 'NULL'],
    ['now()', 'TIMESTAMP WITH TIME ZONE', 'now()'],
    ['current_timestamp', 'TIMESTAMP', 'current_timestamp'],
    ['CURRENT_DATE', 'DATE', 'current_date'],
    ['uuid()', 'UUID', 'uuid()'],
    ['gen_random_uuid()', 'VARCHAR', 'gen_random_uuid()'],
    ['random()', 'DOUBLE', 'random()'],
    ['false', 'BOOLEAN', `CAST('f' AS BOOLEAN)`],
    [`'{"a": 1}'`, 'JSON', `'{"a": 1}'`],
    [`['a', 'b']`, 'VARCHAR[]', `list_value('a', 'b')`],
    [`{'a': 1}`, 'STRUCT(a INTEGER)', `struct_pack("a" := 1)`],
    [
      `DATE '2024-01-15' + INTERVAL 1 DAY`,
      'TIMESTAMP',
      `(CAST('2024-01-15' AS DATE) + to_days(CAST(trunc(CAST(1 AS DOUBLE)) AS INTEGER)))`,
    ],
    [`'drop me'`, 'VARCHAR', `'drop me'`],
  ])('%s for %s', async (text, type, sql) => {
    expect(await checkDefault(connection, text, type)).toBe(sql);
    await connection.run(`CREATE OR REPLACE TABLE with_default (a INTEGER, c ${type} DEFAULT (${sql}))`);
    await connection.run('INSERT INTO with_default (a) VALUES (1)');
  });

  test.each([
    ['active', 'VARCHAR', 'single quotes'],
    ['id', 'INTEGER', 'cannot refer to the column "id"'],
    [`'abc'`, 'INTEGER', 'no value of type INTEGER'],
    ['1000', 'TINYINT', 'no value of type TINYINT'],
    ['(SELECT 1)', 'INTEGER', 'subqueries are not permitted'],
    ['1) NOT NULL, (x', 'INTEGER', ''],
    ['1; DROP TABLE data', 'INTEGER', `contains ';'`],
    [`nextval('s')`, 'INTEGER', 'nextval is not permitted'],
    ['', 'INTEGER', 'it is empty'],
    [`lower(1, 2)`, 'VARCHAR', 'no value of type VARCHAR'],
  ])('%s for %s is refused', async (text, type, reason) => {
    const error = await refusal(checkDefault(connection, text, type));
    expect(error.code).toBe('invalid_default');
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain('SELECT CAST');
  });
});

describe('order', () => {
  test.each([
    ['id', '"id"'],
    ['ID desc', '"id" DESC'],
    [
      'price ASC NULLS LAST, "odd ""name""" desc nulls first',
      '"Price" ASC NULLS LAST, "odd ""name""" DESC NULLS FIRST',
    ],
    [' data . id ,name ', '"id", "name"'],
    ['"Current_Date"', '"current_date"'],
  ])('%s', async (text, sql) => {
    expect(parseOrderBy(text, shape)).toBe(sql);
    await connection.run(`SELECT * FROM data ORDER BY ${sql}`);
  });

  test.each([
    ['', 'write column'],
    ['1', 'write column'],
    ['id,', 'write column'],
    ['id desc asc', 'at position 1'],
    ['id, name;', 'at position 4'],
    ['lower(name)', 'write column'],
    ['id nulls', 'write column'],
    ['missing', 'no column "missing"'],
    ['id -- x', 'write column'],
    ['"id', 'write column'],
    ['id '.repeat(10_000), 'longer than'],
  ])('%.40s is refused', (text, reason) => {
    expect(() => parseOrderBy(text, shape)).toThrow(reason);
    try {
      parseOrderBy(text, shape);
    } catch (error) {
      expect(isDomainError(error, 'invalid_order_by')).toBe(true);
    }
  });
});

test('every permitted function exists in the engine, as a scalar one', async () => {
  const sql = `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('scalar', 'macro')`;
  const known = new Set((await connection.runAndReadAll(sql)).getRowsJson().map((row) => row[0]));
  expect([...PERMITTED_FUNCTIONS].filter((name) => !known.has(name))).toEqual([]);
});

const leaf = fc.oneof(
  fc.constantFrom('id', 'name', 'data.Price', 's.f', 'doc', '"odd ""name"""', 'NULL', 'true', 'now()', 'current_date'),
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential()),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.stringMatching(/^\d{1,8}$/))
    .map(([whole, digits]) => `${whole}.${digits}`),
  fc
    .string()
    .filter((text) => !/[\0\p{Cs}]/u.test(text))
    .map((text) => `'${text.replaceAll("'", "''")}'`),
);

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression');
  return {
    expression: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      leaf,
      fc
        .tuple(
          inner,
          fc.constantFrom('=', '<>', '<', '>=', 'IS DISTINCT FROM', 'AND', 'OR', 'LIKE', 'ILIKE', ...BINARY_OPERATORS),
          inner,
        )
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      inner.map((operand) => `(NOT ${operand})`),
      inner.map((operand) => `(- ${operand})`),
      inner.map((operand) => `(${operand} IS NOT NULL)`),
      inner.map((operand) => `(${operand} IS TRUE)`),
      inner.map((operand) => `lower(${operand})`),
      inner.map((operand) => `(${operand})[1:]`),
      inner.map((operand) => `(${operand})."g h"`),
      inner.map(
        (operand) => `CAST(${operand} AS STRUCT("a b" DECIMAL(5,2)[], c MAP(VARCHAR, UNION(x JSON, y INT[3]))))`,
      ),
      inner.map((operand) => `TRY_CAST(${operand} AS TIMESTAMP WITH TIME ZONE)`),
      fc
        .tuple(inner, fc.array(inner, { minLength: 1, maxLength: 3 }))
        .map(([operand, values]) => `(${operand} NOT IN (${values.join(', ')}))`),
      fc.tuple(inner, inner, inner).map(([operand, low, high]) => `(${operand} BETWEEN ${low} AND ${high})`),
      fc
        .tuple(inner, inner, inner)
        .map(([when, then, otherwise]) => `CASE WHEN ${when} THEN ${then} ELSE ${otherwise} END`),
      fc.array(inner, { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      inner.map((operand) => `{'a': ${operand}, 'b "c': 1}`),
    ),
  };
});

/** The tree without what printing changes on purpose: positions, spelling of columns, field access and of true and false. */
function essence(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(essence);
  if (typeof tree !== 'object' || tree === null) return tree;
  const node = Object.fromEntries(Object.entries(tree).filter(([key]) => key !== 'query_location'));
  if (node.class === 'FUNCTION') node.schema = '';
  if (node.class === 'COLUMN_REF') {
    const names = (node.column_names as string[]).filter((name) => name !== 'data');
    const [first = '', ...fields] = names;
    const column: unknown = { column: first.toLowerCase() };
    return fields.reduce((parent, field) => ({ parent, field }), column);
  }
  if (node.type === 'STRUCT_EXTRACT') {
    const [parent, field] = node.children as [unknown, { value: { value: unknown } }];
    return { parent: essence(parent), field: field.value.value };
  }
  if (node.class === 'CONSTANT') {
    const value = node.value as { type: { id: string }; value: unknown };
    if (value.type.id === 'BOOLEAN') return { boolean: value.value };
  }
  if (node.class === 'CAST' && (node.cast_type as { id: string }).id === 'BOOLEAN') {
    const child = node.child as { class: string; value?: { value: unknown } };
    if (child.class === 'CONSTANT' && (child.value?.value === 't' || child.value?.value === 'f'))
      return { boolean: child.value.value === 't' };
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, essence(value)]));
}

test('property: what is printed parses to the same tree', async () => {
  await fc.assert(
    fc.asyncProperty(expression, async (text) => {
      const sql = await checkCondition(connection, text, shape);
      expect(essence(await parseExpression(connection, sql))).toEqual(essence(await parseExpression(connection, text)));
      expect(await checkCondition(connection, sql, shape)).toBe(sql);
    }),
    { numRuns: 400 },
  );
});

test('property: no text breaks out', async () => {
  const pieces = fc.constantFrom(
    ...`' '' " "" ; -- /* */ ( ) \\ E' e'\\' $$ $a$ U&' x' id name = 1 SELECT UNION FROM data \n \u00a0 ) ( , [ ] { } ::`.split(
      ' ',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), async (parts) => {
      try {
        const sql = await checkCondition(connection, parts.join(' '), shape);
        await parseExpression(connection, sql);
      } catch (error) {
        expect(isDomainError(error, 'invalid_where_clause'), String(error)).toBe(true);
      }
    }),
    { numRuns: 1_000 },
  );
});
