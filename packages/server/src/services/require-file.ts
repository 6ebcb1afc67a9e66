import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { FileRecord } from '../metadata/records.js';

export async function requireFile(reader: MetadataReader, projectId: string, fileId: string): Promise<FileRecord> {
  const file = await reader.getFile(projectId, fileId);
  if (file === undefined) throw fileNotFound(projectId, fileId);
  return file;
}

export function fileNotFound(projectId: string, fileId: string): DomainError {
  return new DomainError('file_not_found', `File ${fileId} not found in project ${projectId}`, {
    project_id: projectId,
    file_id: fileId,
  });
}

export function contentNotFound(fileId: string, cause?: unknown): DomainError {
  const message = `The content of file ${fileId} is gone from the disk. Upload it again.`;
  return new DomainError('file_content_not_found', message, { file_id: fileId }, { cause });
}
