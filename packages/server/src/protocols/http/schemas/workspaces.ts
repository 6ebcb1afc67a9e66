import { Type, type Static } from 'typebox';
import type { IssuedWorkspace, LoadedTable, LoadInput, ShownWorkspace, WorkspaceDetail } from '../services.js';
import type { WorkspaceConnection } from '../server-options.js';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import { formatOptionalTimestamp, formatTimestamp } from '../timestamps.js';
import { Nullable, OneOf, Shared } from './nullable.js';

const GB_BYTES = 1_073_741_824;
const DEFAULT_SIZE_LIMIT_GB = 10;

export const ConnectionSchema = Type.Object(
  {
    host: Type.String(),
    port: Type.Integer(),
    database: Type.String(),
    username: Type.String(),
    password: Nullable(Type.String({ description: 'Shown when it is made, and never again' })),
    ssl_mode: Type.String(),
    connection_string: Type.String({ description: 'For libpq and most drivers; with the password when it is shown' }),
  },
  { $id: 'WorkspaceConnection' },
);

const workspaceMembers = {
  id: Type.String(),
  name: Type.String(),
  project_id: Type.String(),
  branch_id: Nullable(Type.String({ description: 'Null: it sees main' })),
  created_at: Type.String({ format: 'date-time' }),
  created_by: Type.String({ description: 'Id of a key, or `admin`' }),
  expires_at: Nullable(Type.String({ format: 'date-time' })),
  size_bytes: Type.Integer({ description: 'Of the file of the workspace, and its log' }),
  size_limit_gb: Type.Integer(),
  status: OneOf(['active', 'expired', 'error'] as const),
  connection: Shared(ConnectionSchema),
};

export const WorkspaceSchema = Type.Object(workspaceMembers, { $id: 'Workspace' });

export const LoadedTableSchema = Type.Object(
  {
    source: Type.String(),
    destination: Type.String(),
    rows: Type.Integer(),
    size_bytes: Type.Integer({ description: 'Of the whole workspace' }),
    error: Nullable(
      Type.Object(
        { code: Type.String(), message: Type.String() },
        { description: 'Why this table was not loaded; the others are not affected' },
      ),
    ),
  },
  { $id: 'LoadedTable' },
);

export const CreatedWorkspaceSchema = Type.Object(
  { ...workspaceMembers, preloaded: Type.Array(Shared(LoadedTableSchema)) },
  { $id: 'CreatedWorkspace' },
);

export const WorkspaceListSchema = Type.Object(
  { workspaces: Type.Array(Shared(WorkspaceSchema)), count: Type.Integer(), total: Type.Integer() },
  { $id: 'WorkspaceList' },
);

export const WorkspaceDetailSchema = Type.Object(
  {
    ...workspaceMembers,
    active_sessions: Type.Integer(),
    attached_tables: Type.Array(Type.Object({ schema: Type.String(), table: Type.String(), rows: Type.Integer() }), {
      description: 'What SQL finds in it of the project or the branch',
    }),
    workspace_objects: Type.Array(
      Type.Object({
        name: Type.String(),
        schema: Type.String(),
        type: OneOf(['table', 'view'] as const),
        rows: Nullable(Type.Integer({ description: 'Null for a view that cannot be counted' })),
      }),
    ),
  },
  { $id: 'WorkspaceDetail' },
);

export const CreateWorkspaceBody = Type.Object(
  {
    name: Type.String({ description: 'For people; several workspaces may have one name' }),
    ttl_hours: Type.Optional(
      Nullable(Type.Integer({ minimum: 1, maximum: 168, description: 'It is removed then; absent: it stays' })),
    ),
    size_limit_gb: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: `GiB; ${DEFAULT_SIZE_LIMIT_GB} unless given` }),
    ),
    preload_tables: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 1000,
        description: '`bucket.table` each: copied into the workspace before the answer',
      }),
    ),
  },
  { $id: 'CreateWorkspace' },
);

export const LoadTablesBody = Type.Object(
  {
    tables: Type.Array(
      Type.Object({
        source: Type.String({ description: '`bucket.table`' }),
        destination: Type.Optional(Nullable(Type.String({ description: 'Named like the table unless given' }))),
        columns: Type.Optional(Nullable(Type.Array(Type.String(), { description: 'All unless given' }))),
        where: Type.Optional(Nullable(Type.String({ description: 'A condition, without the word WHERE' }))),
      }),
      { maxItems: 1000 },
    ),
  },
  { $id: 'LoadTables' },
);

export const LoadResultSchema = Type.Object(
  { loaded: Type.Array(Shared(LoadedTableSchema)), workspace_size_bytes: Type.Integer() },
  { $id: 'LoadResult' },
);

export const workspaceSchemas = [
  ConnectionSchema,
  WorkspaceSchema,
  LoadedTableSchema,
  CreatedWorkspaceSchema,
  WorkspaceListSchema,
  WorkspaceDetailSchema,
  CreateWorkspaceBody,
  LoadTablesBody,
  LoadResultSchema,
];

export function sizeLimitGbOf(body: Static<typeof CreateWorkspaceBody>): number {
  return body.size_limit_gb ?? DEFAULT_SIZE_LIMIT_GB;
}

export function loadInputs(body: Static<typeof LoadTablesBody>): readonly LoadInput[] {
  return body.tables.map(({ source, destination, columns, where }) => ({
    source,
    destination: destination ?? null,
    columns: columns ?? null,
    where: where ?? null,
  }));
}

export function renderLoaded(loaded: readonly LoadedTable[], sizeBytes: number): Static<typeof LoadedTableSchema>[] {
  return loaded.map(({ source, destination, rows, error }) => ({
    source,
    destination,
    rows,
    size_bytes: sizeBytes,
    error: error === null ? null : { code: error.code, message: error.message },
  }));
}

export function renderConnection(
  { id, username }: Pick<ShownWorkspace, 'id' | 'username'>,
  { host, port, sslMode }: WorkspaceConnection,
  password: string | null,
): Static<typeof ConnectionSchema> {
  const database = `workspace_${id}`;
  const login = password === null ? username : `${username}:${password}`;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    host,
    port,
    database,
    username,
    password,
    ssl_mode: sslMode,
    connection_string: `postgresql://${login}@${shownHost}:${port}/${database}?sslmode=${sslMode}`,
  };
}

export function renderWorkspace(
  workspace: ShownWorkspace,
  connection: WorkspaceConnection,
  password: string | null = null,
): Static<typeof WorkspaceSchema> {
  return {
    id: workspace.id,
    name: workspace.name,
    project_id: workspace.projectId,
    branch_id: workspace.branchId === DEFAULT_BRANCH_ID ? null : workspace.branchId,
    created_at: formatTimestamp(workspace.createdAt),
    created_by: workspace.createdBy,
    expires_at: formatOptionalTimestamp(workspace.expiresAt),
    size_bytes: workspace.sizeBytes,
    size_limit_gb: Math.round(workspace.sizeLimitBytes / GB_BYTES),
    status: workspace.state,
    connection: renderConnection(workspace, connection, password),
  };
}

export function renderIssuedWorkspace(
  { workspace, password, preloaded }: IssuedWorkspace,
  connection: WorkspaceConnection,
): Static<typeof CreatedWorkspaceSchema> {
  return {
    ...renderWorkspace(workspace, connection, password),
    preloaded: renderLoaded(preloaded, workspace.sizeBytes),
  };
}

export function renderWorkspaceDetail(
  { workspace, activeSessions, attachedTables, objects }: WorkspaceDetail,
  connection: WorkspaceConnection,
): Static<typeof WorkspaceDetailSchema> {
  return {
    ...renderWorkspace(workspace, connection),
    active_sessions: activeSessions,
    attached_tables: attachedTables.map(({ schema, table, rows }) => ({ schema, table, rows })),
    workspace_objects: objects.map(({ name, schema, type, rows }) => ({ name, schema, type, rows })),
  };
}
