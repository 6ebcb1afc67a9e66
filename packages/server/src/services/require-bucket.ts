import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { BranchRecord, BucketRecord, LinkSource, TableRecord } from '../metadata/records.js';
import { DEFAULT_BRANCH_ID, type BranchRef, type BucketRef, type TableRef } from '../model/refs.js';
import { findBucket, findTable } from './branch-view.js';
import { requireActiveProject } from './require-project.js';

/** The checks every door relies on, in the order of the contract: project, branch, bucket, table. */
export async function requireBranch(reader: MetadataReader, ref: BranchRef): Promise<void> {
  await requireActiveProject(reader, ref.projectId);
  if (ref.branchId === DEFAULT_BRANCH_ID) return;
  if ((await reader.getBranch(ref.projectId, ref.branchId)) === undefined) throw branchNotFound(ref);
}

/** A branch that somebody made, and not the main one. */
export async function requireDevelopmentBranch(reader: MetadataReader, ref: BranchRef): Promise<BranchRecord> {
  await requireActiveProject(reader, ref.projectId);
  const branch = await reader.getBranch(ref.projectId, ref.branchId);
  if (branch === undefined) throw branchNotFound(ref);
  return branch;
}

export async function requireBucket(reader: MetadataReader, ref: BucketRef): Promise<BucketRecord> {
  await requireBranch(reader, ref);
  const bucket = await findBucket(reader, ref);
  if (bucket === undefined) throw bucketNotFound(ref);
  return bucket;
}

export function bucketNotFound(
  ref: Omit<BucketRef, 'branchId'>,
  message = `Bucket ${ref.bucketName} not found in project ${ref.projectId}`,
): DomainError {
  return new DomainError('bucket_not_found', message, { project_id: ref.projectId, bucket_name: ref.bucketName });
}

export async function requireTable(reader: MetadataReader, ref: TableRef): Promise<TableRecord> {
  // Main is looked into at once, which is one statement; whether project and bucket exist is asked only when it finds nothing.
  if (ref.branchId !== DEFAULT_BRANCH_ID) await requireBranch(reader, ref);
  const table = await findTable(reader, ref);
  if (table !== undefined) return table;
  await requireBucket(reader, ref);
  throw tableNotFound(ref);
}

/** A table to write to, and not only to read: what a linked bucket shows is not its own. */
export async function requireTableToChange(reader: MetadataReader, ref: TableRef): Promise<TableRecord> {
  const table = await requireTable(reader, ref);
  if (table.linkedFrom !== null) throw bucketIsLinked(table.projectId, table.bucketName, table.linkedFrom);
  return table;
}

/** A bucket to change, or to make tables in. */
export async function requireBucketToChange(reader: MetadataReader, ref: BucketRef): Promise<BucketRecord> {
  const bucket = await requireBucket(reader, ref);
  if (bucket.linkedFrom !== null) throw bucketIsLinked(bucket.projectId, bucket.name, bucket.linkedFrom);
  return bucket;
}

export function bucketIsLinked(projectId: string, bucketName: string, source: LinkSource): DomainError {
  return new DomainError(
    'bucket_is_linked',
    `Bucket ${bucketName} of project ${projectId} is linked from ${source.projectId}.${source.bucketName} and can only be ` +
      'read, as it is now; changes and history are for the source bucket',
    {
      project_id: projectId,
      bucket_name: bucketName,
      source_project_id: source.projectId,
      source_bucket_name: source.bucketName,
    },
  );
}

function branchNotFound(ref: BranchRef): DomainError {
  return new DomainError('branch_not_found', `Branch ${ref.branchId} not found in project ${ref.projectId}`, {
    project_id: ref.projectId,
    branch_id: ref.branchId,
  });
}

export function tableNotFound(ref: TableRef): DomainError {
  return new DomainError('table_not_found', `Table ${ref.tableName} not found in bucket ${ref.bucketName}`, {
    project_id: ref.projectId,
    bucket_name: ref.bucketName,
    table_name: ref.tableName,
  });
}
