import { TABLE_SORTS } from '../../../../model/list-query.js';
import { defineRead } from '../../define-route.js';
import { listingQuery, listQueryFrom } from '../../schemas/listing.js';
import { BucketParams, bucketRef, TABLES_PATH } from '../../schemas/paths.js';
import { renderTable, TableListSchema } from '../../schemas/tables.js';

export const listTables = defineRead({
  operation: 'table.list',
  method: 'GET',
  path: TABLES_PATH,
  summary: 'List tables',
  params: BucketParams,
  query: listingQuery(TABLE_SORTS),
  success: { status: 200, description: 'The tables, and how many match in all', schema: TableListSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found'],
  handle: async ({ services, params, query }) => {
    const { items, total } = await services.tables.list(bucketRef(params), listQueryFrom(query));
    return { tables: items.map(renderTable), total };
  },
});
