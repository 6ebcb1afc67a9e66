import type { MetadataReader } from '../metadata/metadata-store.js';
import type { Clock } from '../lib/clock.js';
import type { TableShape } from '../model/columns.js';
import type { TableRef, WorkspaceRef } from '../model/refs.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';
import type { Change } from './change.js';
import type { ExchangeFiles, TakenFile } from './exchange-files.js';
import { requireTableToChange } from './require-bucket.js';
import { requireLiveWorkspace } from './require-workspace.js';
import type { LoadReport, TableLoad, TableLoads } from './table-loads.js';

/** Rows as they were when the workspace was asked for them. */
export interface UnloadedObject extends AsyncDisposable {
  readonly file: TakenFile;
  readonly shape: TableShape;
  /** The same for the same rows. */
  readonly fingerprint: string | null;
}

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

  async unload(
    source: WorkspaceRef & { readonly objectName: string },
    target: TableRef,
    { fingerprinted }: { readonly fingerprinted: boolean },
  ): Promise<UnloadedObject> {
    const workspace = await requireLiveWorkspace(this.metadata, source, this.clock.now());
    // Before the workspace works for nothing.
    await requireTableToChange(this.metadata, target);
    const unloaded = await this.hosts.run(
      workspace.id,
      'unload',
      { schema: 'main', name: source.objectName, columns: null, fingerprinted },
      { deadlineMs: this.limits.operationMs },
    );
    const file = await this.exchange.take(workspace.id, unloaded.fileName);
    return {
      file,
      shape: { columns: unloaded.columns.map((column) => ({ ...column, default: null })), primaryKey: [] },
      fingerprint: unloaded.fingerprint,
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }

  async load(
    change: Change<LoadReport>,
    { file, shape }: UnloadedObject,
    target: TableRef,
    load: Omit<TableLoad, 'source'>,
  ): Promise<LoadReport> {
    const { path, sizeBytes } = file;
    return await this.loads.loadUnloaded(change, target, load, { path, sizeBytes, shape });
  }
}
