import type { Kysely } from 'kysely';

/**
 * One numbered step of the schema. It is never edited after a release; a mistake is mended by the next number.
 * Steps are written with the schema builder and portable types, so that each database of the store can run them:
 * `bigint` for counts, sizes and times, `text` for the rest.
 */
export interface Migration {
  readonly number: number;
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}
