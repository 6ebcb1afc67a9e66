import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { WorkspaceCatalog as ProjectCatalog } from '../../../model/workspace-view.js';
import { buildCatalogFile } from './build-catalog-file.js';
import { UNKNOWN_SESSION, type CatalogSession } from './session-variables.js';
import { WorkspaceCatalog, type AskCatalog } from './workspace-catalog.js';

export const SALES: ProjectCatalog = {
  generation: '1',
  buckets: [
    {
      name: 'in.c-sales',
      schemaSpellings: ['in.c-sales', 'in_c_sales'],
      description: null,
      tables: [
        {
          name: 'customers',
          description: null,
          primaryKey: ['id'],
          rowCount: 0,
          columns: [
            { name: 'id', type: 'BIGINT', nullable: false, default: null, description: null },
            { name: 'name', type: 'VARCHAR', nullable: false, default: null, description: null },
            { name: 'city', type: 'VARCHAR', nullable: true, default: null, description: null },
          ],
        },
        {
          name: 'orders',
          description: 'What was ordered',
          primaryKey: ['id'],
          rowCount: 0,
          columns: [
            { name: 'id', type: 'BIGINT', nullable: false, default: null, description: null },
            { name: 'customer_id', type: 'BIGINT', nullable: true, default: null, description: null },
            { name: 'amount', type: 'DECIMAL(12,2)', nullable: true, default: null, description: 'In euro' },
            { name: 'ordered', type: 'DATE', nullable: true, default: null, description: null },
            { name: 'note', type: 'VARCHAR', nullable: true, default: "'none'", description: null },
          ],
        },
      ],
    },
  ],
};

export const ANALYST: CatalogSession = {
  ...UNKNOWN_SESSION,
  userName: 'analyst',
  databaseName: 'ws_1',
  backendPid: 42,
};

/** A workspace's engine as its worker sets it up, with the catalogue, in a temp folder. */
export class CatalogUnderTest {
  private constructor(
    readonly folder: string,
    readonly instance: DuckDBInstance,
    readonly control: DuckDBConnection,
    readonly catalog: WorkspaceCatalog,
    readonly session: DuckDBConnection,
  ) {}

  static async open(
    ask: AskCatalog = (known) => Promise.resolve(known === '1' ? 'unchanged' : SALES),
  ): Promise<CatalogUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'catalog-'));
    const file = join(folder, 'catalog.duckdb');
    await buildCatalogFile(file);
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', default_null_order: 'postgres' });
    const control = await instance.connect();
    await control.run(`ATTACH '${join(folder, 'ws.duckdb')}' AS ws`);
    const catalog = await WorkspaceCatalog.install(control, ask, rethrow, file);
    const under = new CatalogUnderTest(folder, instance, control, catalog, await instance.connect());
    await under.connect(under.session);
    return under;
  }

  async connect(connection: DuckDBConnection): Promise<void> {
    await connection.run("USE ws; SET integer_division = true; SET TimeZone = 'UTC'");
  }

  /** Runs a statement of a client, which must be about the catalogue, and gives its rows as text. */
  async query(sql: string, connection: DuckDBConnection = this.session): Promise<(string | null)[][]> {
    const statement = this.catalog.translate(sql);
    if (statement === undefined) throw new Error(`not a catalogue statement: ${sql}`);
    const result = await connection.runAndReadAll(await this.catalog.prepare(connection, ANALYST, statement));
    return result.getRows().map((row) => row.map(textOf));
  }

  async close(): Promise<void> {
    await this.catalog.settled();
    this.session.closeSync();
    this.control.closeSync();
    this.instance.closeSync();
    await rm(this.folder, { recursive: true });
  }
}

/** A value as PostgreSQL's text format has it, as far as catalogues hold such values. */
export function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'object' && 'items' in value && Array.isArray(value.items)) {
    return `{${value.items.map((one) => quoteElement(textOf(one))).join(',')}}`;
  }
  return String(value);
}

function quoteElement(text: string | null): string {
  if (text === null) return 'NULL';
  return text === '' || /[{},"\\\s]/.test(text) ? `"${text.replace(/(["\\])/g, '\\$1')}"` : text;
}

/** Nothing handles it then, and the test run fails. */
function rethrow(error: unknown): never {
  throw error;
}
