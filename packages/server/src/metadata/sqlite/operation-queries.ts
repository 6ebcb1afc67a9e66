import type { Selectable } from 'kysely';

import { nameKey } from '../../model/columns.js';
import type { OperationName } from '../../model/operations.js';
import type { Listed, Page } from '../metadata-store.js';
import type { JsonObject, OperationLogEntry } from '../records.js';
import { fromJson, slices, toJson, type Database } from './database.js';
import type { OperationRow } from './schema.js';

/** Newest first means last committed first: two changes within a millisecond keep their order. */
export async function listOperations(
  db: Database,
  filter: { projectId?: string | undefined },
  page: Page,
): Promise<Listed<OperationLogEntry>> {
  const { projectId } = filter;
  const matching = db
    .selectFrom('operations')
    .$if(projectId !== undefined, (query) => query.where('project_key', '=', nameKey(projectId ?? '')));
  const rows = await matching.selectAll().orderBy('id', 'desc').limit(page.limit).offset(page.offset).execute();
  const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows.map(toEntry), total };
}

export async function logOperations(db: Database, entries: readonly OperationLogEntry[]): Promise<void> {
  for (const slice of slices(entries)) {
    await db
      .insertInto('operations')
      .values(
        slice.map((entry) => ({
          logged_at: entry.timestamp.getTime(),
          request_id: entry.requestId,
          project_id: entry.projectId,
          project_key: entry.projectId === null ? null : nameKey(entry.projectId),
          operation: entry.operation,
          resource_id: entry.resourceId,
          actor: entry.actor,
          outcome: entry.outcome,
          error_code: entry.errorCode,
          error_message: entry.errorMessage,
          details: toJson(entry.details),
          duration_ms: entry.durationMs,
        })),
      )
      .execute();
  }
}

function toEntry(row: Selectable<OperationRow>): OperationLogEntry {
  return {
    timestamp: new Date(row.logged_at),
    requestId: row.request_id,
    projectId: row.project_id,
    operation: row.operation as OperationName,
    resourceId: row.resource_id,
    actor: row.actor,
    outcome: row.outcome,
    errorCode: row.error_code,
    errorMessage: row.error_message,
    details: fromJson<JsonObject>(row.details),
    durationMs: row.duration_ms,
  };
}
