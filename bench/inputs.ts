import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteLiteral } from '../packages/server/src/duckdb/quoting.js';
import { FLIGHT_ROWS, FLIGHTS_PARQUET } from './flights.js';
import type { RawEngine } from './raw/raw-engine.js';

const FLIGHTS = `read_parquet(${quoteLiteral(FLIGHTS_PARQUET)})`;
const ALL = `SELECT * FROM ${FLIGHTS}`;
const NUMBERED = `SELECT row_number() OVER () AS id, * FROM ${FLIGHTS}`;
const SHUFFLED = `SELECT * FROM (${NUMBERED}) ORDER BY hash(id)`;
/** The last 5 % of the rows repeat keys of others, a few of them in every part of the file. */
const REPEATED_ROWS = FLIGHT_ROWS / 20;
const REPEATED = `SELECT CASE WHEN id <= ${FLIGHT_ROWS - REPEATED_ROWS} THEN id ELSE 1 + hash(id) % ${FLIGHT_ROWS - REPEATED_ROWS} END AS id,
  date, delay, distance, origin, destination FROM (${NUMBERED}) ORDER BY hash(id)`;
const CODED = `SELECT origin || '-' || hash(id)::VARCHAR AS code, * EXCLUDE (id) FROM (${NUMBERED}) ORDER BY hash(id)`;

/** The last row of each key, at its place: what an import that replaces earlier rows leaves. */
const lastOfEachKey = (file: string): string =>
  `SELECT * EXCLUDE (place) FROM (SELECT row_number() OVER () AS place, * FROM ${file})
   QUALIFY row_number() OVER (PARTITION BY id ORDER BY place DESC) = 1 ORDER BY place`;

const CONTENTS = {
  'flights.csv': ALL,
  'flights.parquet': ALL,
  'numbered.csv': NUMBERED,
  'numbered.parquet': NUMBERED,
  'shuffled.csv': SHUFFLED,
  'shuffled.parquet': SHUFFLED,
  'repeated.csv': REPEATED,
  'coded.csv': CODED,
} as const;

export type InputName = keyof typeof CONTENTS | 'deduplicated.csv';

export const BATCH_ROWS = 10_000;

/** Input files, made when they are first asked for, by raw DuckDB from the flights. */
export class Inputs {
  readonly #made = new Map<string, Promise<string>>();

  constructor(
    private readonly raw: RawEngine,
    private readonly folder: string,
  ) {}

  path(name: InputName): Promise<string> {
    if (name !== 'deduplicated.csv') return this.#make(name, () => CONTENTS[name]);
    return this.#make(name, async () => lastOfEachKey(`read_csv(${quoteLiteral(await this.path('repeated.csv'))})`));
  }

  /** Half of a batch are changed rows from all over the numbered flights, half are new ones; no batch repeats another. */
  batch(number: number): Promise<string> {
    const half = BATCH_ROWS / 2;
    const step = Math.floor(FLIGHT_ROWS / half);
    const firstNew = FLIGHT_ROWS + number * half;
    return this.#make(
      `batch-${number}.csv`,
      () => `SELECT CASE WHEN place % 2 = 0 THEN 1 + ${number} + (place // 2) * ${step} ELSE ${firstNew} + (place + 1) // 2 END AS id,
        date, delay + 1000 AS delay, distance, origin, destination
        FROM (SELECT row_number() OVER () - 1 AS place, * FROM (SELECT * FROM ${FLIGHTS} LIMIT ${BATCH_ROWS}))
        ORDER BY hash(place)`,
    );
  }

  /** As many times the flights as are needed for this size, numbered in no order when they shall have a key. */
  async ofSize(name: string, sizeBytes: number, numbered: boolean): Promise<string> {
    const bytesPerRow = numbered ? 45 : 36;
    const rows = Math.ceil(sizeBytes / bytesPerRow);
    const copies = Math.ceil(rows / FLIGHT_ROWS);
    // Multiplied modulo a prime number: still unique, and far from any order.
    const scrambled = '((copy * 3000000 + place) * 7368787) % 4294967291';
    return this.#make(name, () => {
      const flights = `(SELECT row_number() OVER () AS place, * FROM ${FLIGHTS})`;
      const id = numbered ? `${scrambled} AS id, ` : '';
      return `SELECT ${id}date, delay, distance, origin, destination FROM range(${copies}) AS copies(copy), ${flights} LIMIT ${rows}`;
    });
  }

  async remove(name: string): Promise<void> {
    this.#made.delete(name);
    await rm(join(this.folder, name), { force: true });
  }

  #make(name: string, select: () => string | Promise<string>): Promise<string> {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = this.#write(name, select);
    this.#made.set(name, made);
    return made;
  }

  async #write(name: string, select: () => string | Promise<string>): Promise<string> {
    const path = join(this.folder, name);
    const options = name.endsWith('.parquet') ? 'FORMAT parquet' : 'FORMAT csv, HEADER true';
    await this.raw.run(`COPY (${await select()}) TO ${quoteLiteral(path)} (${options})`);
    return path;
  }
}
