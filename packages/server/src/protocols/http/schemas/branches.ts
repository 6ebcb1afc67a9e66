import { Type, type Static } from 'typebox';

import type { BranchRecord } from '../../../metadata/records.js';
import type { TableDifference } from '../../../services/branch-diff.js';
import type { MergeReport } from '../../../services/branch-merge.js';
import type { PulledTable } from '../../../services/branch-pull.js';
import { JsonText } from '../json-text.js';
import { formatTimestamp } from '../timestamps.js';
import { Nullable, OneOf, Shared } from './nullable.js';

const branchMembers = {
  id: Type.String({ description: '8 characters' }),
  project_id: Type.String(),
  name: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
  created_by: Type.String({ description: 'Id of the key that made it, or `admin`' }),
  description: Nullable(Type.String()),
  table_count: Type.Integer({ description: 'Tables that the branch has of its own' }),
  size_bytes: Type.Integer({ description: 'Bytes of these tables' }),
};

export const BranchSchema = Type.Object(branchMembers, { $id: 'Branch' });

export const BranchDetailSchema = Type.Object(
  {
    ...branchMembers,
    copied_tables: Type.Array(
      Type.Object({
        bucket_name: Type.String(),
        table_name: Type.String(),
        copied_at: Type.String({ format: 'date-time', description: 'When the branch got a table of its own' }),
      }),
    ),
  },
  { $id: 'BranchDetail' },
);

export const BranchListSchema = Type.Object(
  {
    branches: Type.Array(Shared(BranchSchema)),
    count: Type.Integer({ description: 'Size of this page' }),
    total: Type.Integer({ description: 'All there are' }),
  },
  { $id: 'BranchList' },
);

export const CreateBranchBody = Type.Object(
  { name: Type.String(), description: Type.Optional(Nullable(Type.String())) },
  { $id: 'CreateBranch' },
);

export const UpdateBranchBody = Type.Object(
  { name: Type.Optional(Type.String()), description: Type.Optional(Nullable(Type.String())) },
  { $id: 'UpdateBranch' },
);

export const PullResultSchema = Type.Object(
  {
    bucket_name: Type.String(),
    table_name: Type.String(),
    message: Type.String(),
    was_local: Type.Boolean({ description: 'The branch had a state of its own there' }),
  },
  { $id: 'PullResult' },
);

export const PullListSchema = Type.Object(
  { tables: Type.Array(Shared(PullResultSchema)), total: Type.Integer() },
  { $id: 'PullList' },
);

const column = Type.Object({
  name: Type.String(),
  type: Type.String(),
  nullable: Type.Boolean(),
  default: Nullable(Type.String()),
});

export const TableDifferenceSchema = Type.Object(
  {
    bucket_name: Type.String(),
    table_name: Type.String(),
    change: OneOf(['added', 'removed', 'changed', 'unchanged'], { description: 'Seen from main to the branch' }),
    conflict: Type.Boolean({ description: 'Main has changed since the branch took its state' }),
    rows_in_main: Type.Integer(),
    rows_in_branch: Type.Integer(),
    schema: Nullable(
      Type.Object({
        columns_added: Type.Array(column),
        columns_removed: Type.Array(column),
        columns_changed: Type.Array(Type.Object({ name: Type.String(), from: Type.String(), to: Type.String() })),
        primary_key: Nullable(Type.Object({ from: Type.Array(Type.String()), to: Type.Array(Type.String()) })),
      }),
    ),
    rows: Nullable(
      Type.Object({
        by: OneOf(['key', 'row'], {
          description: '`row`: there is no common key, so a changed row counts as removed and added',
        }),
        compared_columns: Type.Array(Type.String(), { description: 'Columns of the same name and type in both' }),
        added: Type.Integer(),
        removed: Type.Integer(),
        changed: Type.Integer(),
        examples: Type.Array(
          Type.Object({
            change: OneOf(['added', 'removed', 'changed']),
            before: Nullable(Type.Object({}, { additionalProperties: true })),
            after: Nullable(Type.Object({}, { additionalProperties: true })),
          }),
        ),
      }),
    ),
  },
  { $id: 'TableDifference' },
);

export const BranchDiffSchema = Type.Object(
  { tables: Type.Array(Shared(TableDifferenceSchema)), total: Type.Integer() },
  { $id: 'BranchDiff' },
);

export const MergeBranchBody = Type.Object(
  {
    tables: Type.Optional(
      Nullable(
        Type.Array(Type.Object({ bucket: Type.String(), table: Type.String() }), {
          minItems: 1,
          description: 'Only these; everything the branch has unless given',
        }),
      ),
    ),
    strategy: Type.Optional(
      Nullable(
        OneOf(['ours', 'theirs', 'rows'], {
          description:
            'For tables that main has changed as well: `ours` takes the state of this branch, `theirs` keeps that of main, `rows` takes the changed rows of both. Without it they are a 409',
        }),
      ),
    ),
  },
  { $id: 'MergeBranch' },
);

export const MergeResultSchema = Type.Object(
  {
    tables: Type.Array(
      Type.Object({
        bucket_name: Type.String(),
        table_name: Type.String(),
        action: OneOf(['created', 'replaced', 'rows_merged', 'deleted', 'kept', 'unchanged']),
        row_count: Nullable(Type.Integer({ description: 'Rows of main afterwards; null when the table is gone' })),
      }),
    ),
    buckets_created: Type.Array(Type.String()),
    buckets_deleted: Type.Array(Type.String()),
  },
  { $id: 'MergeResult' },
);

export const branchSchemas = [
  BranchSchema,
  BranchDetailSchema,
  BranchListSchema,
  CreateBranchBody,
  UpdateBranchBody,
  PullResultSchema,
  PullListSchema,
  TableDifferenceSchema,
  BranchDiffSchema,
  MergeBranchBody,
  MergeResultSchema,
];

export function renderBranch(branch: BranchRecord): Static<typeof BranchSchema> {
  return {
    id: branch.id,
    project_id: branch.projectId,
    name: branch.name,
    created_at: formatTimestamp(branch.createdAt),
    created_by: branch.createdBy,
    description: branch.description,
    table_count: branch.tableCount,
    size_bytes: branch.sizeBytes,
  };
}

export function renderPull(table: PulledTable): Static<typeof PullResultSchema> {
  return {
    bucket_name: table.bucketName,
    table_name: table.tableName,
    message: table.wasLocal ? 'Table now reads from main (live view)' : 'Table was already reading from main',
    was_local: table.wasLocal,
  };
}

export function renderPulls(tables: readonly PulledTable[]): Static<typeof PullListSchema> {
  return { tables: tables.map(renderPull), total: tables.length };
}

export function renderMerge(report: MergeReport): Static<typeof MergeResultSchema> {
  return {
    tables: report.tables.map((table) => ({
      bucket_name: table.bucketName,
      table_name: table.tableName,
      action: table.action,
      row_count: table.rowCount,
    })),
    buckets_created: [...report.bucketsCreated],
    buckets_deleted: [...report.bucketsDeleted],
  };
}

/** Rows come from the engine as JSON text, with numbers that JavaScript could not hold, and go into the answer as they are. */
export function renderDiff(tables: readonly TableDifference[], total: number): JsonText {
  const texts = tables.map((table) => {
    const { rows, schema, ...rest } = table;
    const members = {
      bucket_name: rest.bucketName,
      table_name: rest.tableName,
      change: rest.change,
      conflict: rest.conflict,
      rows_in_main: rest.rowsInMain,
      rows_in_branch: rest.rowsInBranch,
      schema: schema && {
        columns_added: schema.columnsAdded,
        columns_removed: schema.columnsRemoved,
        columns_changed: schema.columnsChanged,
        primary_key: schema.primaryKey,
      },
    };
    const compared = rows && {
      by: rows.by,
      compared_columns: rows.comparedColumns,
      added: rows.added,
      removed: rows.removed,
      changed: rows.changed,
    };
    const rowsText = rows === null ? 'null' : `${JSON.stringify(compared).slice(0, -1)},"examples":${rows.rowsJson}}`;
    return `${JSON.stringify(members).slice(0, -1)},"rows":${rowsText}}`;
  });
  return new JsonText(`{"tables":[${texts.join(',')}],"total":${total}}`);
}
