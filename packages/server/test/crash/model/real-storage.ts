import { errorCode, mustSucceed, type Answer, type Api } from '../../../../../acceptance/helpers/api.js';
import { multipart } from '../../../../../acceptance/helpers/storage.js';
import { workerPids } from '../support/worker-pids.js';
import type { TableChange } from './changes.js';
import { literalSql, type Column, type Literal, type TableState } from './table-state.js';

/** A request that changes something; it can be sent again under its key. */
export interface ChangeRequest {
  readonly label: string;
  readonly send: () => Promise<Answer>;
}

/** The server under test, as the model's commands need it. */
export interface RealServer {
  readonly admin: () => Api;
  readonly pid: () => number;
  /** kill -9, and a start on what that leaves. */
  readonly crash: () => Promise<void>;
}

let projects = 0;

/** One project of the real service with one bucket, driven over HTTP. */
export class RealStorage {
  #keys = 0;

  private constructor(
    private readonly server: RealServer,
    private readonly projectId: string,
  ) {}

  static async make(server: RealServer): Promise<RealStorage> {
    projects += 1;
    const storage = new RealStorage(server, `model_${projects}`);
    mustSucceed(await server.admin().post('/projects', { id: storage.projectId }));
    mustSucceed(await server.admin().post(storage.#buckets, { name: 'b' }));
    return storage;
  }

  get #buckets(): string {
    return `/projects/${this.projectId}/branches/default/buckets`;
  }

  get #tables(): string {
    return `${this.#buckets}/b/tables`;
  }

  get #snapshots(): string {
    return `/projects/${this.projectId}/branches/default/snapshots`;
  }

  crash(): Promise<void> {
    return this.server.crash();
  }

  async killWorkers(): Promise<void> {
    for (const pid of await workerPids(this.server.pid())) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    }
  }

  createTable(table: string, { columns, key }: TableState): ChangeRequest {
    const json = { name: table, columns: columns.map(columnJson), primary_key: key };
    return this.#request('POST', this.#tables, json);
  }

  dropTable(table: string): ChangeRequest {
    return this.#request('DELETE', `${this.#tables}/${table}`);
  }

  async change(table: string, change: TableChange): Promise<ChangeRequest> {
    const path = `${this.#tables}/${table}`;
    switch (change.kind) {
      case 'import': {
        const { columns, lines, incremental } = change.load;
        const fileId = await this.#upload([columns, ...lines].map((line) => `${line.join(',')}\n`).join(''));
        return this.#request('POST', `${path}/import/file`, {
          file_id: fileId,
          format: 'csv',
          csv_options: { delimiter: ',' },
          import_options: { incremental, columns },
        });
      }
      case 'delete rows':
        return this.#request('DELETE', `${path}/rows`, { where_clause: conditionSql(change) });
      case 'add column':
        return this.#request('POST', `${path}/columns`, columnJson(change.column));
      case 'alter column': {
        const { newName, newType, notNull, newDefault } = change.alteration;
        return this.#request('PUT', `${path}/columns/${change.name}`, {
          new_name: newName,
          new_type: newType,
          set_not_null: notNull,
          set_default: newDefault === null ? '' : newDefault && literalSql(newDefault),
        });
      }
      case 'drop column':
        return this.#request('DELETE', `${path}/columns/${change.name}`);
      case 'add key':
        return this.#request('POST', `${path}/primary-key`, { columns: change.names });
      case 'drop key':
        return this.#request('DELETE', `${path}/primary-key`);
    }
  }

  async takeSnapshot(table: string): Promise<string> {
    return mustSucceed(
      (await this.#request('POST', this.#snapshots, { bucket: 'b', table }).send()) as Answer<{ id: string }>,
    ).id;
  }

  restoreSnapshot(id: string): ChangeRequest {
    return this.#request('POST', `${this.#snapshots}/${id}/restore`, {});
  }

  async versions(table: string): Promise<readonly { id: string }[]> {
    const answer = await this.server
      .admin()
      .get<{ versions: { id: string }[] }>(`${this.#tables}/${table}/versions?limit=1000`);
    return mustSucceed(answer).versions;
  }

  restoreVersion(table: string, id: string): ChangeRequest {
    return this.#request('POST', `${this.#tables}/${table}/versions/${id}/restore`);
  }

  /** What the server shows of every table. */
  async observe(): Promise<Record<string, unknown>> {
    const { tables } = mustSucceed(await this.server.admin().get<{ tables: { name: string }[] }>(this.#tables));
    const found: Record<string, unknown> = {};
    for (const { name } of tables) found[name] = await this.observeTable(name);
    return found;
  }

  async observeTable(name: string): Promise<unknown> {
    const path = `${this.#tables}/${name}`;
    const table = mustSucceed(await this.server.admin().get<TableAnswer>(path));
    const shown = mustSucceed(await this.server.admin().get<{ rows: unknown[] }>(`${path}/preview?limit=10000`));
    return {
      columns: table.columns.map((column) => `${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`),
      key: table.primary_key,
      rowCount: table.row_count,
      rows: shown.rows,
    };
  }

  async #upload(content: string): Promise<string> {
    const files = `/projects/${this.projectId}/files`;
    const admin = this.server.admin();
    const { upload_key: key } = mustSucceed(
      await admin.post<{ upload_key: string }>(`${files}/prepare`, { filename: 'rows.csv' }),
    );
    const form = multipart(content);
    mustSucceed(await admin.request('POST', `${files}/upload/${key}`, { headers: form.headers, body: form.body }));
    return mustSucceed(await admin.post<{ id: string }>(files, { upload_key: key })).id;
  }

  /** How many changes were asked for. */
  get requests(): number {
    return this.#keys;
  }

  #request(method: string, path: string, json?: unknown): ChangeRequest {
    this.#keys += 1;
    const headers = { 'x-idempotency-key': `${this.projectId}-${this.#keys}` };
    return {
      label: `${method} ${path} ${json === undefined ? '' : JSON.stringify(json)}`,
      send: () => this.server.admin().request(method, path, { headers, ...(json === undefined ? {} : { json }) }),
    };
  }
}

interface TableAnswer {
  readonly row_count: number;
  readonly columns: readonly { name: string; type: string; nullable: boolean }[];
  readonly primary_key: readonly string[];
}

/** `done`, or the code of the refusal. */
export function outcomeOf(answer: Answer): string {
  return answer.status < 300 ? 'done' : `${errorCode(answer) ?? answer.text}`;
}

function columnJson({ name, type, nullable, default: fallback }: Column): unknown {
  return { name, type, nullable, default: fallback === null ? null : literalSql(fallback satisfies Literal) };
}

function conditionSql({ condition }: Extract<TableChange, { kind: 'delete rows' }>): string {
  switch (condition.kind) {
    case 'all':
      return '1 = 1';
    case 'none':
      return '1 = 0';
    case 'is null':
      return `${condition.column} IS NULL`;
    case 'equals':
      return `CAST(${condition.column} AS VARCHAR) = '${condition.text}'`;
  }
}
