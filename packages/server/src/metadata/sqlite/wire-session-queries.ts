import { nameKey } from '../../model/columns.js';
import type { Listed, Page } from '../metadata-store.js';
import type { WireSessionRecord } from '../workspace-records.js';
import type { WireSessionFilter } from '../workspace-store.js';
import { slices, toDate, toMs, type Database } from './database.js';
import type { WireSessionRow } from './schema.js';

export async function getWireSession(db: Database, sessionId: string): Promise<WireSessionRecord | undefined> {
  const row = await db.selectFrom('wire_sessions').selectAll().where('session_id', '=', sessionId).executeTakeFirst();
  return row && toSession(row);
}

export async function listWireSessions(
  db: Database,
  { projectId, workspaceId, status }: WireSessionFilter,
  page: Page,
): Promise<Listed<WireSessionRecord>> {
  const matching = db
    .selectFrom('wire_sessions as s')
    .innerJoin('workspaces as w', 'w.id', 's.workspace_id')
    .innerJoin('projects as p', 'p.id', 'w.project_id')
    .$if(projectId !== undefined, (query) => query.where('p.id_key', '=', nameKey(projectId ?? '')))
    .$if(workspaceId !== undefined, (query) => query.where('s.workspace_id', '=', workspaceId ?? ''))
    .$if(status !== undefined, (query) => query.where('s.status', '=', status ?? ''));
  const rows = await matching
    .selectAll('s')
    .orderBy('s.connected_at', 'desc')
    .orderBy('s.session_id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows.map(toSession), total };
}

export async function listIdleWireSessions(
  db: Database,
  moment: Date,
  limit: number,
): Promise<readonly WireSessionRecord[]> {
  const rows = await db
    .selectFrom('wire_sessions')
    .selectAll()
    .where('ended_at', 'is', null)
    .where('last_activity_at', '<=', moment.getTime())
    .orderBy('last_activity_at')
    .limit(limit)
    .execute();
  return rows.map(toSession);
}

export async function putWireSessions(db: Database, sessions: readonly WireSessionRecord[]): Promise<void> {
  for (const slice of slices(sessions)) {
    const ids = [...new Set(slice.map(({ workspaceId }) => workspaceId))];
    const rows = await db.selectFrom('workspaces').select('id').where('id', 'in', ids).execute();
    const present = new Set(rows.map(({ id }) => id));
    const values = slice.filter(({ workspaceId }) => present.has(workspaceId)).map(toRow);
    if (values.length === 0) continue;
    await db
      .insertInto('wire_sessions')
      .values(values)
      .onConflict((conflict) =>
        conflict.column('session_id').doUpdateSet((eb) => ({
          application_name: eb.ref('excluded.application_name'),
          last_activity_at: eb.ref('excluded.last_activity_at'),
          query_count: eb.ref('excluded.query_count'),
          status: eb.ref('excluded.status'),
          ended_at: eb.ref('excluded.ended_at'),
        })),
      )
      .execute();
  }
}

export async function endActiveWireSessions(db: Database, status: string, now: Date): Promise<number> {
  const ended = await db
    .updateTable('wire_sessions')
    .set({ status, ended_at: now.getTime() })
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return Number(ended.numUpdatedRows);
}

export async function deleteWireSessionsEndedBefore(db: Database, moment: Date, limit: number): Promise<number> {
  const oldest = db
    .selectFrom('wire_sessions')
    .select('session_id')
    .where('ended_at', '<', moment.getTime())
    .orderBy('ended_at')
    .limit(limit);
  const deleted = await db.deleteFrom('wire_sessions').where('session_id', 'in', oldest).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

function toRow(session: WireSessionRecord): WireSessionRow {
  return {
    session_id: session.sessionId,
    workspace_id: session.workspaceId,
    client_ip: session.clientIp,
    application_name: session.applicationName,
    encrypted: session.encrypted ? 1 : 0,
    connected_at: session.connectedAt.getTime(),
    last_activity_at: session.lastActivityAt.getTime(),
    query_count: session.queryCount,
    status: session.status,
    ended_at: toMs(session.endedAt),
  };
}

function toSession(row: WireSessionRow): WireSessionRecord {
  return {
    sessionId: row.session_id,
    workspaceId: row.workspace_id,
    clientIp: row.client_ip,
    applicationName: row.application_name,
    encrypted: row.encrypted === 1,
    connectedAt: new Date(row.connected_at),
    lastActivityAt: new Date(row.last_activity_at),
    queryCount: row.query_count,
    status: row.status,
    endedAt: toDate(row.ended_at),
  };
}
