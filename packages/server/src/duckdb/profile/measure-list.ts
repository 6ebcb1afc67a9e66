import {
  DuckDBListValue,
  DuckDBMapValue,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { valueJson } from './short-json.js';

/** Where a measure will be found in the row. */
export type Place = number & { readonly brand: 'Place' };

/** Aggregates of one statement: what is added is found again in the one row that comes back, each in its place. */
export class MeasureList {
  readonly #expressions: string[] = [];

  add(sql: string): Place {
    return (this.#expressions.push(sql) - 1) as Place;
  }

  /** `source` is what stands behind FROM. */
  async read(connection: DuckDBConnection, source: string): Promise<MeasuredRow> {
    // No query without columns: an empty list asks nothing.
    if (this.#expressions.length === 0) return new MeasuredRow([], []);
    const result = await connection.runAndReadAll(`SELECT ${this.#expressions.join(', ')} FROM ${source}`);
    return new MeasuredRow(result.getRows()[0] ?? [], result.columnTypes());
  }
}

export class MeasuredRow {
  constructor(
    private readonly values: readonly DuckDBValue[],
    private readonly types: readonly DuckDBType[],
  ) {}

  count(place: Place): number {
    return Number(this.values[place] ?? 0);
  }

  /** Null for what is missing or not finite. */
  number(place: Place): number | null {
    return finite(this.values[place]);
  }

  numbers(place: Place): readonly (number | null)[] {
    const list = this.values[place];
    return list instanceof DuckDBListValue ? list.items.map(finite) : [];
  }

  /** Of a map from numbers to counts. */
  buckets(place: Place): readonly { readonly bound: number; readonly count: number }[] {
    const map = this.values[place];
    if (!(map instanceof DuckDBMapValue)) return [];
    return map.entries.map(({ key, value }) => ({ bound: Number(key), count: Number(value) }));
  }

  json(place: Place): string | null {
    const value = this.values[place] ?? null;
    const type = this.types[place];
    return value === null || type === undefined ? null : valueJson(type, value);
  }
}

function finite(value: DuckDBValue | undefined): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
