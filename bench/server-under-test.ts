import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Api } from '../acceptance/helpers/api.js';
import { startServer, type ServerProcess } from '../acceptance/helpers/server-process.js';
import {
  createProjectWithBucket,
  createTable,
  uploadFile,
  type Project,
  type Table,
} from '../acceptance/helpers/storage.js';
import type { FLIGHTS } from './flights.js';
import { cpuMsOf } from './measure/cpu-time.js';
import { HttpClient } from './measure/http-client.js';
import type { Cost } from './measure/rounds.js';
import type { BenchOptions } from './options.js';

type Shape = Pick<typeof FLIGHTS, 'columns' | 'key'>;

export interface ImportFigures extends Cost {
  readonly rowsAfter: number;
}

/** A server with a project and a bucket, in a data folder of its own, and the few requests that benchmarks make. */
export class ServerUnderTest {
  readonly client: HttpClient;

  private constructor(
    readonly process: ServerProcess,
    readonly project: Project,
    readonly bucket: string,
  ) {
    this.client = this.newClient();
  }

  static async start(
    options: Pick<BenchOptions, 'engine' | 'workFolder'>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServerUnderTest> {
    const dataDir = await mkdtemp(join(options.workFolder, 'data-'));
    const process = await startServer({ dataDir, env: serverSettings(options, env) });
    const { project, bucket } = await createProjectWithBucket(new Api(process.baseUrl, process.adminKey));
    return new ServerUnderTest(process, project, bucket);
  }

  /** Idle connections are kept; a benchmark closes the client it asked for. */
  newClient(connections = 1): HttpClient {
    return new HttpClient(this.process.baseUrl, this.project.apiKey, connections);
  }

  async createTable(name: string, shape: Shape): Promise<Table> {
    return await createTable(this.project, this.bucket, shape.columns, { name, primaryKey: shape.key });
  }

  /** Returns the id of the registered file. */
  async upload(path: string): Promise<string> {
    const { size } = await stat(path);
    const file = await uploadFile(this.project, createReadStream(path, { highWaterMark: 1024 * 1024 }), {
      filename: basename(path),
      size_bytes: size,
    });
    return file.id;
  }

  async import(table: Table, fileId: string, request: Record<string, unknown> = {}): Promise<ImportFigures> {
    const { text, ...cost } = await this.measurePost(`${table.path}/import/file`, { file_id: fileId, ...request });
    const { table_rows_after: rowsAfter } = JSON.parse(text) as { table_rows_after: number };
    return { ...cost, rowsAfter };
  }

  /** The request as its client sees it, and what it cost the service and its workers. */
  async measurePost(path: string, json: unknown): Promise<Cost & { readonly text: string }> {
    const cpuBeforeMs = cpuMsOf(this.process.pid);
    const { ms, text } = await this.client.mustPost(path, json);
    return { ms, cpuMs: cpuMsOf(this.process.pid) - cpuBeforeMs, text };
  }

  async deleteFile(fileId: string): Promise<void> {
    await this.client.send('DELETE', `${this.project.filesPath}/${fileId}`);
  }

  async stop(): Promise<void> {
    this.client.close();
    try {
      await this.process.stop();
    } finally {
      await rm(this.process.dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

export function serverSettings(
  { engine }: Pick<BenchOptions, 'engine'>,
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { DUCKDB_THREADS: String(engine.threads), DUCKDB_MEMORY_LIMIT: engine.memoryLimit, ...env };
}
