import type { DuckDbWorkspaceDatabase } from '../duckdb/workspace/duckdb-workspace-database.js';
import { inspectWorkspace } from '../duckdb/workspace/operations/inspect-workspace.js';
import { loadTable } from '../duckdb/workspace/operations/load-table.js';
import { withOperation } from '../duckdb/workspace/operations/operation-context.js';
import { queryWorkspace, type StatementMeaning } from '../duckdb/workspace/operations/query-workspace.js';
import { clearWorkspace, dropObject } from '../duckdb/workspace/operations/remove-objects.js';
import { unloadObject } from '../duckdb/workspace/operations/unload-object.js';
import { toWireError } from './wire-error.js';
import type {
  LoadRequest,
  LoadResult,
  OperationRequest,
  OperationResult,
  WorkspaceOperation,
} from './workspace-messages.js';
import type { ServiceLink } from './workspace-runtime.js';

/** What operations of the REST door work with in a workspace worker. */
export interface WorkspaceJobContext {
  readonly database: DuckDbWorkspaceDatabase;
  readonly meaning: StatementMeaning;
  readonly link: Pick<ServiceLink, 'ask'>;
}

type Handlers = {
  readonly [K in WorkspaceOperation]: (
    context: WorkspaceJobContext,
    request: OperationRequest<K>,
    signal: AbortSignal,
  ) => Promise<OperationResult<K>>;
};

const HANDLERS: Handlers = {
  inspect: ({ database }, _request, signal) => withOperation(database, signal, inspectWorkspace),
  clear: ({ database }, _request, signal) => withOperation(database, signal, clearWorkspace),
  dropObject: ({ database }, { name }, signal) =>
    withOperation(database, signal, (operation) => dropObject(operation, name)),
  unload: ({ database }, request, signal) =>
    withOperation(database, signal, (operation) => unloadObject(operation, request)),
  query: ({ database, meaning }, request, signal) =>
    withOperation(database, AbortSignal.any([signal, AbortSignal.timeout(request.timeoutMs)]), (operation) =>
      queryWorkspace(operation, meaning, request),
    ),
  load: loadTables,
};

export function runWorkspaceJob<K extends WorkspaceOperation>(
  context: WorkspaceJobContext,
  operation: K,
  request: OperationRequest<K>,
  signal: AbortSignal,
): Promise<OperationResult<K>> {
  return HANDLERS[operation](context, request, signal);
}

/** Each table alone: what can be loaded is loaded, and each failure is told. */
async function loadTables(
  { database, link }: WorkspaceJobContext,
  request: LoadRequest,
  signal: AbortSignal,
): Promise<LoadResult> {
  const tables = await link.ask('tables', { names: request.tables.map(({ source }) => source) });
  const loaded: LoadResult['loaded'][number][] = [];
  for (const [index, load] of request.tables.entries()) {
    try {
      const rows = await withOperation(database, signal, (operation) =>
        loadTable(operation, load, tables[index] ?? null),
      );
      loaded.push({ rows });
    } catch (error) {
      if (signal.aborted) throw error;
      loaded.push({ error: toWireError(error) });
    }
  }
  return { loaded, sizeBytes: await database.size.sizeBytes() };
}
