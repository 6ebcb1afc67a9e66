import { readFileSync } from 'node:fs';

/** A relation of PostgreSQL 15's catalogue, and those of its rows that are the same in every database. */
export interface SystemRelation {
  readonly schema: 'pg_catalog' | 'information_schema';
  readonly name: string;
  readonly oid: number;
  /** `r` for tables, `v` for views, `f` for functions that list something. */
  readonly kind: 'r' | 'v' | 'f';
  /** Name and PostgreSQL type of each column. */
  readonly columns: readonly (readonly [string, string])[];
  /** Of views: their SELECT, as PostgreSQL prints it. */
  readonly definition?: string;
  /** Number of rows, and per column either the one value of all rows or, in `varyingText`, the list of values. */
  readonly rows: number;
  readonly constants: Readonly<Record<string, unknown>>;
  /** JSON text, a list per column; parsed by DuckDB, not here. */
  readonly varying: Readonly<Record<string, string>>;
}

interface Head extends Omit<SystemRelation, 'rows' | 'constants' | 'varying'> {
  readonly rows?: number;
  readonly constants?: Readonly<Record<string, unknown>>;
  readonly varying?: readonly string[];
}

export interface Postgresql15 {
  /** `15.18`. */
  readonly version: string;
  readonly relations: readonly SystemRelation[];
  readonly byName: ReadonlyMap<string, SystemRelation>;
}

/** Written by `scripts/export-postgresql-catalog.mjs` from a real server; the first line holds PostgreSQL's licence. */
const FILE = new URL('./postgresql-15.jsonl', import.meta.url);

let loaded: Postgresql15 | undefined;

/** Read once; 5 ms. */
export function postgresql15(): Postgresql15 {
  loaded ??= parse(readFileSync(FILE, 'utf8'));
  return loaded;
}

function parse(text: string): Postgresql15 {
  const lines = text.split('\n');
  const first = JSON.parse(lines[0] ?? '') as { postgresql: string };
  const relations: SystemRelation[] = [];
  let at = 1;
  while (at < lines.length && lines[at] !== '') {
    const { varying = [], ...head } = JSON.parse(lines[at++] ?? '') as Head;
    const texts = varying.map((column, index): [string, string] => [column, lines[at + index] ?? '']);
    at += varying.length;
    relations.push({ rows: 0, constants: {}, ...head, varying: Object.fromEntries(texts) });
  }
  return {
    version: first.postgresql,
    relations,
    byName: new Map(relations.map((one) => [`${one.schema}.${one.name}`, one])),
  };
}
