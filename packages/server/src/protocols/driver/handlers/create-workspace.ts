import { create } from '@bufbuild/protobuf';
import type { IssuedWorkspace } from '../../../services/workspaces.js';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { CreateWorkspaceCommandSchema, CreateWorkspaceResponseSchema } from '../gen/proto/workspace_pb.js';
import { workspaceRole } from '../object-names.js';

/** Connection says nothing about it; a workspace that is full refuses, and can be cleared. */
const SIZE_LIMIT_GB = 10;

export const createWorkspace = defineCommand({
  level: 'project',
  operation: 'workspace.create',
  summary: 'Makes a workspace and its login: it reads every bucket of the project, and writes only into itself.',
  onceInRun: () => true,
  request: CreateWorkspaceCommandSchema,
  response: CreateWorkspaceResponseSchema,
  run: async (call, { projectId: named, workspaceId, directGrantTables }) => {
    const projectId = call.projectId(named);
    if (workspaceId === '') throw invalid('The workspace id is empty.');
    if (directGrantTables.length > 0) {
      throw invalid(
        'A workspace cannot write tables of buckets directly; load its tables into them instead (TableImportFromTable).',
      );
    }
    const input = {
      projectId,
      branchId: undefined,
      name: `Keboola workspace ${workspaceId}`,
      ttlHours: null,
      sizeLimitGb: SIZE_LIMIT_GB,
      preloadTables: [],
    };
    return await call.change(
      { operation: 'workspace.create', projectId, resourceId: workspaceId },
      (change) => call.services.workspaces.create(change, input),
      {
        schema: CreateWorkspaceResponseSchema,
        render: ({ workspace, password }: IssuedWorkspace) =>
          create(CreateWorkspaceResponseSchema, {
            workspaceUserName: workspace.username,
            workspaceRoleName: workspaceRole(workspace.id),
            workspacePassword: password,
            workspaceObjectName: workspace.id,
          }),
      },
      {
        stands: ({ workspaceUserName, workspacePassword }) =>
          call.services.workspaces.acceptsLogin(projectId, workspaceUserName, workspacePassword),
      },
    );
  },
});
