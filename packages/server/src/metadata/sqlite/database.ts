import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely';

import { nameKey } from '../../model/columns.js';
import type { JsonObject } from '../records.js';
import type { MetadataSchema } from './schema.js';

/** The reader, or a transaction: every query function takes either, and sees what that one sees. */
export type Database = Kysely<MetadataSchema>;

/** SQLite and PostgreSQL bound the number of values in a statement; long lists go in slices. */
export const ROWS_PER_STATEMENT = 500;

/** Project ids are compared without case, and stored in one spelling: the one they were created with. */
export function isProject(projectId: string) {
  return (
    eb: ExpressionBuilder<
      MetadataSchema,
      | 'branches'
      | 'branch_deletions'
      | 'buckets'
      | 'files'
      | 'uploads'
      | 'api_keys'
      | 'tables'
      | 'snapshots'
      | 'snapshot_settings'
      | 'workspaces'
      | 'queries'
    >,
  ): Expression<SqlBool> =>
    eb(
      'project_id',
      '=',
      eb.selectFrom('projects').select('projects.id').where('projects.id_key', '=', nameKey(projectId)),
    );
}

export function slices<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / ROWS_PER_STATEMENT);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * ROWS_PER_STATEMENT, (index + 1) * ROWS_PER_STATEMENT),
  );
}

export function toJson(value: JsonObject | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

export function fromJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

export function toMs(date: Date | null): number | null {
  return date === null ? null : date.getTime();
}

export function toDate(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds);
}
