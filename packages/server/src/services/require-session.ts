import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { UploadRecord } from '../metadata/records.js';

/** The session of an upload key, if it is this project's and still alive. */
export async function requireSession(
  reader: MetadataReader,
  projectId: string,
  uploadKey: string,
  now: Date,
): Promise<UploadRecord> {
  const session = await reader.getUpload(uploadKey);
  if (session === undefined) {
    throw new DomainError('upload_session_not_found', 'Upload session not found or expired', { upload_key: uploadKey });
  }
  if (session.projectId !== projectId) {
    throw new DomainError('upload_session_mismatch', 'Upload session belongs to a different project', {
      upload_key: uploadKey,
      project_id: projectId,
    });
  }
  if (session.expiresAt <= now) {
    throw new DomainError('upload_session_expired', 'Upload session has expired. Prepare and upload again.', {
      upload_key: uploadKey,
    });
  }
  return session;
}
