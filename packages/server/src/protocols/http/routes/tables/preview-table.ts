import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { JsonText } from '../../json-text.js';
import { splitNames } from '../../name-list.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { renderSelectedColumns, TablePreviewSchema } from '../../schemas/tables.js';
import { versionChoice, versionChoiceMembers } from '../../schemas/version-choice.js';

const DEFAULT_ROWS = 1000;
const MAX_ROWS = 10_000;

export const previewTable = defineRead({
  operation: 'table.preview',
  method: 'GET',
  path: `${TABLE_PATH}/preview`,
  summary: 'Some rows of a table',
  description:
    'Without `order_by` rows come in physical order: the order in which they were loaded. Equal rows keep it under `order_by` too, ' +
    'so that pages by `limit` and `offset` show each row once while the table does not change. `total_row_count` are the rows of the table, ' +
    'whatever the filter; `preview_row_count` are the rows of this answer.',
  params: TableParams,
  query: Type.Object({
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_ROWS,
        description: `At most this many rows, ${DEFAULT_ROWS} unless given`,
      }),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'How many rows to pass over first, 0 unless given',
      }),
    ),
    columns: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Columns in the wanted order, separated by commas or repeated; "quoted" when a name has a comma',
      }),
    ),
    filter: Type.Optional(Type.String({ description: 'A condition over the columns, without the word WHERE' })),
    order_by: Type.Optional(Type.String({ description: '`column [asc|desc]`, separated by commas' })),
    version: Type.Optional(versionChoiceMembers.version),
    as_of: Type.Optional(versionChoiceMembers.as_of),
  }),
  success: { status: 200, description: 'Rows as objects, members in column order', schema: TablePreviewSchema },
  errors: [
    'bucket_is_linked',
    'invalid_where_clause',
    'invalid_order_by',
    'unknown_column',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
    'version_not_found',
    'invalid_request',
    'server_busy',
    'deadline_exceeded',
  ],
  handle: async ({ services, params, query, signal }) => {
    const columns = splitNames(query.columns);
    const selection = {
      columns,
      filter: query.filter ?? null,
      orderBy: query.order_by ?? null,
      limit: query.limit ?? DEFAULT_ROWS,
      ...(query.offset === undefined ? {} : { offset: query.offset }),
    };
    const { table, rowsJson, rowCount } = await services.tables.preview(
      { ...tableRef(params), ...versionChoice(query) },
      selection,
      signal,
    );
    // Rows come as finished text from the engine: parsing them here would round 64-bit integers.
    const described = JSON.stringify(renderSelectedColumns(table, columns));
    return new JsonText(
      `{"columns":${described},"rows":${rowsJson},"total_row_count":${table.current.rowCount},"preview_row_count":${rowCount}}`,
    );
  },
});
