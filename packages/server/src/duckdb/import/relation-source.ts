import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition, TableShape } from '../../model/columns.js';
import type { LoadRequest, UnloadedRows, VersionRows } from '../../workers/messages.js';
import { quoteIdentifier, quoteLiteral } from '../quoting.js';
import { requireColumn, rowConditionSql } from '../row-condition.js';
import { dataTable } from '../table-ddl.js';
import { dataErrorMessage, firstSentence, importFailed } from './import-failure.js';
import { loadedName, type ImportSource, type RejectedRows } from './import-source.js';
import { changeRows } from './query.js';

/** Where the rows are, and what they look like there. */
interface Relation {
  readonly sql: string;
  readonly shape: TableShape;
  readonly sizeBytes: number;
}

export function versionRelation(alias: string, { from }: VersionRows, sizeBytes: number): Relation {
  return { sql: dataTable(alias), shape: from.shape, sizeBytes };
}

export function unloadedRelation({ path, shape, sizeBytes }: UnloadedRows): Relation {
  return { sql: `read_parquet(${quoteLiteral(path)})`, shape, sizeBytes };
}

/** Rows of another table, in a relation that the engine can read. */
export class RelationSource implements ImportSource {
  readonly unit = 'row';
  readonly warnings: readonly string[] = [];
  readonly columns: readonly ColumnDefinition[];
  readonly estimatedTableBytes: number;
  readonly #select: string;
  /** Of no interest to the reader of an error. */
  readonly #place: string;

  constructor(
    relation: Relation,
    rows: Pick<VersionRows, 'columns' | 'filter' | 'limit'>,
    { shape, textual }: Pick<LoadRequest, 'shape' | 'textual'>,
  ) {
    this.#place = relation.sql;
    const pairs = rows.columns.map(({ from, to }) => ({
      from: requireColumn(relation.shape, from),
      to: requireColumn(shape, to),
    }));
    this.columns = pairs.map(({ to }) => to);
    this.estimatedTableBytes = relation.sizeBytes;
    const values = pairs.map(({ from, to }, index) => `${convertedSql(from, to, textual)} AS ${loadedName(index)}`);
    const where = rows.filter === null ? '' : ` WHERE ${rowConditionSql(rows.filter, relation.shape)}`;
    const limit = rows.limit === null ? '' : ` LIMIT ${Math.trunc(rows.limit)}`;
    this.#select = `SELECT ${values.join(', ')} FROM ${relation.sql}${where}${limit}`;
  }

  selectSql(): string {
    return this.#select;
  }

  async load(connection: DuckDBConnection, statement: (selectSql: string) => string): Promise<number> {
    try {
      return await changeRows(connection, statement(this.#select));
    } catch (error) {
      const message = dataErrorMessage(error);
      if (message.startsWith('Constraint Error')) throw error;
      throw importFailed(firstSentence(message, this.#place), {}, error);
    }
  }

  loadLeniently(): Promise<RejectedRows> {
    throw new Error('a load of the driver fails at its first bad row');
  }

  placesOf(_connection: DuckDBConnection, rows: readonly number[]): Promise<number[]> {
    return Promise.resolve(rows.map((row) => row + 1));
  }
}

/** The engine knows how to cast most types into each other; through their text when that is what the load means. */
function convertedSql(from: ColumnDefinition, to: ColumnDefinition, textual: boolean): string {
  const name = quoteIdentifier(from.name);
  if (from.type === to.type) return name;
  const text = textual && from.type !== 'VARCHAR' ? `CAST(${name} AS VARCHAR)` : name;
  return textual && to.type === 'VARCHAR' ? text : `CAST(${text} AS ${to.type})`;
}
