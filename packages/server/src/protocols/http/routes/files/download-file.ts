import { defineResponder } from '../../define-route.js';
import { sendDownload } from '../../file-download.js';
import { FILE_PATH, FileParams } from '../../schemas/paths.js';

export const downloadFile = defineResponder({
  operation: 'file.download',
  method: 'GET',
  path: `${FILE_PATH}/download`,
  summary: 'The content of a file',
  description: 'Honours Range, If-Range, If-None-Match and If-Modified-Since.',
  params: FileParams,
  success: {
    status: 200,
    description: 'The bytes; 206 with a part of them when a range was asked for',
    mediaType: '*/*',
  },
  errors: ['project_not_found', 'project_db_not_found', 'file_not_found', 'file_content_not_found'],
  respond: async ({ services, params, request, reply }) =>
    sendDownload(await services.files.openDownload(params.project_id, params.file_id), request, reply),
});
