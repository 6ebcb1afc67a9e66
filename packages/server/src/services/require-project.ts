import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { ProjectRecord } from '../metadata/records.js';

/**
 * The project every operation inside a project starts from: unknown and deleted ones answer differently, because a
 * deleted id stays taken. Call it again with the transaction when the answer decides about a change.
 */
export async function requireActiveProject(reader: MetadataReader, projectId: string): Promise<ProjectRecord> {
  const project = await reader.getProject(projectId);
  if (project === undefined) {
    throw new DomainError('project_not_found', `Project ${projectId} not found`, { project_id: projectId });
  }
  if (project.status === 'deleted') {
    throw new DomainError('project_db_not_found', `Database file for project ${projectId} not found`, {
      project_id: projectId,
    });
  }
  return project;
}
