import { defineRead } from '../../define-route.js';
import { OptionalPaging, optionalPageFrom } from '../../schemas/paging.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';
import { IncomingBucketListSchema, renderIncomingBucket } from '../../schemas/sharing.js';

export const listSharedBuckets = defineRead({
  operation: 'bucket.list_shared',
  method: 'GET',
  path: `${PROJECT_PATH}/shared-buckets`,
  summary: 'What is shared with a project, and under which names it is linked',
  params: ProjectParams,
  query: OptionalPaging,
  success: { status: 200, description: 'By source project and name', schema: IncomingBucketListSchema },
  errors: ['project_not_found', 'project_db_not_found'],
  handle: async ({ services, params, query }) => {
    const { items, total } = await services.sharing.listSharedWith(params.project_id, optionalPageFrom(query));
    return { shared_buckets: items.map(renderIncomingBucket), total };
  },
});
