import type { SqlToken } from '../sql-tokens.js';

/**
 * What a statement is, for whoever runs it. `query`, `write`, `definition`, `explain` and `maintenance` go to the engine (after rewriting); all others
 * are answered by the protocol session, which finds the details in `tokens`.
 */
export type StatementKind =
  /** Nothing but white space and comments. */
  | 'empty'
  /** SELECT, VALUES, TABLE, FROM, WITH … SELECT, DESCRIBE, SUMMARIZE, PIVOT, UNPIVOT. */
  | 'query'
  /** INSERT, UPDATE, DELETE, MERGE, TRUNCATE. */
  | 'write'
  /** CREATE, ALTER, DROP, COMMENT. */
  | 'definition'
  /** The statement inside is checked like any other; with ANALYZE it runs, see `writes`. */
  | 'explain'
  /** VACUUM, ANALYZE, CHECKPOINT, REINDEX, CLUSTER. */
  | 'maintenance'
  /** BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT; ROLLBACK TO is a `savepoint`. */
  | 'transaction'
  /** SAVEPOINT, RELEASE, ROLLBACK TO. */
  | 'savepoint'
  /** SET, RESET, SHOW; `SET TRANSACTION`, `SET SESSION CHARACTERISTICS`, `SET CONSTRAINTS` and `SET VARIABLE`, too. */
  | 'setting'
  | 'discard'
  /** COPY … FROM STDIN, COPY … TO STDOUT. */
  | 'copy'
  /** DECLARE, FETCH, MOVE, CLOSE. */
  | 'cursor'
  /** PREPARE, EXECUTE, DEALLOCATE. */
  | 'prepared'
  /** LISTEN, NOTIFY, UNLISTEN. */
  | 'notification'
  /** LOCK TABLE. */
  | 'lock'
  /** GRANT, REVOKE, ALTER … OWNER, CREATE EXTENSION: nothing to do here, accepted with a notice. */
  | 'ignored';

/** Something a statement changes. */
export interface WriteTarget {
  /** As written, quotes taken off; null: not said. */
  readonly database: string | null;
  readonly schema: string | null;
  readonly name: string;
  /** For CREATE SCHEMA and DROP SCHEMA, `name` is the schema. */
  readonly object: 'relation' | 'schema' | 'other';
}

export interface GatedStatement {
  readonly kind: StatementKind;
  /** First word in capitals: `SELECT`, `BEGIN`, `FETCH`; empty for an empty statement. */
  readonly verb: string;
  /** The part of the text that is this statement, without the semicolon and white space or comments around it. */
  readonly text: string;
  /** UTF-16 index of `text` in the text that was classified. */
  readonly start: number;
  /** Words, names and marks, without white space and comments; positions count from the beginning of `text`. */
  readonly tokens: readonly SqlToken[];
  /** PostgreSQL's command tag without the number: `SELECT`, `INSERT 0`, `CREATE TABLE`, `BEGIN`. */
  readonly commandTag: string;
  /** Whether the number of rows follows the tag. */
  readonly tagHasCount: boolean;
  readonly returnsRows: boolean;
  /** Changes the workspace when it runs; refused in a READ ONLY transaction (25006). */
  readonly writes: boolean;
  /** Can need room in the workspace file: INSERT, UPDATE, CREATE TABLE; not DELETE, DROP, TRUNCATE. */
  readonly mayGrow: boolean;
  readonly targets: readonly WriteTarget[];
}
