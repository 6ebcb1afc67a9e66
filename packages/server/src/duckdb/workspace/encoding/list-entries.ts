import duckdb, { type Vector } from '@duckdb/node-bindings';
import { DuckDBArrayType, type DuckDBListType } from '@duckdb/node-api';
import { NO_VALUES, vectorBytes } from './vector-writer.js';

/** Where the elements of a row's list lie in the vector of all elements. */
export interface ListEntries {
  /** Answers the vector of the elements and how many there are. */
  bind(vector: Vector, rowCount: number): { readonly child: Vector; readonly childCount: number };
  start(row: number): number;
  count(row: number): number;
}

export function entriesOf(type: DuckDBListType | DuckDBArrayType): ListEntries {
  return type instanceof DuckDBArrayType ? new ArrayEntries(type.length) : new VariableEntries();
}

/** LIST and MAP: 64 bits of offset, 64 of length. */
export class VariableEntries implements ListEntries {
  #entries: DataView = NO_VALUES;

  bind(vector: Vector, rowCount: number): { child: Vector; childCount: number } {
    this.#entries = vectorBytes(vector, rowCount * 16);
    return { child: duckdb.list_vector_get_child(vector), childCount: duckdb.list_vector_get_size(vector) };
  }

  start(row: number): number {
    return Number(this.#entries.getBigUint64(row * 16, true));
  }

  count(row: number): number {
    return Number(this.#entries.getBigUint64(row * 16 + 8, true));
  }
}

/** ARRAY: always the same number. */
class ArrayEntries implements ListEntries {
  constructor(readonly length: number) {}

  bind(vector: Vector, rowCount: number): { child: Vector; childCount: number } {
    return { child: duckdb.array_vector_get_child(vector), childCount: rowCount * this.length };
  }

  start(row: number): number {
    return row * this.length;
  }

  count(): number {
    return this.length;
  }
}
