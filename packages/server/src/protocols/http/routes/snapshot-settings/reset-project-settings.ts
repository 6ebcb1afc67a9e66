import { defineChange } from '../../define-route.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';

export const resetProjectSettings = defineChange({
  operation: 'project_snapshot_settings.reset',
  method: 'DELETE',
  path: `${PROJECT_PATH}/settings/snapshots`,
  summary: 'Remove the snapshot settings of a project; the built-in ones apply again',
  params: ProjectParams,
  success: { status: 204, description: 'Removed, or there were none' },
  errors: ['project_not_found', 'project_db_not_found'],
  run: ({ services, params }, change) =>
    services.snapshotSettings.reset(change, { level: 'project', projectId: params.project_id }),
});
