/**
 * Which part of a list of named things, and in which order: everything by name in byte order unless said otherwise. Things
 * with the same value of `sort` are in name order; what has no value comes first when ascending.
 */
export interface ListQuery<Sort extends string> {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Names that begin with this, without regard to case. */
  readonly prefix?: string | undefined;
  /** Names that contain this, without regard to case. */
  readonly search?: string | undefined;
  readonly sort?: Sort | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

export const BUCKET_SORTS = ['name', 'created_at', 'updated_at', 'table_count', 'size_bytes'] as const;
export type BucketListQuery = ListQuery<(typeof BUCKET_SORTS)[number]>;

export const TABLE_SORTS = ['name', 'created_at', 'updated_at', 'row_count', 'size_bytes', 'last_imported_at'] as const;
export type TableListQuery = ListQuery<(typeof TABLE_SORTS)[number]>;
