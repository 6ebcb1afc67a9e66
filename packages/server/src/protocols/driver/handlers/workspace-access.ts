import type { DescMessage } from '@bufbuild/protobuf';
import { defineSilentCommand, type Command } from '../define-command.js';
import {
  GrantWorkspaceAccessToProjectCommandSchema,
  RevokeWorkspaceAccessToProjectCommandSchema,
} from '../gen/proto/workspace_pb.js';

/**
 * Elsewhere another project writes into a workspace to load a linked bucket into it. Here the service loads, with the rights of the
 * workspace's own project, so that there is nothing to grant.
 */
function nothingToDo(request: DescMessage, summary: string): Command {
  return defineSilentCommand({
    level: 'project',
    operation: 'workspace.get',
    summary,
    request,
    run: async (call) => {
      await call.mustMayRead('workspace.get', call.projectId());
    },
  });
}

export const grantWorkspaceAccess = nothingToDo(
  GrantWorkspaceAccessToProjectCommandSchema,
  'Is accepted: linked buckets are loaded into workspaces without a grant.',
);

export const revokeWorkspaceAccess = nothingToDo(
  RevokeWorkspaceAccessToProjectCommandSchema,
  'Is accepted: there was nothing to grant.',
);
