import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { renderVersion, TableVersionListSchema } from '../../schemas/versions.js';

export const listVersions = defineRead({
  operation: 'version.list',
  method: 'GET',
  path: `${TABLE_PATH}/versions`,
  summary: 'The states a table had, newest first',
  description:
    'The current version, and the replaced ones that are kept: by default for 7 days, and 10 of them at most.',
  params: TableParams,
  query: Type.Object(pagingQuery),
  success: { status: 200, description: 'The versions, and how many there are in all', schema: TableVersionListSchema },
  errors: [
    'bucket_is_linked',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
  ],
  handle: async ({ services, params, query }) => {
    const { items, total } = await services.versions.list(tableRef(params), pageFrom(query));
    return { versions: items.map(renderVersion), total };
  },
});
