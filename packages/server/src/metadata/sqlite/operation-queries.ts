import { sql, type Selectable, type SqlBool } from 'kysely';

import { nameKey } from '../../model/columns.js';
import { describeOperation, type OperationName } from '../../model/operations.js';
import type { ListedOperations, OperationFilter, Page } from '../metadata-store.js';
import type { JsonObject, OperationLogEntry } from '../records.js';
import { fromJson, slices, toJson, type Database } from './database.js';
import type { OperationRow } from './schema.js';
import { ENTRIES_PER_TURN, walkLog } from './walk-log.js';

/**
 * The filters that have an index, the most telling first. The first one that is given leads; the others are looked at
 * entry by entry.
 */
const LEADERS = ['request_id', 'resource_key', 'actor', 'error_code', 'project_key', 'operation'] as const;

interface LogPosition {
  readonly id: number;
  readonly logged_at: number;
  readonly matches: number;
}

/** Newest first means latest in time; of one millisecond, last committed. */
export async function listOperations(db: Database, filter: OperationFilter, page: Page): Promise<ListedOperations> {
  const { ids, ...counted } = await walkLog<LogPosition>(page, (after) => nextEntries(db, filter, after));
  return { items: await readEntries(db, ids), ...counted };
}

async function nextEntries(
  db: Database,
  filter: OperationFilter,
  after: LogPosition | undefined,
): Promise<readonly LogPosition[]> {
  const values = valuesOf(filter);
  const leader = LEADERS.find((column) => values[column] !== undefined);
  const { since, until } = filter;
  return await db
    .selectFrom('operations')
    .select((eb) => {
      const rest = Object.entries(values).filter(([column, value]) => column !== leader && value !== undefined);
      const matches = eb.and(rest.map(([column, value]) => eb(column as keyof typeof values, '=', value as string)));
      return ['id', 'logged_at', eb.case().when(matches).then(1).else(0).end().as('matches')];
    })
    .$if(leader !== undefined, (query) =>
      query.where((eb) => eb(leader ?? 'operation', '=', (leader && values[leader]) ?? '')),
    )
    .$if(since !== undefined, (query) => query.where('logged_at', '>=', since?.getTime() ?? 0))
    .$if(until !== undefined, (query) => query.where('logged_at', '<', until?.getTime() ?? 0))
    .$if(after !== undefined, (query) =>
      query.where(sql<SqlBool>`(logged_at, id) < (${after?.logged_at}, ${after?.id})`),
    )
    .orderBy('logged_at', 'desc')
    .orderBy('id', 'desc')
    .limit(ENTRIES_PER_TURN)
    .execute();
}

function valuesOf(filter: OperationFilter) {
  return {
    request_id: filter.requestId,
    resource_key: filter.resourceId === undefined ? undefined : nameKey(filter.resourceId),
    actor: filter.actor,
    error_code: filter.errorCode,
    project_key: filter.projectId === undefined ? undefined : nameKey(filter.projectId),
    operation: filter.operation,
    branch_id: filter.branchId,
    resource_type: filter.resourceType,
    outcome: filter.outcome,
  };
}

async function readEntries(db: Database, ids: readonly number[]): Promise<readonly OperationLogEntry[]> {
  const entries: OperationLogEntry[] = [];
  for (const slice of slices(ids)) {
    const rows = await db
      .selectFrom('operations')
      .selectAll()
      .where('id', 'in', slice)
      .orderBy('logged_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    entries.push(...rows.map(toEntry));
  }
  return entries;
}

export async function deleteOperationsBefore(db: Database, moment: Date, limit: number): Promise<number> {
  const oldest = db
    .selectFrom('operations')
    .select('id')
    .where('logged_at', '<', moment.getTime())
    .orderBy('logged_at')
    .orderBy('id')
    .limit(limit);
  const deleted = await db.deleteFrom('operations').where('id', 'in', oldest).executeTakeFirst();
  return Number(deleted.numDeletedRows);
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
          branch_id: entry.branchId,
          operation: entry.operation,
          resource_type: describeOperation(entry.operation).resource,
          resource_id: entry.resourceId,
          resource_key: entry.resourceId === null ? null : nameKey(entry.resourceId),
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
    branchId: row.branch_id,
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
