import { DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import { nameKey, type TableShape } from '../model/columns.js';
import { DEFAULT_BRANCH_ID, type TableRef, type WorkspaceRef } from '../model/refs.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';
import type { UnloadResult } from '../workers/workspace-messages.js';
import { findTable } from './branch-view.js';
import type { Change } from './change.js';
import type { ExchangeFiles } from './exchange-files.js';
import { requireBucketToChange, requireTableToChange, tableNotFound } from './require-bucket.js';
import { requireLiveWorkspace } from './require-workspace.js';
import { mustBeConsistentShape } from './table-shapes.js';
import type { ImportInput, ImportReport, Transfers } from './transfers.js';

export interface UnloadInput {
  /** A table or view of the workspace; schema `main` is what PostgreSQL clients call `public`. */
  readonly source: { readonly schema: string; readonly name: string };
  readonly columns: readonly string[] | null;
  /** Null: the branch of the workspace. */
  readonly branchId: string | null;
  readonly bucketName: string;
  readonly tableName: string;
  /** Makes the table when it is not there. */
  readonly create: boolean;
  /** Of a table that is made; one that is there must have exactly this key when it is given. */
  readonly primaryKey: readonly string[] | null;
  readonly incremental: boolean;
  readonly dedupMode: ImportInput['dedupMode'];
}

export interface UnloadReport extends ImportReport {
  readonly branchId: string;
  readonly created: boolean;
}

/**
 * A table or view of a workspace becomes a version of a project table, through the same import as a file: keys hold, types are checked,
 * and readers see all of it at once or nothing.
 */
export class WorkspaceUnload {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly hosts: WorkspaceHosts,
    private readonly exchange: ExchangeFiles,
    private readonly transfers: Transfers,
    private readonly clock: Clock,
    private readonly limits: { readonly operationMs: number },
  ) {}

  async unload(change: Change<UnloadReport>, ref: WorkspaceRef, input: UnloadInput): Promise<UnloadReport> {
    const workspace = await requireLiveWorkspace(this.metadata, ref, this.clock.now());
    const branchId = input.branchId ?? workspace.branchId;
    mustBeWithinReach(change, workspace.branchId, branchId);
    const target: TableRef = {
      projectId: workspace.projectId,
      branchId,
      bucketName: input.bucketName,
      tableName: input.tableName,
    };
    await this.#mustHaveTarget(target, input);
    const unloaded = await this.hosts.run(
      workspace.id,
      'unload',
      { ...input.source, columns: input.columns },
      { deadlineMs: this.limits.operationMs },
    );
    await using file = await this.exchange.take(workspace.id, unloaded.fileName);
    const source = { path: file.path, sizeBytes: file.sizeBytes, format: 'parquet' } as const;
    const details = { workspace_id: workspace.id, source: `${input.source.schema}.${input.source.name}` };
    if ((await findTable(this.metadata, target)) === undefined && input.create) {
      const shape = shapeOf(unloaded, input.primaryKey ?? []);
      return await this.transfers.createFrom(change, target, source, shape, {
        details,
        report: (report) => ({ ...report, branchId, created: true }),
      });
    }
    return await this.transfers.importFrom(
      change,
      target,
      source,
      { incremental: input.incremental, dedupMode: input.dedupMode, columns: null },
      { details, report: (report) => ({ ...report, branchId, created: false }) },
    );
  }

  /** Before the workspace works for nothing. */
  async #mustHaveTarget(target: TableRef, input: UnloadInput): Promise<void> {
    await requireBucketToChange(this.metadata, target);
    const table = await findTable(this.metadata, target);
    if (table === undefined) {
      if (!input.create) throw tableNotFound(target);
      return;
    }
    await requireTableToChange(this.metadata, target);
    const { primaryKey } = table.current;
    if (input.primaryKey === null || sameNames(primaryKey, input.primaryKey)) return;
    throw new DomainError(
      'invalid_primary_key',
      `Table ${table.name} exists and has ${primaryKey.length === 0 ? 'no primary key' : `the primary key (${primaryKey.join(', ')})`}; ` +
        'leave primary_key out, or change the key of the table first',
      { primary_key: input.primaryKey, table_primary_key: primaryKey },
    );
  }
}

/** A workspace of a branch may write into main when its caller may; a key of the branch stays in it. */
function mustBeWithinReach(change: Change<never>, ownBranchId: string, branchId: string): void {
  if (branchId !== ownBranchId && branchId !== DEFAULT_BRANCH_ID) {
    throw new DomainError('invalid_request', `A workspace unloads into its own branch or into ${DEFAULT_BRANCH_ID}`, {
      field: 'branch_id',
    });
  }
  const { principal } = change;
  if (principal.kind !== 'project' || principal.branchId === null || principal.branchId === branchId) return;
  throw new DomainError(
    'forbidden',
    `Access denied: this key is for branch ${principal.branchId}, not for ${branchId}`,
    {
      scope: principal.scope,
      operation: change.operation,
    },
  );
}

function shapeOf({ columns }: UnloadResult, primaryKey: readonly string[]): TableShape {
  return mustBeConsistentShape({
    columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable, default: null })),
    primaryKey,
  });
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => nameKey(name) === nameKey(right[index] ?? ''));
}
