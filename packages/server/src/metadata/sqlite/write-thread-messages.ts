import type { SqliteValue } from './prepared-statements.js';
import type { SqliteFailure } from './sqlite-failure.js';

/** What the main thread asks of the write thread; commands are answered one by one, in order. */
export type WriteCommand =
  /** `begin` opens the transaction first, which saves a round trip; without it one must be open. */
  | { readonly kind: 'run'; readonly begin: boolean; readonly sql: string; readonly parameters: readonly SqliteValue[] }
  | { readonly kind: 'commit' }
  /** Fine when SQLite has rolled back by itself already. */
  | { readonly kind: 'rollback' }
  /** The last command: the thread ends after its answer. */
  | { readonly kind: 'close' };

export type WriteRequest = WriteCommand & { readonly id: number };

export type WriteAnswer =
  | { readonly id: number; readonly rows: readonly unknown[]; readonly changes: number }
  | { readonly id: number; readonly failure: SqliteFailure };

/** The thread's first message has this id: the database is open, or why it is not. */
export const OPENED_ID = 0;

export interface WriteThreadData {
  readonly databasePath: string;
}
