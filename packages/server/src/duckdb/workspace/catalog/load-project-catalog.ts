import type { DuckDBConnection } from '@duckdb/node-api';
import type { WorkspaceCatalog as ProjectCatalog, WorkspaceCatalogBucket } from '../../../model/workspace-view.js';
import type { ProjectNumbers } from './definitions/object-numbers.js';
import { PROJECT_DATABASE } from './names.js';

/** A name that needs no quotes in SQL. */
const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/;

/** A bucket is shown by the spelling that a person can type without quotes, where it has one. */
function shownName(bucket: WorkspaceCatalogBucket): string {
  return bucket.schemaSpellings.find((spelling) => PLAIN_NAME.test(spelling)) ?? bucket.name;
}

const SCHEMA = 2615;
const RELATION = 1259;

/** One list per table, of rows as the names of `ROWS` say. */
interface ProjectRows {
  readonly schemas: object[];
  readonly spellings: object[];
  readonly relations: object[];
  readonly columns: object[];
  readonly comments: object[];
}

const STATEMENTS: readonly (readonly [keyof ProjectRows, string, string])[] = [
  ['schemas', '{"oid":"UINTEGER","name":"VARCHAR","comment":"VARCHAR"}', 'r.oid, r.name, r.comment'],
  ['spellings', '{"oid":"UINTEGER","spelling":"VARCHAR"}', 'r.oid, r.spelling'],
  [
    'relations',
    '{"oid":"UINTEGER","schema":"UINTEGER","name":"VARCHAR","rows":"BIGINT","columns":"SMALLINT","key":["SMALLINT"],"names":["VARCHAR"]}',
    `r.oid, r.schema, r.name, r.rows, r.columns, r.key, r.names,
     array_to_string(list_transform(r.names, lambda __c: __pg.fn.quote_ident(__c)), ', ')`,
  ],
  [
    'columns',
    '{"relation":"UINTEGER","name":"VARCHAR","number":"SMALLINT","type":"VARCHAR","required":"BOOLEAN","default":"VARCHAR"}',
    `r.relation, r.name, r.number, coalesce(CASE WHEN r.type LIKE '%]' THEN t.array_oid ELSE t.scalar_oid END, 25),
     coalesce(__pg.fn.decimal_modifier(r.type), t.modifier, -1), CASE WHEN r.type LIKE '%]' AND t.array_oid <> 114 THEN 1 ELSE 0 END, r.required,
     __pg.fn.default_spelling(r."default", __pg.fn.type_spelling(t.scalar_oid))`,
  ],
  [
    'comments',
    '{"oid":"UINTEGER","class":"UINTEGER","number":"INTEGER","comment":"VARCHAR"}',
    'r.oid, r.class, r.number, r.comment',
  ],
];

const COLUMN_TYPES = 'LEFT JOIN __pg.stored.duckdb_types AS t ON t.name = __pg.fn.type_element(r.type)';

/**
 * Replaces what the catalogue knows of the project, in one transaction. The rows travel as JSON in a parameter: DuckDB reads it many
 * times faster than rows can be appended from here, and off the main thread.
 */
export async function loadProjectCatalog(
  control: DuckDBConnection,
  catalog: ProjectCatalog,
  numbers: ProjectNumbers,
): Promise<void> {
  const rows = rowsOf(catalog, numbers);
  await control.run('BEGIN');
  try {
    for (const [table, structure, values] of STATEMENTS) {
      await control.run(`DELETE FROM ${PROJECT_DATABASE}.main.${table}`);
      await control.run(
        `INSERT INTO ${PROJECT_DATABASE}.main.${table} SELECT ${values}
         FROM (SELECT unnest(from_json($1, '[${structure}]')) AS r) AS r ${table === 'columns' ? COLUMN_TYPES : ''}`,
        [JSON.stringify(rows[table])],
      );
    }
    await control.run('COMMIT');
  } catch (error) {
    await control.run('ROLLBACK');
    throw error;
  }
}

function rowsOf(catalog: ProjectCatalog, numbers: ProjectNumbers): ProjectRows {
  const rows: ProjectRows = { schemas: [], spellings: [], relations: [], columns: [], comments: [] };
  for (const bucket of catalog.buckets) {
    const schema = numbers.of(bucket.name);
    rows.schemas.push({ oid: schema, name: shownName(bucket), comment: bucket.description });
    for (const spelling of bucket.schemaSpellings) rows.spellings.push({ oid: schema, spelling });
    if (bucket.description !== null) {
      rows.comments.push({ oid: schema, class: SCHEMA, number: 0, comment: bucket.description });
    }
    for (const table of bucket.tables) {
      const oid = numbers.ofTable(bucket.name, table.name);
      const key = table.primaryKey.map((name) => table.columns.findIndex((column) => column.name === name) + 1);
      rows.relations.push({
        oid,
        schema,
        name: table.name,
        rows: table.rowCount,
        columns: table.columns.length,
        ...(key.length === 0 ? {} : { key, names: table.primaryKey }),
      });
      if (table.description !== null) {
        rows.comments.push({ oid, class: RELATION, number: 0, comment: table.description });
      }
      table.columns.forEach((column, index) => {
        const number = index + 1;
        rows.columns.push({
          relation: oid,
          name: column.name,
          number,
          type: column.type,
          required: !column.nullable || key.includes(number),
          ...(column.default === null ? {} : { default: column.default }),
        });
        if (column.description !== null) {
          rows.comments.push({ oid, class: RELATION, number, comment: column.description });
        }
      });
    }
  }
  return rows;
}
