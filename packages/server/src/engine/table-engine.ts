import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { VersionRecord } from '../metadata/records.js';
import type { TableAlteration, TableShape } from '../model/columns.js';
import type { RowReference } from '../model/row-condition.js';
import type { TableMeasurements } from '../model/table-profile.js';
import type {
  AlterTableResult,
  BaseVersion,
  BuiltVersion,
  DeleteRowsRequest,
  DeleteRowsResult,
  ComparedRows,
  ExportRequest,
  ExportResult,
  FileRows,
  ImportRequest,
  ImportResult,
  LoadRequest,
  LoadResult,
  MergeResult,
  PreviewRequest,
  PreviewResult,
  ProfileRequest,
  ShapedVersion,
  UnloadedRows,
  VersionRows,
} from '../workers/messages.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import type { Layout } from './layout.js';
import type { VersionPins } from './version-pins.js';
import type { StagedVersion, VersionWriter } from './version-writer.js';

type Located<R> = Omit<R, 'version' | 'shape' | 'base' | 'stagingPath'>;

/** Finding and collecting race only within one collector round; more attempts than this mean a defect. */
const MAX_PIN_ATTEMPTS = 100;

/**
 * Facade of the engine for services: pinned reads of a version, and writes that build a new one. Holds no rules about
 * who may do what; the services do.
 */
export class TableEngine {
  constructor(
    private readonly pool: WorkerPool,
    private readonly writer: VersionWriter,
    private readonly pins: VersionPins,
    private readonly layout: Layout,
    private readonly metadata: MetadataReader,
    private readonly timeouts: { readonly readMs: number; readonly jobMs: number },
  ) {}

  /** Builds an empty first version after checking types and defaults; `publish` makes it visible. */
  create<T>(projectId: string, shape: TableShape, publish: (staged: BuiltVersion & { id: string }) => Promise<T>) {
    return this.writer.write(
      projectId,
      (stagingPath) => this.pool.run('createTable', { stagingPath, shape }, { deadlineMs: this.timeouts.jobMs }),
      publish,
    );
  }

  /** Builds the first version of a table with the rows of a file. */
  createFrom<T>(
    projectId: string,
    shape: TableShape,
    request: Located<ImportRequest>,
    publish: (staged: ImportResult & { id: string }) => Promise<T>,
  ): Promise<T> {
    const options = { deadlineMs: this.timeouts.jobMs };
    return this.writer.write(
      projectId,
      async (stagingPath) => {
        const emptyPath = `${stagingPath}.empty`;
        try {
          const empty = await this.pool.run('createTable', { stagingPath: emptyPath, shape }, options);
          const base = {
            path: emptyPath,
            rowCount: 0,
            sizeBytes: empty.sizeBytes,
            blockSizeBytes: empty.blockSizeBytes,
          };
          return await this.pool.run('importFile', { ...request, stagingPath, shape: empty.shape, base }, options);
        } finally {
          await this.writer.discard(emptyPath);
        }
      },
      publish,
    );
  }

  /** Builds the version that follows `base`; call it while holding the table's lock. */
  import<T>(
    base: VersionRecord,
    request: Located<ImportRequest>,
    signal: AbortSignal | undefined,
    publish: (staged: ImportResult & { id: string }) => Promise<T>,
  ): Promise<T> {
    return this.writer.write(
      base.projectId,
      (stagingPath) =>
        this.pool.run(
          'importFile',
          {
            ...request,
            stagingPath,
            shape: shapeOf(base),
            base: this.#baseOf(base),
          },
          { deadlineMs: this.timeouts.jobMs, ...(signal === undefined ? {} : { signal }) },
        ),
      publish,
    );
  }

  /** Builds the version that follows `base` from rows of files or of another version, which is pinned meanwhile; likewise. */
  load<T>(
    base: VersionRecord,
    request: Omit<Located<LoadRequest>, 'rows'> & {
      readonly rows: FileRows | UnloadedRows | (Omit<VersionRows, 'from'> & { readonly from: VersionRecord });
    },
    publish: (staged: LoadResult & { id: string }) => Promise<T>,
  ): Promise<T> {
    const { rows } = request;
    const located = rows.kind === 'version' ? { ...rows, from: this.#shaped(rows.from) } : rows;
    return this.writer.write(
      base.projectId,
      (stagingPath) =>
        this.pool.run(
          'loadRows',
          { ...request, rows: located, stagingPath, shape: shapeOf(base), base: this.#baseOf(base) },
          { deadlineMs: this.timeouts.jobMs },
        ),
      publish,
    );
  }

  /**
   * The table with another shape; call it while holding the table's lock. `publish` gets null for the version when the file of `base`
   * serves as it is.
   */
  alter<T>(
    base: VersionRecord,
    alteration: TableAlteration,
    publish: (altered: AlterTableResult, staged: StagedVersion | null) => Promise<T>,
  ): Promise<T> {
    return this.writer.writeIfBuilt(
      base.projectId,
      (stagingPath) =>
        this.pool.run(
          'alterTable',
          { stagingPath, base: { ...this.#baseOf(base), id: base.fileId }, shape: shapeOf(base), alteration },
          { deadlineMs: this.timeouts.jobMs },
        ),
      publish,
    );
  }

  /** The table without the rows that the condition selects, likewise; null for the version when it selects none. */
  deleteRows<T>(
    base: VersionRecord,
    choice: {
      readonly condition: DeleteRowsRequest['condition'];
      readonly references?: readonly RowReference<VersionRecord>[];
    },
    publish: (result: DeleteRowsResult, staged: StagedVersion | null) => Promise<T>,
  ): Promise<T> {
    return this.writer.writeIfBuilt(
      base.projectId,
      (stagingPath) =>
        this.pool.run(
          'deleteRows',
          {
            stagingPath,
            base: { ...this.#baseOf(base), id: base.fileId },
            shape: shapeOf(base),
            condition: choice.condition,
            references: (choice.references ?? []).map((one) => ({ ...one, table: this.#shaped(one.table) })),
          },
          { deadlineMs: this.timeouts.jobMs },
        ),
      publish,
    );
  }

  preview(
    version: VersionRecord,
    selection: Located<PreviewRequest>,
    signal: AbortSignal | undefined,
  ): Promise<PreviewResult> {
    return this.pool.run(
      'previewTable',
      { ...selection, version: this.#located(version), shape: shapeOf(version) },
      { deadlineMs: this.timeouts.readMs, ...(signal === undefined ? {} : { signal }) },
    );
  }

  profile(
    version: VersionRecord,
    request: Located<ProfileRequest>,
    signal: AbortSignal | undefined,
  ): Promise<TableMeasurements> {
    return this.pool.run(
      'profileTable',
      { ...request, version: this.#located(version), shape: shapeOf(version) },
      { deadlineMs: this.timeouts.jobMs, ...(signal === undefined ? {} : { signal }) },
    );
  }

  export(
    version: VersionRecord,
    request: Located<ExportRequest>,
    signal: AbortSignal | undefined,
  ): Promise<ExportResult> {
    return this.pool.run(
      'exportTable',
      { ...request, version: this.#located(version), shape: shapeOf(version) },
      { deadlineMs: this.timeouts.jobMs, ...(signal === undefined ? {} : { signal }) },
    );
  }

  /** How the rows of two versions differ; keep both pinned meanwhile. */
  compare(
    before: VersionRecord,
    after: VersionRecord,
    maxRows: number,
    signal: AbortSignal | undefined,
  ): Promise<ComparedRows> {
    return this.pool.run(
      'compareVersions',
      { before: this.#shaped(before), after: this.#shaped(after), maxRows },
      { deadlineMs: this.timeouts.jobMs, ...(signal === undefined ? {} : { signal }) },
    );
  }

  /** Builds `target` with what changed from `origin` to `changed`; call it while holding the table's lock, with all three pinned. */
  mergeInto<T>(
    versions: { readonly origin: VersionRecord; readonly changed: VersionRecord; readonly target: VersionRecord },
    publish: (staged: MergeResult & { id: string }) => Promise<T>,
  ): Promise<T> {
    const { origin, changed, target } = versions;
    return this.writer.write(
      target.projectId,
      (stagingPath) =>
        this.pool.run(
          'mergeVersions',
          {
            stagingPath,
            shape: shapeOf(target),
            origin: this.#located(origin),
            changed: this.#located(changed),
            target: this.#baseOf(target),
          },
          { deadlineMs: this.timeouts.jobMs },
        ),
      publish,
    );
  }

  /** Keeps the files of versions that were found a moment ago; throws `version_conflict` when one was collected since. */
  async withVersionsPinned<T>(versions: readonly VersionRecord[], use: () => Promise<T>): Promise<T> {
    const pinned: Disposable[] = [];
    try {
      for (const { id } of versions) {
        const pin = this.pins.pin(id);
        if (pin !== undefined) pinned.push(pin);
        if (pin === undefined || (await this.metadata.getVersion(id)) === undefined) {
          const message = 'The table changed while the request was running; repeat the request';
          throw new DomainError('version_conflict', message);
        }
      }
      return await use();
    } finally {
      for (const pin of pinned) pin[Symbol.dispose]();
    }
  }

  /**
   * Finds a version and keeps its file until `use` is done. A reader sees one whole version, whatever is published
   * meanwhile. `load` says which one: that of a table as it is now, of one as it was, of a snapshot.
   */
  async withPinned<S extends { readonly current: VersionRecord }, T>(
    load: () => Promise<S>,
    use: (found: S) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 0; attempt < MAX_PIN_ATTEMPTS; attempt += 1) {
      const found = await load();
      using pin = this.pins.pin(found.current.id);
      // Collected between finding and pinning: then there is a newer version, or `load` says that nothing is left.
      if (pin === undefined || (await this.metadata.getVersion(found.current.id)) === undefined) continue;
      return await use(found);
    }
    throw new DomainError('version_conflict', 'The table changes faster than it can be read; repeat the request');
  }

  #baseOf(base: VersionRecord): BaseVersion {
    return {
      path: this.layout.versionPath(base.projectId, base.fileId),
      rowCount: base.rowCount,
      sizeBytes: base.sizeBytes,
      blockSizeBytes: base.blockSizeBytes,
    };
  }

  #shaped(version: VersionRecord): ShapedVersion {
    return { version: this.#located(version), shape: shapeOf(version) };
  }

  #located(version: VersionRecord): { id: string; path: string } {
    return { id: version.fileId, path: this.layout.versionPath(version.projectId, version.fileId) };
  }
}

function shapeOf(version: VersionRecord): TableShape {
  return { columns: version.columns, primaryKey: version.primaryKey };
}
