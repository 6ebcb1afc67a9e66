import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { DropWorkspaceObjectCommandSchema } from '../gen/proto/workspace_pb.js';

export const dropWorkspaceObject = defineSilentCommand({
  level: 'project',
  operation: 'workspace.drop_object',
  summary: 'Drops a table or view of a workspace.',
  request: DropWorkspaceObjectCommandSchema,
  run: async (call, { workspaceObjectName, objectNameToDrop: name, ignoreIfNotExists }) => {
    const ref = call.workspace(workspaceObjectName);
    if (name === '') throw invalid('The name of the object is empty.');
    try {
      await call.silentChange<void>(
        { operation: 'workspace.drop_object', projectId: ref.projectId, resourceId: `${ref.workspaceId}/${name}` },
        (change) => call.services.workspaces.dropObject(change, ref, name),
      );
    } catch (error) {
      if (!ignoreIfNotExists || !isDomainError(error, 'object_not_found')) throw error;
    }
  },
});
