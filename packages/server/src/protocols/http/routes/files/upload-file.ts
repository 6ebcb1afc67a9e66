import { defineChange } from '../../define-route.js';
import { receiveFilePart } from '../../multipart-upload.js';
import { renderUpload, UploadResultSchema } from '../../schemas/files.js';
import { FILES_PATH, UploadParams } from '../../schemas/paths.js';

export const uploadFile = defineChange({
  operation: 'file.upload',
  method: 'POST',
  path: `${FILES_PATH}/upload/:upload_key`,
  summary: 'Upload the content',
  description: 'Step 2 of 3. A second upload with the same key replaces the first.',
  params: UploadParams,
  multipartFile: 'file',
  success: { status: 200, description: 'What arrived', schema: UploadResultSchema },
  errors: [
    'size_mismatch',
    'checksum_mismatch',
    'upload_session_mismatch',
    'project_not_found',
    'project_db_not_found',
    'upload_session_not_found',
    'upload_session_expired',
    'file_too_large',
    'quota_exceeded',
    'storage_full',
  ],
  run: ({ services, params, request, signal }, change) =>
    receiveFilePart(request, 'file', signal, (source) =>
      services.files.upload(change, params.project_id, params.upload_key, source, { signal }),
    ),
  render: renderUpload,
});
