import { create } from '@bufbuild/protobuf';
import { defineCommand } from '../define-command.js';
import { InitBackendCommandSchema, InitBackendResponseSchema } from '../gen/proto/backend_pb.js';

export const initBackend = defineCommand({
  level: 'backend',
  operation: 'backend.init',
  summary: 'Checks that the service can store: folders, metadata, workers.',
  request: InitBackendCommandSchema,
  response: InitBackendResponseSchema,
  run: (call) =>
    call.change(
      { operation: 'backend.init', projectId: null, resourceId: null },
      (change) => call.services.backend.init(change),
      { schema: InitBackendResponseSchema, render: () => create(InitBackendResponseSchema) },
    ),
});
