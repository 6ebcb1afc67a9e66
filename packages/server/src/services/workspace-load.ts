import { DomainError, isDomainError } from '../errors/domain-error.js';
import { SqlError } from '../errors/sql-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import { schemaKey } from '../model/bucket-schemas.js';
import { mustBeValidObjectName } from '../model/names.js';
import type { BranchRef } from '../model/refs.js';
import type { WorkspaceTableName } from '../model/workspace-view.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';
import type { LoadRequest } from '../workers/workspace-messages.js';
import { findTable } from './branch-view.js';

export interface LoadInput {
  /** `bucket.table`. */
  readonly source: string;
  /** Null: named like the table. */
  readonly destination: string | null;
  readonly columns: readonly string[] | null;
  readonly where: LoadRequest['tables'][number]['where'];
  /** For doors that say more. */
  readonly form?: Pick<LoadRequest['tables'][number], 'names' | 'limit' | 'textual' | 'appendBy'>;
}

export interface LoadedTable {
  readonly source: string;
  readonly destination: string;
  readonly rows: number;
  /** Null when it was loaded. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface LoadReport {
  readonly loaded: readonly LoadedTable[];
  readonly sizeBytes: number;
}

type Prepared =
  | { readonly input: LoadInput; readonly request: LoadRequest['tables'][number] }
  | { readonly input: LoadInput; readonly error: unknown };

/**
 * Copies project tables into a workspace, one after the other. What is wrong with one is told in its place, and the others are loaded
 * all the same: that is how clients of the reference expect it.
 */
export async function loadTables(
  metadata: MetadataReader,
  hosts: Pick<WorkspaceHosts, 'run'>,
  workspace: BranchRef & { readonly id: string },
  inputs: readonly LoadInput[],
  options: { readonly signal?: AbortSignal; readonly deadlineMs: number },
): Promise<LoadReport> {
  const prepared = await Promise.all(inputs.map((input) => prepare(metadata, workspace, input)));
  const tables = prepared.flatMap((each) => ('request' in each ? [each.request] : []));
  const result = await hosts.run(workspace.id, 'load', { tables }, options);
  const outcomes = [...result.loaded];
  const loaded = prepared.map((each): LoadedTable => {
    if ('error' in each) return failed(each.input, each.error);
    const { request } = each;
    const outcome = outcomes.shift();
    if (outcome === undefined) throw new Error('the worker answered for fewer tables than it was asked to load');
    const named = { source: each.input.source, destination: request.destination };
    if ('rows' in outcome) return { ...named, rows: outcome.rows, error: null };
    return { ...named, rows: 0, error: { code: outcome.error.code, message: outcome.error.message } };
  });
  return { loaded, sizeBytes: result.sizeBytes };
}

async function prepare(metadata: MetadataReader, branch: BranchRef, input: LoadInput): Promise<Prepared> {
  try {
    const source = await findSource(metadata, branch, input.source);
    const destination = input.destination ?? source.table;
    mustBeValidObjectName(destination);
    return { input, request: { source, destination, columns: input.columns, where: input.where, ...input.form } };
  } catch (error) {
    if (!isDomainError(error) && !(error instanceof SqlError)) throw error;
    return { input, error };
  }
}

/** Names of buckets and tables may have dots, so every dot may be the one between them; the last one that fits counts. */
async function findSource(metadata: MetadataReader, branch: BranchRef, source: string): Promise<WorkspaceTableName> {
  for (let dot = source.lastIndexOf('.'); dot > 0; dot = source.lastIndexOf('.', dot - 1)) {
    const [schema, tableName] = [source.slice(0, dot), source.slice(dot + 1)];
    const spelled = [schema, ...(await metadata.listBucketNames(branch, schemaKey(schema)))];
    for (const bucketName of spelled) {
      const table = await findTable(metadata, { ...branch, bucketName, tableName });
      if (table !== undefined) return { schema: bucketName, table: table.name };
    }
  }
  if (!source.includes('.')) {
    throw new DomainError('invalid_request', `Source '${source}' is not of the form bucket.table`, { source });
  }
  throw new DomainError('table_not_found', `Table ${source} not found`, { source });
}

function failed({ source, destination }: LoadInput, error: unknown): LoadedTable {
  const shown = isDomainError(error)
    ? error
    : new DomainError('internal_server_error', 'The table could not be loaded');
  return {
    source,
    destination: destination ?? source.slice(source.lastIndexOf('.') + 1),
    rows: 0,
    error: { code: shown.code, message: shown.message },
  };
}
