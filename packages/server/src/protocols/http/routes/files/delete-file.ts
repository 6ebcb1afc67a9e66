import { defineChange } from '../../define-route.js';
import { FILE_PATH, FileParams } from '../../schemas/paths.js';

export const deleteFile = defineChange({
  operation: 'file.delete',
  method: 'DELETE',
  path: FILE_PATH,
  summary: 'Delete a file',
  params: FileParams,
  success: { status: 204, description: 'Deleted' },
  errors: ['project_not_found', 'project_db_not_found', 'file_not_found'],
  run: ({ services, params }, change) => services.files.delete(change, params.project_id, params.file_id),
});
