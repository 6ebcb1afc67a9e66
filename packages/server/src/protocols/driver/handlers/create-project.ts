import { create } from '@bufbuild/protobuf';
import type { CreatedProject } from '../../../services/projects.js';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { CreateProjectCommandSchema, CreateProjectResponseSchema } from '../gen/proto/project_pb.js';
import { projectReadOnlyRole, projectUserName } from '../object-names.js';

export const createProject = defineCommand({
  level: 'backend',
  operation: 'project.create',
  summary: 'Makes a project and its first key, which the answer has as password.',
  onceInRun: () => true,
  request: CreateProjectCommandSchema,
  response: CreateProjectResponseSchema,
  run: (call, { projectId, dataRetentionTime }) => {
    if (projectId === '') throw invalid('The project id is empty.');
    if (dataRetentionTime < 0) throw invalid('The retention time is negative.', { dataRetentionTime });
    return call.change(
      { operation: 'project.create', projectId, resourceId: projectId },
      (change) =>
        call.services.projects.create(change, { id: projectId, name: null, description: null, settings: null }),
      {
        schema: CreateProjectResponseSchema,
        render: ({ project, apiKey }: CreatedProject) =>
          create(CreateProjectResponseSchema, {
            projectUserName: projectUserName(project.id),
            projectPassword: apiKey,
            projectReadOnlyRoleName: projectReadOnlyRole(project.id),
            projectDatabaseName: project.id,
          }),
      },
      { stands: ({ projectPassword }) => call.acceptsKey(projectId, projectPassword) },
    );
  },
});
