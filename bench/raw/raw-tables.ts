import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LARGE_BLOCK_BYTES, STORAGE_VERSION } from '../../packages/server/src/duckdb/engine-database.js';
import { quoteLiteral } from '../../packages/server/src/duckdb/quoting.js';
import { columnsSql, type Columns } from '../flights.js';
import type { Cost } from '../measure/rounds.js';
import type { RawEngine } from './raw-engine.js';

/** Work on table files by raw DuckDB: no index, storage version and block size as the service chooses them, checkpointed. */
export class RawTables {
  constructor(
    readonly engine: RawEngine,
    private readonly folder: string,
  ) {}

  path(name: string): string {
    return join(this.folder, `${name}.duckdb`);
  }

  /** `load` fills the table `built.main.data`. */
  async build(name: string, columns: Columns, load: string): Promise<Cost> {
    const path = this.path(name);
    await this.remove(name);
    return await this.engine.request({
      kind: 'statements',
      timed: [
        attachSql(path, 'built', `BLOCK_SIZE ${LARGE_BLOCK_BYTES}, STORAGE_VERSION '${STORAGE_VERSION}'`),
        `CREATE TABLE built.main.data (${columnsSql(columns)})`,
        load,
        'CHECKPOINT built',
        'DETACH built',
      ],
    });
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { force: true });
  }
}

export function attachSql(path: string, alias: string, options: string): string {
  return `ATTACH ${quoteLiteral(path)} AS ${alias} (${options})`;
}

export function copyFromSql(path: string): string {
  const format = path.endsWith('.parquet') ? 'FORMAT parquet' : 'FORMAT csv, HEADER true';
  return `COPY built.main.data FROM ${quoteLiteral(path)} (${format})`;
}
