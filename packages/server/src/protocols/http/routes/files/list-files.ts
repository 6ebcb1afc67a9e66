import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { FileListSchema, renderFile } from '../../schemas/files.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';
import { FILES_PATH, ProjectParams } from '../../schemas/paths.js';

export const listFiles = defineRead({
  operation: 'file.list',
  method: 'GET',
  path: FILES_PATH,
  summary: 'List files, newest first',
  params: ProjectParams,
  query: Type.Object({
    include_staged: Type.Optional(Type.Boolean({ description: 'Accepted for older clients; has no effect' })),
    ...pagingQuery,
  }),
  success: { status: 200, description: 'One page, and how many there are in all', schema: FileListSchema },
  errors: ['project_not_found', 'project_db_not_found'],
  handle: async ({ services, params, query }) => {
    const { items, total } = await services.files.list(params.project_id, pageFrom(query));
    return { files: items.map(renderFile), total };
  },
});
