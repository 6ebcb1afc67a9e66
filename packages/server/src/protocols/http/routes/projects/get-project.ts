import { defineRead } from '../../define-route.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';
import { ProjectSchema, renderProject } from '../../schemas/projects.js';

export const getProject = defineRead({
  operation: 'project.get',
  method: 'GET',
  path: PROJECT_PATH,
  summary: 'One project',
  params: ProjectParams,
  success: { status: 200, description: 'The project', schema: ProjectSchema },
  errors: ['not_found'],
  handle: async ({ services, params }) => renderProject(await services.projects.get(params.project_id)),
});
