import { Type, type Static, type TProperties } from 'typebox';
import type { ListedOperations, OperationFilter } from '../../../metadata/metadata-store.js';
import type { JsonObject, OperationLogEntry } from '../../../metadata/records.js';
import { describeOperation, OPERATIONS, type OperationName } from '../../../model/operations.js';
import { formatTimestamp, parseTimestamp } from '../timestamps.js';
import { ValidationError } from '../validation/validation-error.js';
import { Nullable, OneOf, Shared } from './nullable.js';
import { pagingQuery } from './paging.js';

const operationNames = Object.keys(OPERATIONS) as OperationName[];
const resourceTypes = [...new Set(operationNames.map((name) => describeOperation(name).resource))];
const outcome = OneOf(['success', 'refused', 'failed'] as const, {
  description:
    '`refused`: a mistake of the caller, or a limit; `failed`: the service could not do it. Nothing changed in either case',
});

export const OperationEntrySchema = Type.Object(
  {
    timestamp: Type.String({ format: 'date-time' }),
    request_id: Type.String(),
    project_id: Nullable(Type.String()),
    branch_id: Nullable(
      Type.String({
        description: 'The branch that was asked for, `default` for main; null for what belongs to no branch',
      }),
    ),
    operation: Type.String({ description: 'As in this document, such as `table.import`' }),
    resource_type: Type.String(),
    resource_id: Nullable(Type.String({ description: 'The id, or `{bucket}`, `{bucket}.{table}`' })),
    actor: Nullable(Type.String({ description: 'Id of the key, `admin`, or null when nobody was recognised' })),
    outcome,
    error_code: Nullable(Type.String()),
    error_message: Nullable(Type.String()),
    details: Nullable(Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true })),
    duration_ms: Type.Integer(),
  },
  { $id: 'OperationEntry' },
);

export const OperationListSchema = Type.Object(
  {
    operations: Type.Array(Shared(OperationEntrySchema)),
    total: Type.Integer({ description: 'How many match' }),
    total_is_exact: Type.Boolean({ description: 'False: there are more than `total`, which is at least 10,000' }),
  },
  { $id: 'OperationList' },
);

export const auditSchemas = [OperationEntrySchema, OperationListSchema];

const filters = {
  operation: Type.Optional(OneOf(operationNames)),
  resource_type: Type.Optional(OneOf(resourceTypes)),
  resource_id: Type.Optional(Type.String({ description: 'Exactly, without regard to case' })),
  actor: Type.Optional(Type.String({ description: 'Id of a key, or `admin`' })),
  branch_id: Type.Optional(Type.String({ description: '`default` for main' })),
  outcome: Type.Optional(outcome),
  error_code: Type.Optional(Type.String()),
  request_id: Type.Optional(Type.String()),
  since: Type.Optional(Type.String({ description: 'ISO 8601 time; this moment is included' })),
  until: Type.Optional(Type.String({ description: 'ISO 8601 time; this moment is not included' })),
  ...pagingQuery,
} satisfies TProperties;

export const ProjectOperationsQuery = Type.Object(filters);
export const OperationsQuery = Type.Object({
  project_id: Type.Optional(Type.String({ description: 'Without regard to case; also of a project that never was' })),
  ...filters,
});

export function operationFilterFrom(query: Static<typeof OperationsQuery>): OperationFilter {
  return {
    projectId: query.project_id,
    branchId: query.branch_id,
    operation: query.operation,
    resourceType: query.resource_type,
    resourceId: query.resource_id,
    actor: query.actor,
    outcome: query.outcome,
    errorCode: query.error_code,
    requestId: query.request_id,
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

export function renderOperations({ items, total, totalIsExact }: ListedOperations): Static<typeof OperationListSchema> {
  return { operations: items.map(renderEntry), total, total_is_exact: totalIsExact };
}

function renderEntry(entry: OperationLogEntry): Static<typeof OperationEntrySchema> {
  return {
    timestamp: formatTimestamp(entry.timestamp),
    request_id: entry.requestId,
    project_id: entry.projectId,
    branch_id: entry.branchId,
    operation: entry.operation,
    resource_type: describeOperation(entry.operation).resource,
    resource_id: entry.resourceId,
    actor: entry.actor,
    outcome: entry.outcome,
    error_code: entry.errorCode,
    error_message: entry.errorMessage,
    details: entry.details,
    duration_ms: entry.durationMs,
  };
}
