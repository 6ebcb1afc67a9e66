import { mustSucceed, type Answer, type Api } from './api.js';

export interface WorkspaceObject {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly branch_id: string | null;
  readonly expires_at: string | null;
  readonly size_bytes: number;
  readonly size_limit_gb: number;
  readonly status: string;
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly username: string;
    readonly password: string | null;
    readonly ssl_mode: string;
    readonly connection_string: string;
  };
}

export interface WorkspaceDetail extends WorkspaceObject {
  readonly active_sessions: number;
  readonly attached_tables: readonly { schema: string; table: string; rows: number }[];
  readonly workspace_objects: readonly { name: string; schema: string; type: string; rows: number | null }[];
}

export interface LoadedTable {
  readonly source: string;
  readonly destination: string;
  readonly rows: number;
  readonly size_bytes: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface QueryAnswer {
  readonly command: string;
  readonly columns: readonly { name: string; type: string }[];
  readonly row_count: number;
  readonly truncated: boolean;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** A workspace at one of its two addresses. */
export class WorkspaceHandle {
  readonly path: string;

  constructor(
    readonly api: Api,
    readonly collection: string,
    readonly created: WorkspaceObject,
  ) {
    this.path = `${collection}/${created.id}`;
  }

  get id(): string {
    return this.created.id;
  }

  query(sql: string, more: object = {}): Promise<Answer<QueryAnswer>> {
    return this.api.post<QueryAnswer>(`${this.path}/query`, { sql, ...more });
  }

  async rows(sql: string): Promise<QueryAnswer['rows']> {
    return mustSucceed(await this.query(sql)).rows;
  }

  async detail(): Promise<WorkspaceDetail> {
    return mustSucceed(await this.api.get<WorkspaceDetail>(this.path));
  }
}

/** `place`: the path of a project or of a branch. */
export async function createWorkspace(api: Api, place: string, more: object = {}): Promise<WorkspaceHandle> {
  const collection = `${place}/workspaces`;
  const created = mustSucceed(await api.post<WorkspaceObject>(collection, { name: 'w', ...more }));
  return new WorkspaceHandle(api, collection, created);
}
