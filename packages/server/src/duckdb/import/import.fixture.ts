import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@duckdb/node-api';
import { DuckDbEngineDatabase } from '../duckdb-engine-database.js';
import { SMALL_BLOCK_BYTES } from '../engine-database.js';
import { importFile } from '../jobs/import-file.js';
import { quoteLiteral } from '../quoting.js';
import { createTableSql, dataTable } from '../table-ddl.js';
import { DomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import type { BaseVersion, ImportRequest, ImportResult } from '../../workers/messages.js';

export const never = new AbortController().signal;

/** `name TYPE [NOT NULL] [DEFAULT expression]` per column. */
export function shapeOf(columns: readonly string[], primaryKey: readonly string[] = []): TableShape {
  return {
    columns: columns.map((text) => {
      const [, name = '', type = '', notNull, expression] =
        /^(\S+) (.*?)( NOT NULL)?(?: DEFAULT (.*))?$/.exec(text) ?? [];
      const isKey = primaryKey.includes(name);
      return { name, type, nullable: notNull === undefined && !isKey, default: expression ?? null };
    }),
    primaryKey,
  };
}

export interface Imported extends ImportResult {
  readonly path: string;
  readonly rows: Json[][];
}

export type ImportOptions = Partial<Omit<ImportRequest, 'shape' | 'source' | 'stagingPath'>> & {
  readonly format?: 'csv' | 'parquet';
};

/** An engine and a folder for tests of the import job: files in, rows out. */
export class ImportFixture {
  readonly directory = mkdtempSync(join(tmpdir(), 'import-'));
  readonly tempDirectory = join(this.directory, 'temp');
  #database: DuckDbEngineDatabase | undefined;
  #nextFile = 1;

  async open(memoryLimit = '1GB'): Promise<void> {
    mkdirSync(this.tempDirectory);
    this.#database = await DuckDbEngineDatabase.open({
      memoryLimit,
      threads: 2,
      tempDirectory: this.tempDirectory,
      maxTempBytes: null,
      attachedVersions: 4,
    });
  }

  close(): void {
    this.#database?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  get database(): DuckDbEngineDatabase {
    if (this.#database === undefined) throw new Error('open() first');
    return this.#database;
  }

  newPath(suffix: string): string {
    return join(this.directory, `${this.#nextFile++}${suffix}`);
  }

  write(content: string | Uint8Array, suffix = '.csv'): string {
    const path = this.newPath(suffix);
    writeFileSync(path, content);
    return path;
  }

  /** A Parquet file of the given query. */
  async parquet(select: string): Promise<string> {
    const path = this.newPath('.parquet');
    await this.query(`COPY (${select}) TO ${quoteLiteral(path)} (FORMAT parquet)`);
    return path;
  }

  query(sql: string): Promise<Json[][]> {
    return this.database.withConnection(never, async (connection) =>
      (await connection.runAndReadAll(sql)).getRowsJson(),
    );
  }

  async baseVersion(shape: TableShape, values = '', blockSizeBytes = SMALL_BLOCK_BYTES): Promise<BaseVersion> {
    const path = this.newPath('.duckdb');
    let rowCount = 0;
    await this.database.withStagedFile(path, { blockSizeBytes }, never, async (connection, alias) => {
      await connection.run(createTableSql(dataTable(alias), shape));
      if (values !== '') rowCount = (await connection.run(`INSERT INTO ${dataTable(alias)} ${values}`)).rowsChanged;
    });
    return { path, rowCount, sizeBytes: statSync(path).size, blockSizeBytes };
  }

  request(shape: TableShape, sourcePath: string, base: BaseVersion, options: ImportOptions = {}): ImportRequest {
    const { format = 'csv', ...rest } = options;
    return {
      stagingPath: this.newPath('.staged'),
      base,
      shape,
      source: { path: sourcePath, format },
      csv: {},
      columns: null,
      incremental: false,
      dedupMode: 'update_duplicates',
      onError: 'fail',
      maxBadRows: 1000,
      maxInflatedBytes: 1_000_000_000,
      ...rest,
    };
  }

  /** Only builds the file: for tables too large to look at. */
  build(request: ImportRequest, signal = never): Promise<ImportResult> {
    return importFile(request, { database: this.database, signal, tempDirectory: this.tempDirectory });
  }

  async run(request: ImportRequest, signal = never): Promise<Imported> {
    const result = await this.build(request, signal);
    return { ...result, path: request.stagingPath, rows: await this.rowsOf(request.stagingPath) };
  }

  /** Imports a text (or bytes) into an empty table, or into `options.base`. */
  async importText(shape: TableShape, content: string | Uint8Array, options: ImportOptions = {}): Promise<Imported> {
    const base = options.base ?? (await this.baseVersion(shape));
    return this.run(this.request(shape, this.write(content), base, options));
  }

  async failure(promise: Promise<unknown>): Promise<DomainError> {
    try {
      await promise;
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
    throw new Error('the import was expected to fail');
  }

  rowsOf(path: string): Promise<Json[][]> {
    return this.database.withVersion({ id: path, path }, (alias) => this.query(`FROM ${dataTable(alias)}`));
  }

  leftovers(): string[] {
    return readdirSync(this.tempDirectory).filter((name) => name.startsWith('import-'));
  }
}
