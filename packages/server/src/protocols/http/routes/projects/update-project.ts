import { defineChange } from '../../define-route.js';
import { descriptionChange } from '../../schemas/descriptions.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';
import { ProjectSchema, renderProject, UpdateProjectBody } from '../../schemas/projects.js';

export const updateProject = defineChange({
  operation: 'project.update',
  method: 'PUT',
  path: PROJECT_PATH,
  summary: 'Change name, description or settings',
  params: ProjectParams,
  body: UpdateProjectBody,
  success: { status: 200, description: 'The project as it is now', schema: ProjectSchema },
  errors: ['not_found'],
  run: ({ services, params, body }, change) =>
    services.projects.update(change, params.project_id, {
      ...(body.name == null ? {} : { name: body.name }),
      ...descriptionChange(body.description),
      ...(body.settings == null ? {} : { settings: body.settings }),
    }),
  render: renderProject,
});
