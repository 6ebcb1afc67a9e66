import { defineChange } from '../../define-route.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';

export const deleteProject = defineChange({
  operation: 'project.delete',
  method: 'DELETE',
  path: PROJECT_PATH,
  summary: 'Delete a project with its keys, buckets, tables and files',
  params: ProjectParams,
  success: { status: 204, description: 'Deleted; repeating it is fine' },
  errors: ['not_found'],
  run: ({ services, params }, change) => services.projects.delete(change, params.project_id),
});
