import { sql, type SqlBool } from 'kysely';

import type { Page } from '../metadata-store.js';
import type { QueryRecord } from '../workspace-records.js';
import type { ListedQueries, QueryFilter } from '../workspace-store.js';
import { isProject, slices, type Database } from './database.js';
import type { QueryRow } from './schema.js';
import { ENTRIES_PER_TURN, walkLog } from './walk-log.js';

interface LogPosition {
  readonly id: string;
  readonly started_at: number;
  readonly matches: number;
}

/** Newest first: session, actor or workspace lead where they are given. */
export async function listQueries(
  db: Database,
  projectId: string,
  filter: QueryFilter,
  page: Page,
): Promise<ListedQueries> {
  const { ids, ...counted } = await walkLog<LogPosition>(page, (after) => nextEntries(db, projectId, filter, after));
  return { items: await readEntries(db, ids), ...counted };
}

async function nextEntries(
  db: Database,
  projectId: string,
  { workspaceId, sessionId, actor, outcome, minDurationMs, since, until }: QueryFilter,
  after: LogPosition | undefined,
): Promise<readonly LogPosition[]> {
  return await db
    .selectFrom('queries')
    .select((eb) => {
      const rest = [
        ...(outcome === undefined ? [] : [eb('outcome', '=', outcome)]),
        ...(minDurationMs === undefined ? [] : [eb('duration_ms', '>=', minDurationMs)]),
      ];
      return ['id', 'started_at', eb.case().when(eb.and(rest)).then(1).else(0).end().as('matches')];
    })
    .where(isProject(projectId))
    .$if(workspaceId !== undefined, (query) => query.where('workspace_id', '=', workspaceId ?? ''))
    .$if(sessionId !== undefined, (query) => query.where('session_id', '=', sessionId ?? ''))
    .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
    .$if(since !== undefined, (query) => query.where('started_at', '>=', since?.getTime() ?? 0))
    .$if(until !== undefined, (query) => query.where('started_at', '<', until?.getTime() ?? 0))
    .$if(after !== undefined, (query) =>
      query.where(sql<SqlBool>`(started_at, id) < (${after?.started_at}, ${after?.id})`),
    )
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(ENTRIES_PER_TURN)
    .execute();
}

async function readEntries(db: Database, ids: readonly string[]): Promise<readonly QueryRecord[]> {
  const entries: QueryRecord[] = [];
  for (const slice of slices(ids)) {
    const rows = await db
      .selectFrom('queries')
      .selectAll()
      .where('id', 'in', slice)
      .orderBy('started_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    entries.push(...rows.map(toQuery));
  }
  return entries;
}

export async function putQueries(db: Database, queries: readonly QueryRecord[]): Promise<void> {
  for (const slice of slices(queries)) {
    const ids = [...new Set(slice.map(({ projectId }) => projectId))];
    const rows = await db
      .selectFrom('projects')
      .select('id')
      .where('id', 'in', ids)
      .where('status', '=', 'active')
      .execute();
    const present = new Set(rows.map(({ id }) => id));
    const values = slice.filter(({ projectId }) => present.has(projectId)).map(toRow);
    if (values.length === 0) continue;
    await db
      .insertInto('queries')
      .values(values)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          outcome: eb.ref('excluded.outcome'),
          sql_state: eb.ref('excluded.sql_state'),
          error_message: eb.ref('excluded.error_message'),
          row_count: eb.ref('excluded.row_count'),
          result_bytes: eb.ref('excluded.result_bytes'),
          duration_ms: eb.ref('excluded.duration_ms'),
        })),
      )
      .execute();
  }
}

export async function loseRunningQueries(db: Database): Promise<number> {
  const lost = await db
    .updateTable('queries')
    .set({ outcome: 'lost' })
    .where('outcome', '=', sql.lit('running' as const))
    .executeTakeFirst();
  return Number(lost.numUpdatedRows);
}

export async function deleteQueriesBefore(db: Database, moment: Date, limit: number): Promise<number> {
  const oldest = db
    .selectFrom('queries')
    .select('id')
    .where('started_at', '<', moment.getTime())
    .orderBy('started_at')
    .orderBy('id')
    .limit(limit);
  const deleted = await db.deleteFrom('queries').where('id', 'in', oldest).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

function toRow(query: QueryRecord): QueryRow {
  return {
    id: query.id,
    project_id: query.projectId,
    workspace_id: query.workspaceId,
    session_id: query.sessionId,
    actor: query.actor,
    statement: query.statement,
    started_at: query.startedAt.getTime(),
    outcome: query.outcome,
    sql_state: query.sqlState,
    error_message: query.errorMessage,
    row_count: query.rowCount,
    result_bytes: query.resultBytes,
    duration_ms: query.durationMs,
  };
}

function toQuery(row: QueryRow): QueryRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    workspaceId: row.workspace_id,
    sessionId: row.session_id,
    actor: row.actor,
    statement: row.statement,
    startedAt: new Date(row.started_at),
    outcome: row.outcome,
    sqlState: row.sql_state,
    errorMessage: row.error_message,
    rowCount: row.row_count,
    resultBytes: row.result_bytes,
    durationMs: row.duration_ms,
  };
}
