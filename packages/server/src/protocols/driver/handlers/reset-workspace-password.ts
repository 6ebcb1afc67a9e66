import { create } from '@bufbuild/protobuf';
import type { IssuedWorkspace } from '../../../services/workspaces.js';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import {
  ResetWorkspacePasswordCommandSchema,
  ResetWorkspacePasswordResponseSchema,
} from '../gen/proto/workspace_pb.js';

export const resetWorkspacePassword = defineCommand({
  level: 'project',
  operation: 'workspace.reset_credentials',
  summary: 'Gives the login of a workspace a new password; the old one stops working at once.',
  onceInRun: () => true,
  request: ResetWorkspacePasswordCommandSchema,
  response: ResetWorkspacePasswordResponseSchema,
  run: async (call, { workspaceUserName }) => {
    if (workspaceUserName === '') throw invalid('The name of the login is empty.');
    const projectId = call.projectId();
    await call.mustMayRead('workspace.get', projectId);
    const { id: workspaceId } = await call.services.workspaces.ofUser(projectId, workspaceUserName);
    return await call.change(
      { operation: 'workspace.reset_credentials', projectId, resourceId: workspaceId },
      (change) => call.services.workspaces.resetCredentials(change, { projectId, branchId: undefined, workspaceId }),
      {
        schema: ResetWorkspacePasswordResponseSchema,
        render: ({ workspace, password }: IssuedWorkspace) =>
          create(ResetWorkspacePasswordResponseSchema, {
            workspaceUserName: workspace.username,
            workspacePassword: password,
          }),
      },
      {
        stands: (answer) =>
          call.services.workspaces.acceptsLogin(projectId, answer.workspaceUserName, answer.workspacePassword),
      },
    );
  },
});
