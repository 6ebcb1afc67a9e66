import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ColumnDefinition, TableShape } from '../../model/columns.js';
import type { JobContext } from '../../workers/job-context.js';
import type { WorkerSettings } from '../../workers/messages.js';
import { DuckDbEngineDatabase } from '../duckdb-engine-database.js';
import { SMALL_BLOCK_BYTES } from '../engine-database.js';
import { createTableSql, dataTable } from '../table-ddl.js';

export function column(name: string, type: string, more: Partial<ColumnDefinition> = {}): ColumnDefinition {
  return { name, type, nullable: true, default: null, ...more };
}

/** An engine in a directory of its own, for the tests of jobs. */
export class JobFixture {
  readonly directory = mkdtempSync(join(tmpdir(), 'jobs-'));

  private constructor(readonly database: DuckDbEngineDatabase) {}

  static async open(change: Partial<WorkerSettings> = {}): Promise<JobFixture> {
    const fixture = new JobFixture(
      await DuckDbEngineDatabase.open({
        memoryLimit: '1GB',
        threads: 2,
        tempDirectory: join(tmpdir(), `jobs-temp-${process.pid}`),
        maxTempBytes: null,
        attachedVersions: 4,
        ...change,
      }),
    );
    return fixture;
  }

  get context(): JobContext {
    return { database: this.database, signal: new AbortController().signal, tempDirectory: this.directory };
  }

  cancelledContext(): JobContext {
    return { ...this.context, signal: AbortSignal.abort() };
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** A version with these rows; `rowsSql` is what follows INSERT INTO. */
  async makeVersion(id: string, shape: TableShape, rowsSql: string): Promise<{ id: string; path: string }> {
    const path = this.path(`${id}.duckdb`);
    await this.database.withStagedFile(
      path,
      { blockSizeBytes: SMALL_BLOCK_BYTES },
      this.context.signal,
      async (connection, alias) => {
        await connection.run(createTableSql(dataTable(alias), shape));
        await connection.run(`INSERT INTO ${dataTable(alias)} ${rowsSql}`);
      },
    );
    return { id, path };
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    return this.database.withConnection(this.context.signal, async (connection) =>
      (await connection.runAndReadAll(sql)).getRowObjectsJson(),
    );
  }

  close(): void {
    this.database.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
