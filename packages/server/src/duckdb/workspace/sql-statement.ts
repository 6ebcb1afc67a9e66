/**
 * One statement of a client's text: what it is for the session, and its place in the text. The kinds are what the session itself does;
 * everything that DuckDB does is `engine`.
 */
export type SqlStatement = StatementText & StatementKind;

export interface StatementText {
  /** The statement alone, without its semicolon. */
  readonly sql: string;
  /** Where it begins in the client's text, in UTF-16 units. */
  readonly offset: number;
  /** The same in characters, for positions of errors; undefined where the client did not write the statement. */
  readonly offsetCharacters: number | undefined;
  /** PostgreSQL's command tag without the number of rows: `SELECT`, `INSERT 0`, `CREATE TABLE`. */
  readonly tag: string;
  readonly tagHasCount: boolean;
  /** As the query log may keep it: without secrets, and cut. */
  readonly loggedText: string;
}

export type StatementKind =
  | { readonly kind: 'empty' }
  | EngineStatement
  | { readonly kind: 'begin'; readonly modes: TransactionModes }
  | { readonly kind: 'commit'; readonly chain: boolean }
  | { readonly kind: 'rollback'; readonly chain: boolean }
  | { readonly kind: 'savepoint' | 'release' | 'rollback-to'; readonly name: string }
  | { readonly kind: 'set-transaction'; readonly modes: TransactionModes; readonly session: boolean }
  | { readonly kind: 'set'; readonly name: string; readonly value: string | undefined; readonly local: boolean }
  | { readonly kind: 'show'; readonly name: string }
  | { readonly kind: 'reset'; readonly name: string }
  | { readonly kind: 'discard'; readonly what: 'all' | 'plans' | 'sequences' | 'temp' }
  | PrepareStatement
  | { readonly kind: 'execute'; readonly name: string; readonly argumentsSql: string | undefined }
  | { readonly kind: 'deallocate'; readonly name: string | undefined }
  | DeclareStatement
  | FetchStatement
  | { readonly kind: 'close'; readonly name: string | undefined }
  | CopyInStatement
  | CopyOutStatement
  | { readonly kind: 'listen'; readonly channel: string }
  | { readonly kind: 'notify'; readonly channel: string; readonly payload: string }
  | { readonly kind: 'unlisten'; readonly channel: string | undefined }
  /** Accepted without effect, and the client is told so. */
  | { readonly kind: 'ignored'; readonly notice: string | undefined };

export interface EngineStatement {
  readonly kind: 'engine';
  readonly class: 'query' | 'write' | 'definition' | 'other';
  readonly returnsRows: boolean;
  /** EXPLAIN: its rows are lines of a plan. */
  readonly explains: boolean;
  /** Whether it may change the workspace: what READ ONLY refuses and savepoints count. */
  readonly writes: boolean;
  /** Whether it may need more room in the workspace's file. */
  readonly mayGrow: boolean;
  readonly existence: ExistenceClause | undefined;
  /** Runs only outside of transactions, as VACUUM does. */
  readonly standsAlone: boolean;
  /** Whether its rows are surely few, so that they are made at once. */
  readonly small: boolean;
}

/** `IF NOT EXISTS` and `IF EXISTS`: what the client is told when they mattered. */
export interface ExistenceClause {
  readonly verb: 'create' | 'drop';
  readonly object: 'table' | 'view' | 'schema' | 'index' | 'sequence' | 'type';
  readonly names: readonly { readonly schema: string | undefined; readonly name: string }[];
}

export interface TransactionModes {
  readonly readOnly?: boolean;
  readonly isolation?: string;
  readonly deferrable?: boolean;
}

export interface PrepareStatement {
  readonly kind: 'prepare';
  readonly name: string;
  readonly types: readonly string[];
  readonly query: SqlStatement;
  /** The whole text that it came with, which is what PostgreSQL shows of it. */
  readonly source: string;
}

export interface DeclareStatement {
  readonly kind: 'declare';
  readonly name: string;
  readonly binary: boolean;
  readonly hold: boolean;
  readonly query: SqlStatement;
}

export interface FetchStatement {
  readonly kind: 'fetch';
  readonly name: string;
  /** MOVE: the rows are passed over. */
  readonly move: boolean;
  /** `all`, or how many rows forward; undefined for a direction that a forward cursor does not have. */
  readonly count: number | 'all' | undefined;
}

export interface CopyInStatement {
  readonly kind: 'copy-in';
  readonly table: { readonly schema: string | undefined; readonly name: string };
  readonly columns: readonly string[] | undefined;
  readonly options: CopyOptions;
}

export interface CopyOutStatement {
  readonly kind: 'copy-out';
  /** The query whose rows are copied; a table's is made of its name. */
  readonly query: SqlStatement;
  readonly options: CopyOptions;
}

export interface CopyOptions {
  readonly format: 'text' | 'csv' | 'binary';
  readonly delimiter?: string;
  readonly nullText?: string;
  readonly header?: boolean | 'match';
  readonly quote?: string;
  readonly escape?: string;
  readonly forceQuote?: readonly string[] | '*';
  readonly forceNotNull?: readonly string[] | '*';
  readonly forceNull?: readonly string[] | '*';
}
