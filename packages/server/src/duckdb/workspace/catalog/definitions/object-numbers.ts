/**
 * How objects get their numbers (OIDs). All are below 2^31, because some clients read them as signed integers.
 *
 *   1 … 16383          PostgreSQL's own, as in PostgreSQL 15
 *   16384              the workspace's user; 16385 the database
 *   32768 …            the workspace's objects: 32768 + 128 × the number that DuckDB gives an entry, which survives ALTER
 *        + 0           the table, view, sequence, index, type or schema itself
 *        + 1, + 2      its row type, and the array of that
 *        + 3 …  61     its constraints
 *        + 62, + 63    the rule of a view, its pg_attrdef of column 1 … are counted apart
 *        + 64 … 122    the indexes of its keys
 *   1,000,000,000 …    what the project shows: hashed from the name, 8 apart; the same after a restart as long as no two names meet
 */
export const USER_OID = 16384;
export const DATABASE_OID = 16385;
export const OWN_BASE = 32768;
export const OWN_STEP = 128;
export const PROJECT_BASE = 1_000_000_000;
export const PROJECT_STEP = 8;
const PROJECT_SLOTS = 130_000_000;

/** Numbers for names, each the same as long as the worker lives. */
export class ProjectNumbers {
  readonly #slots = new Map<string, number>();
  readonly #taken = new Set<number>();

  ofTable(bucketName: string, tableName: string): number {
    return this.of(`${bucketName}\0${tableName}`);
  }

  of(key: string): number {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = hashOf(key) % PROJECT_SLOTS;
      while (this.#taken.has(slot)) slot = (slot + 1) % PROJECT_SLOTS;
      this.#slots.set(key, slot);
      this.#taken.add(slot);
    }
    return PROJECT_BASE + slot * PROJECT_STEP;
  }
}

/** FNV-1a with a final mix; what matters is only that names spread. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
