import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';
import { BranchParams, branchRef, SNAPSHOTS_PATH } from '../../schemas/paths.js';
import { renderSnapshot, SnapshotListSchema } from '../../schemas/snapshots.js';

export const listSnapshots = defineRead({
  operation: 'snapshot.list',
  method: 'GET',
  path: SNAPSHOTS_PATH,
  summary: 'List snapshots, newest first',
  params: BranchParams,
  query: Type.Object({
    bucket: Type.Optional(Type.String({ description: 'Only of tables in the bucket of this name' })),
    table: Type.Optional(Type.String({ description: 'Only of tables of this name' })),
    type: Type.Optional(Type.String({ description: 'Only of this type, for example `manual`' })),
    ...pagingQuery,
  }),
  success: { status: 200, description: 'The snapshots, and how many match in all', schema: SnapshotListSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found'],
  handle: async ({ services, params, query }) => {
    const filter = { bucketName: query.bucket, tableName: query.table, type: query.type };
    const { items, total } = await services.snapshots.list(branchRef(params), filter, pageFrom(query));
    return { snapshots: items.map(renderSnapshot), total };
  },
});
