import { defineRead } from '../../define-route.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';
import { ProjectStatsSchema, renderProjectStats } from '../../schemas/projects.js';

export const getProjectStats = defineRead({
  operation: 'project.stats',
  method: 'GET',
  path: `${PROJECT_PATH}/stats`,
  summary: 'Size and counts of a project',
  params: ProjectParams,
  success: { status: 200, description: 'Counted now', schema: ProjectStatsSchema },
  errors: ['not_found', 'db_not_found'],
  handle: async ({ services, params }) => renderProjectStats(await services.projects.stats(params.project_id)),
});
