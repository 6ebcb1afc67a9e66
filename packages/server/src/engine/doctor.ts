import { isDomainError } from '../errors/domain-error.js';
import type { FileStore } from '../files/file-store.js';
import type { FileSystem } from '../lib/file-system.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { VersionRecord } from '../metadata/records.js';
import type { TableShape } from '../model/columns.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import type { Layout } from './layout.js';

const PAGE = 500;
const PARALLEL_CHECKS = 4;

export interface DoctorFinding {
  /** `error`: data that metadata promises is missing or damaged. `orphan`: bytes that nothing points to. */
  readonly severity: 'error' | 'orphan';
  readonly subject: string;
  readonly problem: string;
}

export interface DoctorReport {
  readonly versionsChecked: number;
  readonly filesChecked: number;
  readonly bytesChecked: number;
  readonly findings: readonly DoctorFinding[];
}

export interface DoctorProgress {
  (done: { versions: number; files: number; bytes: number }): void;
}

/**
 * Reads everything that metadata points to and compares: table files by checksum, row count, columns and a full read
 * in the engine; uploaded files by size and checksum. Then lists what nothing points to. Changes nothing, and may run beside a
 * working service: a version that was retired meanwhile is not a finding.
 */
export class Doctor {
  #findings: DoctorFinding[] = [];
  #versions = 0;
  #files = 0;
  #bytes = 0;

  constructor(
    private readonly metadata: MetadataReader,
    private readonly layout: Layout,
    private readonly fileSystem: FileSystem,
    private readonly fileStore: FileStore,
    private readonly pool: WorkerPool,
    private readonly checksumOf: (
      source: NodeJS.ReadableStream,
    ) => Promise<{ sizeBytes: number; checksumSha256: string }>,
    private readonly onProgress: DoctorProgress = () => undefined,
  ) {}

  async run(): Promise<DoctorReport> {
    await this.#checkVersions();
    await this.#checkFiles();
    await this.#findOrphanVersions();
    await this.#findOrphanFiles();
    return {
      versionsChecked: this.#versions,
      filesChecked: this.#files,
      bytesChecked: this.#bytes,
      findings: this.#findings,
    };
  }

  async #checkVersions(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.metadata.listVersions(after, PAGE);
      await inParallel(page, PARALLEL_CHECKS, (version) => this.#checkVersion(version));
      after = page.at(-1)?.id;
      if (after === undefined) return;
    }
  }

  async #checkVersion(version: VersionRecord): Promise<void> {
    const problem = await this.#problemOf(version);
    this.#versions += 1;
    this.#bytes += version.sizeBytes;
    this.#report();
    if (problem === undefined || (await this.metadata.getVersion(version.id)) === undefined) return;
    const table = await this.metadata.getTableById(version.tableId);
    const name = table === undefined ? 'a retired version' : `table ${table.bucketName}.${table.name}`;
    this.#findings.push({
      severity: 'error',
      subject: `project ${version.projectId}, ${name}, version ${version.id}`,
      problem,
    });
  }

  async #problemOf(version: VersionRecord): Promise<string | undefined> {
    const path = this.layout.versionPath(version.projectId, version.fileId);
    const stats = await this.fileSystem.stat(path);
    if (stats === undefined) return 'the file is missing';
    if (stats.size !== version.sizeBytes) return `the file has ${stats.size} bytes instead of ${version.sizeBytes}`;
    try {
      const found = await this.pool.run('verifyVersion', { path });
      if (found.checksum !== version.checksum) return 'the checksum is not the published one';
      if (found.rowCount !== version.rowCount) return `${found.rowCount} rows instead of ${version.rowCount}`;
      return sameColumns(found.shape, version) ? undefined : 'the columns are not the published ones';
    } catch (error) {
      if (!isDomainError(error)) throw error;
      return `the engine cannot read it: ${error.message}`;
    }
  }

  async #checkFiles(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.metadata.listFileContents(after, PAGE);
      await inParallel(page, PARALLEL_CHECKS, async (file) => {
        const problem = await this.#problemOfFile(file);
        this.#files += 1;
        this.#bytes += file.sizeBytes;
        this.#report();
        if (problem === undefined || !(await this.metadata.isFilePathUsed(file.path))) return;
        this.#findings.push({ severity: 'error', subject: `file ${file.path}`, problem });
      });
      after = page.at(-1)?.path;
      if (after === undefined) return;
    }
  }

  async #problemOfFile(file: { path: string; sizeBytes: number; checksumSha256: string }): Promise<string | undefined> {
    const stats = await this.fileStore.stat(file.path);
    if (stats === undefined) return 'the content is missing';
    if (stats.sizeBytes !== file.sizeBytes) return `${stats.sizeBytes} bytes instead of ${file.sizeBytes}`;
    const found = await this.checksumOf(this.fileStore.read(file.path));
    return found.checksumSha256 === file.checksumSha256 ? undefined : 'the checksum is not the registered one';
  }

  async #findOrphanVersions(): Promise<void> {
    for (const directory of await this.fileSystem.list(this.layout.directories.duckdbDir)) {
      const projectId = this.layout.projectOfDirectory(directory.name);
      if (projectId === undefined) continue;
      const stats = await this.fileSystem.stat(this.layout.versionsDirectory(projectId));
      if (stats === undefined) continue;
      for (const file of await this.fileSystem.list(this.layout.versionsDirectory(projectId))) {
        const fileId = this.layout.versionFileId(file.name);
        if (fileId !== undefined && (await this.metadata.useOfVersionFile(fileId)) !== undefined) continue;
        this.#findings.push({
          severity: 'orphan',
          subject: `project ${projectId}, _versions/${file.name}`,
          problem: 'no version points to it; the service removes it at its next start',
        });
      }
    }
  }

  async #findOrphanFiles(): Promise<void> {
    for await (const key of this.fileStore.keys('')) {
      if (await this.metadata.isFilePathUsed(key)) continue;
      this.#findings.push({
        severity: 'orphan',
        subject: `file ${key}`,
        problem: 'no file or upload points to it; maintenance removes it',
      });
    }
  }

  #report(): void {
    this.onProgress({ versions: this.#versions, files: this.#files, bytes: this.#bytes });
  }
}

function sameColumns(found: TableShape, expected: VersionRecord): boolean {
  return (
    found.columns.length === expected.columns.length &&
    found.columns.every((column, index) => {
      const other = expected.columns[index];
      return column.name === other?.name && column.type === other.type && column.nullable === other.nullable;
    })
  );
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
