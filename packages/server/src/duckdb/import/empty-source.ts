import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition } from '../../model/columns.js';
import { loadedName, type ImportSource, type RejectedRows } from './import-source.js';
import { changeRows } from './query.js';

/** Files without a single row: nothing to read, and nothing wrong. */
export class EmptySource implements ImportSource {
  readonly unit = 'line';
  readonly warnings: readonly string[] = [];
  readonly estimatedTableBytes = 0;

  constructor(readonly columns: readonly ColumnDefinition[]) {}

  selectSql(): string {
    const values = this.columns.map(({ type }, index) => `CAST(NULL AS ${type}) AS ${loadedName(index)}`);
    return `SELECT ${values.join(', ')} WHERE false`;
  }

  load(connection: DuckDBConnection, statement: (selectSql: string) => string): Promise<number> {
    return changeRows(connection, statement(this.selectSql()));
  }

  loadLeniently(): Promise<RejectedRows> {
    return Promise.resolve({ count: 0, first: [] });
  }

  placesOf(): Promise<number[]> {
    return Promise.resolve([]);
  }
}
