/**
 * What a workspace sees of its project, as the service tells the worker of that workspace. A bucket is a schema, a table is a
 * table. Nothing here names a path, a project or another tenant.
 */

/** A name as a statement says it: quotes taken off, case kept. */
export interface WorkspaceTableName {
  readonly schema: string;
  readonly table: string;
}

/** The current version of a table, hard-linked into the attach directory of the worker that asked. */
export interface WorkspaceTable {
  /** Of the version; the same as long as the table does not change. */
  readonly versionId: string;
  /** Name of the link in the attach directory, for instance `0193….duckdb`; the table inside is `main.data`. */
  readonly linkName: string;
  /** What a statement may call the bucket: first its name, then that name with `-` and `.` as `_`, unless another bucket has it. */
  readonly schemaSpellings: readonly string[];
  /** As the table is called; compare without case. */
  readonly tableName: string;
}

export interface WorkspaceCatalogColumn {
  readonly name: string;
  /** A DuckDB type, as the engine spells it. */
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
  readonly description: string | null;
}

export interface WorkspaceCatalogTable {
  readonly name: string;
  readonly description: string | null;
  readonly columns: readonly WorkspaceCatalogColumn[];
  /** Names of columns in the order of the key; empty without one. */
  readonly primaryKey: readonly string[];
  readonly rowCount: number;
}

export interface WorkspaceCatalogBucket {
  readonly name: string;
  /** See `WorkspaceTable`. */
  readonly schemaSpellings: readonly string[];
  readonly description: string | null;
  readonly tables: readonly WorkspaceCatalogTable[];
}

/** Every bucket and table that the workspace sees, by name. */
export interface WorkspaceCatalog {
  /** Opaque; equal for equal catalogues, also after a restart of the service. */
  readonly generation: string;
  readonly buckets: readonly WorkspaceCatalogBucket[];
}
