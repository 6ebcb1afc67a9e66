import { create } from '@bufbuild/protobuf';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import { defineCommand } from '../define-command.js';
import { ListSchemasCommandSchema, ListSchemasResponseSchema } from '../gen/proto/info_pb.js';

export const listSchemas = defineCommand({
  level: 'project',
  operation: 'bucket.list',
  summary: 'Names the buckets of the project.',
  request: ListSchemasCommandSchema,
  response: ListSchemasResponseSchema,
  run: async (call) => {
    const projectId = call.projectId();
    await call.mustMayRead('bucket.list', projectId);
    const { items } = await call.services.buckets.list({ projectId, branchId: DEFAULT_BRANCH_ID });
    return create(ListSchemasResponseSchema, { schemas: items.map(({ name }) => name) });
  },
});
