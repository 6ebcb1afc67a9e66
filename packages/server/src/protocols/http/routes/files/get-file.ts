import { defineRead } from '../../define-route.js';
import { FileSchema, renderFile } from '../../schemas/files.js';
import { FILE_PATH, FileParams } from '../../schemas/paths.js';

export const getFile = defineRead({
  operation: 'file.get',
  method: 'GET',
  path: FILE_PATH,
  summary: 'One file',
  params: FileParams,
  success: { status: 200, description: 'The file', schema: FileSchema },
  errors: ['project_not_found', 'project_db_not_found', 'file_not_found'],
  handle: async ({ services, params }) => renderFile(await services.files.get(params.project_id, params.file_id)),
});
