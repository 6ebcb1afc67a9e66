import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { DropWorkspaceCommandSchema } from '../gen/proto/workspace_pb.js';

export const dropWorkspace = defineSilentCommand({
  level: 'project',
  operation: 'workspace.delete',
  summary:
    'Drops a workspace with its login and ends its sessions: an empty one, or with isCascade any. One that is gone is fine.',
  request: DropWorkspaceCommandSchema,
  run: async (call, { workspaceObjectName, isCascade }) => {
    const ref = call.workspace(workspaceObjectName);
    try {
      if (!isCascade) {
        await call.mustMayRead('workspace.get', ref.projectId);
        const { objects } = await call.services.workspaces.get(ref, call.signal);
        if (objects.length > 0) {
          throw invalid(
            `Workspace ${ref.workspaceId} is not empty (objects: ${objects.length}); clear it, or drop it with isCascade.`,
          );
        }
      }
      await call.silentChange<void>(
        { operation: 'workspace.delete', projectId: ref.projectId, resourceId: ref.workspaceId },
        (change) => call.services.workspaces.delete(change, ref),
      );
    } catch (error) {
      if (!isDomainError(error, 'workspace_not_found')) throw error;
      call.log.notice(`Workspace ${ref.workspaceId} was gone already.`);
    }
  },
});
