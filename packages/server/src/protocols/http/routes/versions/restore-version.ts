import { defineChange } from '../../define-route.js';
import { TABLE_PATH, tableRef, TableVersionParams } from '../../schemas/paths.js';
import { renderRestoredVersion, RestoredVersionSchema } from '../../schemas/versions.js';

export const restoreVersion = defineChange({
  operation: 'version.restore',
  method: 'POST',
  path: `${TABLE_PATH}/versions/:version_id/restore`,
  summary: 'Bring back an earlier state of a table',
  description:
    'Columns, key, defaults and rows become those of that version, at once and whatever its size. The state before it stays in the ' +
    'history, so that this can be undone as well. To restore the current version changes nothing.',
  params: TableVersionParams,
  success: { status: 200, description: 'The table is as it was', schema: RestoredVersionSchema },
  errors: [
    'bucket_is_linked',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
    'version_not_found',
    'version_conflict',
    'table_busy',
  ],
  run: ({ services, params }, change) => services.versions.restore(change, tableRef(params), params.version_id),
  render: renderRestoredVersion,
});
