import { alterTable } from '../duckdb/jobs/alter-table.js';
import { compareVersions } from '../duckdb/jobs/compare-versions.js';
import { createTable } from '../duckdb/jobs/create-table.js';
import { createWorkspace } from '../duckdb/jobs/create-workspace.js';
import { deleteRows } from '../duckdb/jobs/delete-rows.js';
import { exportTable } from '../duckdb/jobs/export-table.js';
import { importFile } from '../duckdb/jobs/import-file.js';
import { loadRows } from '../duckdb/jobs/load-rows.js';
import { mergeVersions } from '../duckdb/jobs/merge-versions.js';
import { previewTable } from '../duckdb/jobs/preview-table.js';
import { profileTable } from '../duckdb/jobs/profile-table.js';
import { verifyVersion } from '../duckdb/jobs/verify-version.js';
import type { JobContext, JobHandler } from './job-context.js';
import type { JobKind, JobRequest } from './messages.js';

type HandlerTable = { readonly [K in JobKind]: JobHandler<K> };

/** Every job an engine worker knows. */
const ENGINE_WORKER_JOBS: HandlerTable = {
  alterTable,
  compareVersions,
  createTable,
  createWorkspace,
  deleteRows,
  exportTable,
  importFile,
  loadRows,
  mergeVersions,
  previewTable,
  profileTable,
  verifyVersion,
};

export function runEngineJob<K extends JobKind>(kind: K, request: unknown, context: JobContext): Promise<unknown> {
  const handler: JobHandler<K> | undefined = ENGINE_WORKER_JOBS[kind];
  if (handler === undefined) throw new Error(`unknown job kind ${kind}`);
  // `WorkerPool.run` ties the request to the kind; the service and its workers come from one build.
  return handler(request as JobRequest<K>, context);
}
