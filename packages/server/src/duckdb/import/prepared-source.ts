import type { DuckDBConnection } from '@duckdb/node-api';
import { nameKey, type ColumnDefinition, type TableShape } from '../../model/columns.js';
import { TIMESTAMP_COLUMN } from '../../model/row-condition.js';
import type { LoadRequest } from '../../workers/messages.js';
import { quoteLiteral } from '../quoting.js';
import { importFailed } from './import-failure.js';
import { loadedName, type ImportSource, type RejectedRows } from './import-source.js';

const TEXT = 'VARCHAR';

type Preparation = Pick<LoadRequest, 'textual' | 'emptyAsNull' | 'changedAt' | 'shape'>;

/** What the reader has to yield so that its values can be prepared: text, where an empty one becomes NULL. */
export function readableShape({ textual, emptyAsNull, shape }: Preparation): TableShape {
  const asText = new Set(textual ? emptyAsNull.map(nameKey) : []);
  return {
    ...shape,
    columns: shape.columns.map((column) => (asText.has(nameKey(column.name)) ? { ...column, type: TEXT } : column)),
  };
}

/**
 * A source whose rows get, on their way, what the driver asks for: no NULL in text columns, NULL for empty texts of some, the time of
 * change. All of it in the statement that reads the source.
 */
export class PreparedSource implements ImportSource {
  readonly columns: readonly ColumnDefinition[];
  readonly #source: ImportSource;
  readonly #values: readonly string[];

  constructor(source: ImportSource, preparation: Preparation) {
    this.#source = source;
    const { shape, changedAt } = preparation;
    const columns = source.columns.map((read) => definitionOf(shape, read.name));
    const values = columns.map((column, index) => valueSql(column, loadedName(index), preparation));
    const isGiven = columns.some(({ name }) => nameKey(name) === TIMESTAMP_COLUMN);
    if (changedAt !== null && !isGiven) {
      const column = definitionOf(shape, TIMESTAMP_COLUMN);
      columns.push(column);
      values.push(momentSql(changedAt, column));
    }
    this.columns = columns;
    this.#values = values;
  }

  get unit(): 'line' | 'row' {
    return this.#source.unit;
  }

  get warnings(): readonly string[] {
    return this.#source.warnings;
  }

  get estimatedTableBytes(): number {
    return this.#source.estimatedTableBytes;
  }

  selectSql(): string {
    return this.#prepared(this.#source.selectSql());
  }

  load(connection: DuckDBConnection, statement: (selectSql: string) => string): Promise<number> {
    return this.#source.load(connection, (select) => statement(this.#prepared(select)));
  }

  loadLeniently(): Promise<RejectedRows> {
    throw new Error('a load of the driver fails at its first bad row');
  }

  placesOf(connection: DuckDBConnection, rows: readonly number[]): Promise<number[]> {
    return this.#source.placesOf(connection, rows);
  }

  #prepared(select: string): string {
    const values = this.#values.map((value, index) => `${value} AS ${loadedName(index)}`);
    return `SELECT ${values.join(', ')} FROM (${select})`;
  }
}

function valueSql(column: ColumnDefinition, raw: string, { textual, emptyAsNull }: Preparation): string {
  if (!textual) return raw;
  const isEmptyNull = emptyAsNull.some((name) => nameKey(name) === nameKey(column.name));
  if (isEmptyNull) {
    const value = `nullif(${raw}, '')`;
    return column.type === TEXT ? value : `CAST(${value} AS ${column.type})`;
  }
  return column.type === TEXT ? `coalesce(${raw}, '')` : raw;
}

/** The text is in UTC; where the type of the column has a zone, it says so. */
function momentSql(moment: string, { type }: ColumnDefinition): string {
  return type === 'TIMESTAMP WITH TIME ZONE'
    ? `CAST(${quoteLiteral(`${moment}+00`)} AS ${type})`
    : `CAST(${quoteLiteral(moment)} AS ${type})`;
}

function definitionOf(shape: TableShape, name: string): ColumnDefinition {
  const column = shape.columns.find((candidate) => nameKey(candidate.name) === nameKey(name));
  if (column !== undefined) return column;
  throw importFailed(`the table has no column ${JSON.stringify(name)}`, { column: name });
}
