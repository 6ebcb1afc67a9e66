import type { UploadRecord } from '../../../../metadata/records.js';
import { defineChange } from '../../define-route.js';
import { PreparedUploadSchema, PrepareFileBody, renderPreparedUpload } from '../../schemas/files.js';
import { FILES_PATH, ProjectParams } from '../../schemas/paths.js';
import type { DoorSettings } from '../../server-options.js';

export const prepareFile = defineChange({
  operation: 'file.prepare',
  method: 'POST',
  path: `${FILES_PATH}/prepare`,
  summary: 'Open an upload',
  description: 'Step 1 of 3: prepare, upload, register.',
  params: ProjectParams,
  body: PrepareFileBody,
  success: { status: 200, description: 'Where to upload, and until when', schema: PreparedUploadSchema },
  errors: ['file_too_large', 'project_not_found', 'project_db_not_found', 'quota_exceeded', 'storage_full'],
  run: ({ services, params, body }, change) =>
    services.files.prepare(change, params.project_id, {
      fileName: body.filename,
      contentType: body.content_type ?? null,
      sizeBytes: body.size_bytes ?? null,
      sha256: body.checksum_sha256?.toLowerCase() ?? null,
      tags: body.tags ?? null,
    }),
  render: (upload: UploadRecord, { settings }: { settings: DoorSettings }) =>
    renderPreparedUpload(upload, settings.prefix),
});
