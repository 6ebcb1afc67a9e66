import type { StorageDirectories } from '../engine/layout.js';
import { DomainError } from '../errors/domain-error.js';
import { errnoOf } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { PoolStatus, WorkerPool } from '../workers/worker-pool.js';
import type { Change } from './change.js';
import type { DiskGuard, DiskState } from './disk-guard.js';

export interface HealthReport {
  readonly healthy: boolean;
  readonly directories: Readonly<Record<DirectoryName, boolean>>;
  readonly disk: DiskState;
  readonly metadata: { readonly ok: boolean; readonly latencyMs: number };
  readonly workers: PoolStatus;
}

export interface InitReport {
  /** Names of the directories that were missing. */
  readonly created: readonly DirectoryName[];
  readonly storagePaths: Readonly<Record<DirectoryName, string>>;
}

export type DirectoryName = 'data_dir' | 'duckdb_dir' | 'files_dir' | 'snapshots_dir';

export class Backend {
  readonly #paths: Readonly<Record<DirectoryName, string>>;

  constructor(
    directories: StorageDirectories,
    private readonly fileSystem: FileSystem,
    private readonly metadata: MetadataStore,
    private readonly pool: WorkerPool,
    private readonly diskGuard: DiskGuard,
  ) {
    this.#paths = {
      data_dir: directories.dataDir,
      duckdb_dir: directories.duckdbDir,
      files_dir: directories.filesDir,
      snapshots_dir: directories.snapshotsDir,
    };
  }

  async health(): Promise<HealthReport> {
    const [missing, disk, metadata] = await Promise.all([
      this.#missing(),
      this.diskGuard.state(),
      this.#pingMetadata(),
    ]);
    const directories = Object.fromEntries(
      Object.keys(this.#paths).map((name) => [name, !missing.includes(name as DirectoryName)]),
    ) as Record<DirectoryName, boolean>;
    return {
      healthy: missing.length === 0 && metadata.ok,
      directories,
      disk,
      metadata,
      workers: this.pool.status(),
    };
  }

  /** Makes the directories that are missing; repeating it is fine. */
  async init(change: Change<InitReport>): Promise<InitReport> {
    const created = await this.#missing();
    for (const name of created) {
      try {
        await this.fileSystem.makeDirectory(this.#paths[name]);
      } catch (error) {
        const reason = errnoOf(error) ?? 'unknown reason';
        throw new DomainError(
          'init_failed',
          'Backend initialization failed',
          { errors: [`${name} cannot be made: ${reason}`] },
          { cause: error },
        );
      }
    }
    const report = { created, storagePaths: this.#paths };
    await this.metadata.transaction((tx) => change.commit(tx, { projectId: null, resourceId: null }, report));
    return report;
  }

  /** Storage is never removed by an API call; the driver protocol has the command, and the answer says so. */
  async remove(change: Change<void>): Promise<void> {
    await this.metadata.transaction((tx) => change.commit(tx, { projectId: null, resourceId: null }, undefined));
  }

  async #missing(): Promise<DirectoryName[]> {
    const missing: DirectoryName[] = [];
    for (const [name, path] of Object.entries(this.#paths)) {
      const stats = await this.fileSystem.stat(path).catch(() => undefined);
      if (stats?.isDirectory() !== true) missing.push(name as DirectoryName);
    }
    return missing;
  }

  async #pingMetadata(): Promise<{ ok: boolean; latencyMs: number }> {
    const startedAt = performance.now();
    const ok = await this.metadata.ping().then(
      () => true,
      () => false,
    );
    return { ok, latencyMs: Math.round((performance.now() - startedAt) * 100) / 100 };
  }
}
