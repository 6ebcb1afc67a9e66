import type { MetadataReader } from '../metadata/metadata-store.js';
import type { Clock } from '../lib/clock.js';
import type { TableRef, WorkspaceRef } from '../model/refs.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';
import type { Change } from './change.js';
import type { ExchangeFiles } from './exchange-files.js';
import { requireTableToChange } from './require-bucket.js';
import { requireLiveWorkspace } from './require-workspace.js';
import type { LoadReport, TableLoad, TableLoads } from './table-loads.js';

/** What a workspace made goes into a table of the project, by the rules of the storage driver; `WorkspaceUnload` has those of an import. */
export class WorkspaceOutput {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly hosts: WorkspaceHosts,
    private readonly exchange: ExchangeFiles,
    private readonly loads: Pick<TableLoads, 'loadUnloaded'>,
    private readonly clock: Clock,
    private readonly limits: { readonly operationMs: number },
  ) {}

  async load(
    change: Change<LoadReport>,
    source: WorkspaceRef & { readonly objectName: string },
    target: TableRef,
    load: Omit<TableLoad, 'source'>,
  ): Promise<LoadReport> {
    const workspace = await requireLiveWorkspace(this.metadata, source, this.clock.now());
    // Before the workspace works for nothing.
    await requireTableToChange(this.metadata, target);
    const unloaded = await this.hosts.run(
      workspace.id,
      'unload',
      { schema: 'main', name: source.objectName, columns: null },
      { deadlineMs: this.limits.operationMs },
    );
    await using file = await this.exchange.take(workspace.id, unloaded.fileName);
    const shape = { columns: unloaded.columns.map((column) => ({ ...column, default: null })), primaryKey: [] };
    return await this.loads.loadUnloaded(change, target, load, { path: file.path, sizeBytes: file.sizeBytes, shape });
  }
}
