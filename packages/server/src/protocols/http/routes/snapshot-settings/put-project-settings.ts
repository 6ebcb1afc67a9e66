import { defineChange } from '../../define-route.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';
import {
  renderSettings,
  settingsInput,
  SnapshotSettingsBody,
  SnapshotSettingsSchema,
} from '../../schemas/snapshot-settings.js';

export const putProjectSettings = defineChange({
  operation: 'project_snapshot_settings.put',
  method: 'PUT',
  path: `${PROJECT_PATH}/settings/snapshots`,
  summary: 'Replace the snapshot settings of a project',
  description: 'Everything in the project inherits them.',
  params: ProjectParams,
  body: SnapshotSettingsBody,
  success: { status: 200, description: 'The settings as they are now', schema: SnapshotSettingsSchema },
  errors: ['invalid_config', 'project_not_found', 'project_db_not_found'],
  run: ({ services, params, body }, change) =>
    services.snapshotSettings.put(change, { level: 'project', projectId: params.project_id }, settingsInput(body)),
  render: renderSettings,
});
