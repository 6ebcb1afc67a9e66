import { defineChange } from '../../define-route.js';
import { FileSchema, RegisterFileBody, renderFile } from '../../schemas/files.js';
import { FILES_PATH, ProjectParams } from '../../schemas/paths.js';

export const registerFile = defineChange({
  operation: 'file.register',
  method: 'POST',
  path: FILES_PATH,
  summary: 'Make an uploaded file one of the project',
  description: 'Step 3 of 3. Tags given here win over those given to prepare.',
  params: ProjectParams,
  body: RegisterFileBody,
  success: { status: 201, description: 'The file', schema: FileSchema },
  errors: [
    'file_not_uploaded',
    'upload_session_mismatch',
    'project_not_found',
    'project_db_not_found',
    'upload_session_not_found',
    'staged_file_not_found',
    'upload_session_expired',
    'quota_exceeded',
  ],
  run: ({ services, params, body }, change) =>
    services.files.register(change, params.project_id, {
      uploadKey: body.upload_key,
      ...(body.name == null ? {} : { name: body.name }),
      ...(body.tags == null ? {} : { tags: body.tags }),
    }),
  render: renderFile,
});
