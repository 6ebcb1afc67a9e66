import { defineRead } from '../../define-route.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';
import { renderSettings, SnapshotSettingsSchema } from '../../schemas/snapshot-settings.js';

export const getProjectSettings = defineRead({
  operation: 'project_snapshot_settings.get',
  method: 'GET',
  path: `${PROJECT_PATH}/settings/snapshots`,
  summary: 'The snapshot settings of a project, and where each comes from',
  params: ProjectParams,
  success: { status: 200, description: 'The settings', schema: SnapshotSettingsSchema },
  errors: ['project_not_found', 'project_db_not_found'],
  handle: async ({ services, params }) =>
    renderSettings(await services.snapshotSettings.get({ level: 'project', projectId: params.project_id })),
});
