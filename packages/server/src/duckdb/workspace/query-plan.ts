import type { DuckDBMaterializedResult } from '@duckdb/node-api';
import { textDataRow } from '../../lib/text-data-row.js';
import type { ColumnDescription, RowBatch, RowSource } from './sql-engine.js';

const TEXT_OID = 25;

/** What EXPLAIN answers in PostgreSQL, whatever the plan looks like. */
export const PLAN_COLUMNS: readonly ColumnDescription[] = [
  { name: 'QUERY PLAN', typeOid: TEXT_OID, typeSize: -1, typeModifier: -1 },
];

/** DuckDB answers one row with a plan of many lines, beside what kind of plan it is; clients print a line for each row. */
export class QueryPlan implements RowSource {
  readonly columns = PLAN_COLUMNS;
  readonly notices = [];
  readonly affectedRows = undefined;
  readonly #rows: Buffer[];

  constructor(result: DuckDBMaterializedResult) {
    const plans = result.chunkCount > 0 ? result.getChunk(0).getColumnValues(1) : [];
    const lines = plans.map(String).flatMap((plan) => (isDocument(plan) ? [plan] : plan.trimEnd().split('\n')));
    this.#rows = lines.map((line) => textDataRow([line]));
  }

  next(maxRows: number): Promise<RowBatch> {
    const bytes = this.#rows.splice(0, maxRows);
    return Promise.resolve({ bytes, rows: bytes.length, end: this.#rows.length === 0 });
  }

  hold(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#rows.length = 0;
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return this.close();
  }
}

/** JSON is read as a whole. */
function isDocument(plan: string): boolean {
  return /^\s*[[{]/.test(plan);
}
