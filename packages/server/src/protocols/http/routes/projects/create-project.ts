import { defineChange } from '../../define-route.js';
import { descriptionFrom } from '../../schemas/descriptions.js';
import { CreatedProjectSchema, CreateProjectBody, renderProject } from '../../schemas/projects.js';
import type { CreatedProject } from '../../services.js';

export const createProject = defineChange({
  operation: 'project.create',
  method: 'POST',
  path: '/projects',
  summary: 'Create a project and its admin key',
  body: CreateProjectBody,
  success: { status: 201, description: 'The project, and its key for the only time', schema: CreatedProjectSchema },
  errors: ['project_exists', 'storage_full'],
  subject: ({ body }) => ({ projectId: body.id, resourceId: body.id }),
  run: ({ services, body }, change) =>
    services.projects.create(change, {
      id: body.id,
      name: body.name ?? null,
      description: descriptionFrom(body.description),
      settings: body.settings ?? null,
    }),
  render: ({ project, apiKey }: CreatedProject) => ({ ...renderProject(project), api_key: apiKey }),
});
