import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, DatabaseError } from 'pg';
import { expect } from 'vitest';
import { startTestApp, uploadFile, type Answer, type TestApp } from '../../helpers/test-app.js';

interface Login {
  readonly id: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** The whole service with two tenants, each with a table and a workspace, and real clients at its PostgreSQL door. */
export class DoorScene {
  /** Everything that clients were sent, as it came. */
  readonly #received: Buffer[] = [];
  readonly #clients: DoorClient[] = [];

  private constructor(
    readonly app: TestApp,
    readonly own: Login,
    readonly bystander: Login,
    readonly stranger: Login,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<DoorScene> {
    const app = await startTestApp({ env: { WORKSPACE_SPARE_WORKERS: '1', ...env } });
    await project(app, 'tenant_one', 'in_c_sales');
    await project(app, 'tenant_two', 'in_c_secrets');
    const scene = new DoorScene(
      app,
      await workspace(app, 'tenant_one', 'own'),
      await workspace(app, 'tenant_one', 'bystander'),
      await workspace(app, 'tenant_two', 'stranger'),
    );
    // So that there is a file with something in it.
    const stranger = await scene.connect(scene.stranger);
    await stranger.query("CREATE TABLE strangers_table AS SELECT 'hidden' AS x");
    await stranger.end();
    return scene;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) await client.end().catch(() => undefined);
    await this.app.stop();
  }

  async connect({ database, user, password }: Login = this.own): Promise<DoorClient> {
    const client = new DoorClient({ host: '127.0.0.1', port: this.app.pgwirePort ?? 0, database, user, password });
    client.on('error', () => undefined);
    await client.connect();
    client.listen((bytes) => this.#received.push(bytes));
    this.#clients.push(client);
    return client;
  }

  /** SQLSTATE of one statement over HTTP; undefined when it was done. */
  async overHttp(sql: string): Promise<string | undefined> {
    const { status, body } = await this.app.call('POST', `/projects/tenant_one/workspaces/${this.own.id}/query`, {
      sql,
    });
    this.#received.push(Buffer.from(JSON.stringify(body)));
    return status === 200 ? undefined : String(body.detail?.details?.sqlstate ?? body.detail?.error);
  }

  /** Of all that is kept on the disk but the workspace of the attacker. */
  checksums(): Map<string, string> {
    const sums = new Map<string, string>();
    const walk = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.name === '_staging' || entry.name === this.own.id) continue;
        if (entry.isDirectory()) walk(path);
        else if (entry.isFile()) sums.set(path, createHash('sha256').update(readFileSync(path)).digest('hex'));
      }
    };
    walk(join(this.app.dataDir, 'duckdb'));
    walk(join(this.app.dataDir, 'files'));
    expect(sums.size).toBeGreaterThan(3);
    return sums;
  }

  /** Links to versions that the workspace may read, as the service and as its worker call them. */
  attachedPaths(): string[] {
    const base = join(this.app.dataDir, 'duckdb', '_staging', 'workspaces');
    const paths = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.duckdb'));
    return paths.flatMap((path) => [join(base, path), join('/proc/self/fd/4/_staging/workspaces', path)]);
  }

  /** What must never be told: where things are, what others have. */
  mustNotHaveTold(): void {
    const text = Buffer.concat(this.#received).toString('utf8');
    for (const secret of [
      this.app.dataDir,
      '_workspaces',
      '_versions',
      '_staging',
      'tenant_two',
      'in_c_secrets',
      'strangers_table',
    ])
      expect(
        text.includes(secret),
        `${secret}: ${text.slice(Math.max(0, text.indexOf(secret) - 300), text.indexOf(secret) + 100)}`,
      ).toBe(false);
    expect(text).not.toMatch(/\/proc\/self\/fd|\/attach\/|\/exchange\//);
  }
}

export class DoorClient extends Client {
  /** The error of a statement; undefined when it was done. */
  async refusal(sql: string, form: 'simple' | 'extended' = 'simple'): Promise<DatabaseError | undefined> {
    try {
      // The types know of the simple form only.
      await this.query({ text: sql, ...(form === 'extended' ? { queryMode: 'extended' } : {}) } as { text: string });
      return undefined;
    } catch (error) {
      if (error instanceof DatabaseError) return error;
      throw error;
    }
  }

  listen(receive: (bytes: Buffer) => void): void {
    const { connection } = this as unknown as { connection: { stream: NodeJS.ReadableStream } };
    connection.stream.on('data', receive);
  }
}

async function project(app: TestApp, id: string, bucket: string): Promise<void> {
  await ok(app, 'POST', '/projects', { id, name: id });
  const buckets = `/projects/${id}/branches/default/buckets`;
  await ok(app, 'POST', buckets, { name: bucket });
  await ok(app, 'POST', `${buckets}/${bucket}/tables`, {
    name: 'orders',
    columns: [
      { name: 'id', type: 'INTEGER' },
      { name: 'x', type: 'INTEGER' },
    ],
  });
  const rows = Array.from({ length: 1000 }, (_, row) => `${row},${row * 2}`).join('\n');
  const fileId = await uploadFile(app, id, 'orders.csv', `id,x\n${rows}\n`);
  await ok(app, 'POST', `${buckets}/${bucket}/tables/orders/import/file`, { file_id: fileId });
}

async function workspace(app: TestApp, projectId: string, name: string): Promise<Login> {
  const { id, connection } = await ok(app, 'POST', `/projects/${projectId}/workspaces`, { name });
  const { database, username: user, password } = connection;
  return { id, database, user, password };
}

async function ok(app: TestApp, method: string, path: string, body: unknown): Promise<Answer['body']> {
  const answer = await app.call(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
