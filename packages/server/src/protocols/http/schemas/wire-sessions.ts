import { Type, type Static } from 'typebox';
import type { WireSessionRecord } from '../../../metadata/workspace-records.js';
import type { InternalLogin } from '../services.js';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import { formatOptionalTimestamp, formatTimestamp } from '../timestamps.js';
import { Nullable, Shared } from './nullable.js';
import { pagingQuery } from './paging.js';

const status = Type.Optional(
  Type.String({
    description: '`active`, or why it ended: `disconnected`, `timeout`, `terminated`, `shutdown`, `failed`',
  }),
);

export const WireSessionSchema = Type.Object(
  {
    session_id: Type.String(),
    workspace_id: Type.String(),
    client_ip: Nullable(Type.String()),
    application_name: Nullable(Type.String()),
    encrypted: Type.Boolean(),
    connected_at: Type.String({ format: 'date-time' }),
    last_activity_at: Type.String({ format: 'date-time' }),
    query_count: Type.Integer(),
    status: Type.String(),
    ended_at: Nullable(Type.String({ format: 'date-time' })),
  },
  { $id: 'WireSession' },
);

export const WireSessionListSchema = Type.Object(
  { sessions: Type.Array(Shared(WireSessionSchema)), count: Type.Integer(), total: Type.Integer() },
  { $id: 'WireSessionList' },
);

export const SessionsQuery = Type.Object({ status, ...pagingQuery });
export const AllSessionsQuery = Type.Object({ project_id: Type.Optional(Type.String()), status, ...pagingQuery });

export const InternalAuthBody = Type.Object(
  {
    username: Type.String(),
    password: Type.String(),
    client_ip: Type.Optional(Nullable(Type.String())),
  },
  { $id: 'PgwireLogin' },
);

export const InternalAuthSchema = Type.Object(
  {
    workspace_id: Type.String(),
    project_id: Type.String(),
    branch_id: Nullable(Type.String()),
    db_path: Type.String(),
    tables: Type.Array(
      Type.Object({ bucket: Type.String(), name: Type.String(), path: Type.String(), rows: Type.Integer() }),
    ),
    memory_limit: Type.String(),
    query_timeout_seconds: Type.Integer(),
  },
  { $id: 'PgwireLoginResult' },
);

export const OpenSessionBody = Type.Object(
  {
    session_id: Type.String({ minLength: 1, maxLength: 255 }),
    workspace_id: Type.String(),
    client_ip: Type.Optional(Nullable(Type.String())),
  },
  { $id: 'OpenWireSession' },
);

export const SessionActivityBody = Type.Object(
  { increment_queries: Type.Optional(Type.Boolean({ description: 'True unless given' })) },
  { $id: 'WireSessionActivity' },
);

export const wireSessionSchemas = [
  WireSessionSchema,
  WireSessionListSchema,
  InternalAuthBody,
  InternalAuthSchema,
  OpenSessionBody,
  SessionActivityBody,
];

export function renderSession(session: WireSessionRecord): Static<typeof WireSessionSchema> {
  return {
    session_id: session.sessionId,
    workspace_id: session.workspaceId,
    client_ip: session.clientIp,
    application_name: session.applicationName,
    encrypted: session.encrypted,
    connected_at: formatTimestamp(session.connectedAt),
    last_activity_at: formatTimestamp(session.lastActivityAt),
    query_count: session.queryCount,
    status: session.status,
    ended_at: formatOptionalTimestamp(session.endedAt),
  };
}

export function renderSessions({
  items,
  total,
}: {
  readonly items: readonly WireSessionRecord[];
  readonly total: number;
}) {
  return { sessions: items.map(renderSession), count: items.length, total };
}

export function renderInternalLogin(
  { workspace, databasePath, tables }: InternalLogin,
  limits: { readonly memoryLimit: string; readonly queryTimeoutSeconds: number },
): Static<typeof InternalAuthSchema> {
  return {
    workspace_id: workspace.id,
    project_id: workspace.projectId,
    branch_id: workspace.branchId === DEFAULT_BRANCH_ID ? null : workspace.branchId,
    db_path: databasePath,
    tables: tables.map(({ bucketName, tableName, path, rows }) => ({
      bucket: bucketName,
      name: tableName,
      path,
      rows,
    })),
    memory_limit: limits.memoryLimit,
    query_timeout_seconds: limits.queryTimeoutSeconds,
  };
}
