import { Type, type Static } from 'typebox';
import type { ListedQueries } from '../../../metadata/workspace-store.js';
import type { UnloadInput, UnloadReport } from '../services.js';
import { formatTimestamp, parseTimestamp } from '../timestamps.js';
import { ValidationError } from '../validation/validation-error.js';
import { Nullable, OneOf, Shared } from './nullable.js';
import { pagingQuery } from './paging.js';
import { ImportResultSchema, renderImport } from './transfers.js';

export const DEFAULT_JSON_ROWS = 1000;
export const MAX_JSON_ROWS = 10_000;

export const QueryBody = Type.Object(
  {
    sql: Type.String({ minLength: 1, maxLength: 1_000_000, description: 'One statement' }),
    format: Type.Optional(
      OneOf(['json', 'ndjson', 'csv', 'parquet'] as const, {
        description: '`json` (default) for small answers; the others have as many rows as there are',
      }),
    ),
    limit: Type.Optional(
      Nullable(
        Type.Integer({
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
          description: `At most this many rows; of \`json\` ${DEFAULT_JSON_ROWS} unless given, and ${MAX_JSON_ROWS} at most`,
        }),
      ),
    ),
    timeout_seconds: Type.Optional(
      Nullable(
        Type.Integer({
          minimum: 1,
          maximum: 604_800,
          description: 'Time the statement may take; PGWIRE_QUERY_TIMEOUT_SECONDS at most',
        }),
      ),
    ),
  },
  { $id: 'WorkspaceQuery' },
);

export const QueryResultSchema = Type.Object(
  {
    command: Type.String({ description: 'As PostgreSQL says it: `SELECT 5`, `INSERT 0 3`, `CREATE TABLE`' }),
    columns: Type.Array(Type.Object({ name: Type.String(), type: Type.String({ description: 'A DuckDB type' }) })),
    row_count: Type.Integer({ description: 'Of this answer, or that the statement changed' }),
    truncated: Type.Boolean({ description: 'There are more rows than `limit`' }),
    duration_ms: Type.Integer(),
    rows: Type.Array(Type.Unsafe<object>({ type: 'object', additionalProperties: true })),
  },
  { $id: 'WorkspaceQueryResult' },
);

export const UnloadBody = Type.Object(
  {
    source: Type.String({ minLength: 1, description: 'A table or view of the workspace' }),
    schema: Type.Optional(Type.String({ minLength: 1, description: 'Its schema; `main` unless given' })),
    columns: Type.Optional(Nullable(Type.Array(Type.String(), { description: 'All unless given' }))),
    branch_id: Type.Optional(
      Nullable(Type.String({ description: '`default`, or the branch of the workspace, which it is unless given' })),
    ),
    bucket: Type.String(),
    table: Type.String(),
    create: Type.Optional(Type.Boolean({ description: 'Make the table when it is not there; false unless given' })),
    primary_key: Type.Optional(
      Nullable(Type.Array(Type.String(), { description: 'Of a table that is made; otherwise it must be the same' })),
    ),
    incremental: Type.Optional(Type.Boolean({ description: 'False, the default, replaces all rows' })),
    dedup_mode: Type.Optional(
      OneOf(['update_duplicates', 'insert_duplicates', 'fail_on_duplicates'] as const, {
        description: 'What to do when a key is there already; `update_duplicates` unless given',
      }),
    ),
  },
  { $id: 'UnloadTable' },
);

export const UnloadResultSchema = Type.Object(
  { ...ImportResultSchema.properties, branch_id: Type.String(), created: Type.Boolean() },
  { $id: 'UnloadResult' },
);

const outcome = OneOf(['running', 'success', 'failed', 'cancelled', 'timeout', 'lost'] as const, {
  description: '`lost`: the process ended before the statement did',
});

export const QueryEntrySchema = Type.Object(
  {
    id: Type.String(),
    workspace_id: Type.String(),
    session_id: Nullable(Type.String({ description: 'Null: over HTTP' })),
    actor: Type.String({ description: 'The login of the workspace, or the id of a key' }),
    statement: Type.String({ description: 'Without secrets, and cut when it is long' }),
    started_at: Type.String({ format: 'date-time' }),
    outcome,
    sql_state: Nullable(Type.String()),
    error_message: Nullable(Type.String()),
    row_count: Nullable(Type.Integer()),
    result_bytes: Nullable(Type.Integer()),
    duration_ms: Nullable(Type.Integer()),
  },
  { $id: 'QueryEntry' },
);

export const QueryListSchema = Type.Object(
  {
    queries: Type.Array(Shared(QueryEntrySchema)),
    total: Type.Integer({ description: 'How many match' }),
    total_is_exact: Type.Boolean({ description: 'False: there are more than `total`, which is at least 10,000' }),
  },
  { $id: 'QueryList' },
);

export const QueriesQuery = Type.Object({
  workspace_id: Type.Optional(Type.String()),
  session_id: Type.Optional(Type.String()),
  actor: Type.Optional(Type.String()),
  outcome: Type.Optional(outcome),
  min_duration_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  since: Type.Optional(Type.String({ description: 'ISO 8601 time; this moment is included' })),
  until: Type.Optional(Type.String({ description: 'ISO 8601 time; this moment is not included' })),
  ...pagingQuery,
});

export const workspaceQuerySchemas = [
  QueryBody,
  QueryResultSchema,
  UnloadBody,
  UnloadResultSchema,
  QueryEntrySchema,
  QueryListSchema,
];

export function queryFilterFrom(query: Static<typeof QueriesQuery>) {
  return {
    workspaceId: query.workspace_id,
    sessionId: query.session_id,
    actor: query.actor,
    outcome: query.outcome,
    minDurationMs: query.min_duration_ms,
    since: timeFrom('since', query.since),
    until: timeFrom('until', query.until),
  };
}

function timeFrom(member: 'since' | 'until', text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = parseTimestamp(text);
  if (time !== undefined) return time;
  const msg = 'Input should be a time in ISO 8601, such as 2026-11-23T16:08:26Z';
  throw new ValidationError([{ type: 'datetime_parsing', loc: ['query', member], msg, input: text }]);
}

export function renderQueries({ items, total, totalIsExact }: ListedQueries): Static<typeof QueryListSchema> {
  return {
    queries: items.map((query) => ({
      id: query.id,
      workspace_id: query.workspaceId,
      session_id: query.sessionId,
      actor: query.actor,
      statement: query.statement,
      started_at: formatTimestamp(query.startedAt),
      outcome: query.outcome,
      sql_state: query.sqlState,
      error_message: query.errorMessage,
      row_count: query.rowCount,
      result_bytes: query.resultBytes,
      duration_ms: query.durationMs,
    })),
    total,
    total_is_exact: totalIsExact,
  };
}

export function unloadInput(body: Static<typeof UnloadBody>): UnloadInput {
  return {
    source: { schema: body.schema ?? 'main', name: body.source },
    columns: body.columns ?? null,
    branchId: body.branch_id ?? null,
    bucketName: body.bucket,
    tableName: body.table,
    create: body.create ?? false,
    primaryKey: body.primary_key ?? null,
    incremental: body.incremental ?? false,
    dedupMode: body.dedup_mode ?? 'update_duplicates',
  };
}

export function renderUnload(report: UnloadReport): Static<typeof UnloadResultSchema> {
  return { ...renderImport(report), branch_id: report.branchId, created: report.created };
}
