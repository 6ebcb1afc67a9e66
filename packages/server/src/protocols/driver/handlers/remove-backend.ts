import { defineSilentCommand } from '../define-command.js';
import { RemoveBackendCommandSchema } from '../gen/proto/backend_pb.js';

export const removeBackend = defineSilentCommand({
  level: 'backend',
  operation: 'backend.remove',
  summary: 'Is told that Connection lets go of this backend. Data stays.',
  request: RemoveBackendCommandSchema,
  run: (call) =>
    call.silentChange({ operation: 'backend.remove', projectId: null, resourceId: null }, (change) =>
      call.services.backend.remove(change),
    ),
});
