import { isDomainError } from '../errors/domain-error.js';
import type { FileStore } from '../files/file-store.js';
import type { FileSystem } from '../lib/file-system.js';
import { inParallel } from '../lib/in-parallel.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { VersionOnFile, VersionRecord } from '../metadata/records.js';
import type { TableShape } from '../model/columns.js';
import { DEFAULT_BRANCH_ID } from '../model/refs.js';
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
  /** Current ones, those of histories and those that snapshots hold. */
  readonly versionsChecked: number;
  /** Versions may share a file. */
  readonly versionFilesChecked: number;
  readonly filesChecked: number;
  readonly workspacesChecked: number;
  readonly bytesChecked: number;
  readonly findings: readonly DoctorFinding[];
}

export interface DoctorProgress {
  (done: { versions: number; files: number; bytes: number }): void;
}

/**
 * Reads everything that metadata points to, history and snapshots included, and compares: table files by checksum, row count, columns and a full read
 * in the engine; uploaded files by size and checksum. Then lists what nothing points to. Changes nothing, and may run beside a
 * working service: a version that was retired meanwhile is not a finding.
 */
export class Doctor {
  #findings: DoctorFinding[] = [];
  #versions = 0;
  #versionFiles = 0;
  #files = 0;
  #workspaces = 0;
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
    private readonly now: Date,
    private readonly onProgress: DoctorProgress = () => undefined,
  ) {}

  async run(): Promise<DoctorReport> {
    await this.#checkVersionFiles();
    await this.#checkFiles();
    await this.#checkWorkspaces();
    await this.#findOrphanVersions();
    await this.#findOrphanFiles();
    return {
      versionsChecked: this.#versions,
      versionFilesChecked: this.#versionFiles,
      filesChecked: this.#files,
      workspacesChecked: this.#workspaces,
      bytesChecked: this.#bytes,
      findings: this.#findings,
    };
  }

  async #checkVersionFiles(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.metadata.listVersionFiles(after, PAGE);
      await inParallel(page, PARALLEL_CHECKS, (version) => this.#checkVersionFile(version));
      after = page.at(-1)?.fileId;
      if (after === undefined) return;
    }
  }

  /** Each file is read once, however many versions stand on it; each version must say of it what is true. */
  async #checkVersionFile(first: VersionRecord): Promise<void> {
    const content = await this.#readVersionFile(first);
    const standing = await this.metadata.listVersionsOnFile(first.fileId);
    this.#versionFiles += 1;
    this.#versions += standing.length;
    this.#bytes += first.sizeBytes;
    this.#report();
    const byProblem = new Map<string, VersionOnFile[]>();
    for (const each of standing) {
      const problem = problemOf(each.version, content);
      if (problem !== undefined) byProblem.set(problem, [...(byProblem.get(problem) ?? []), each]);
    }
    for (const [problem, affected] of byProblem) {
      const subject = `project ${first.projectId}, ${whatStandsOnIt(affected)}, version file ${first.fileId}`;
      this.#findings.push({ severity: 'error', subject, problem });
    }
  }

  async #readVersionFile(version: VersionRecord): Promise<VersionFileContent> {
    const path = this.layout.versionPath(version.projectId, version.fileId);
    const stats = await this.fileSystem.stat(path);
    if (stats === undefined) return { problem: 'the file is missing' };
    if (stats.size !== version.sizeBytes) {
      return { problem: `the file has ${stats.size} bytes instead of ${version.sizeBytes}` };
    }
    try {
      return await this.pool.run('verifyVersion', { path });
    } catch (error) {
      if (!isDomainError(error)) throw error;
      return { problem: `the engine cannot read it: ${error.message}` };
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

  /** Whether the files are there. What is in them changes all the time, so nothing is known to compare with. */
  async #checkWorkspaces(): Promise<void> {
    for (let after: string | undefined; ;) {
      const page = await this.metadata.listAllWorkspaces(after, PAGE);
      after = page.at(-1)?.id;
      if (after === undefined) return;
      for (const { id, projectId, expiresAt } of page) {
        this.#workspaces += 1;
        // Those of expired ones go before their rows.
        if (expiresAt !== null && expiresAt <= this.now) continue;
        if ((await this.fileSystem.stat(this.layout.workspacePath(projectId, id))) !== undefined) continue;
        if ((await this.metadata.getWorkspaceById(id)) === undefined) continue;
        const subject = `project ${projectId}, workspace ${id}`;
        this.#findings.push({ severity: 'error', subject, problem: 'the file is missing' });
      }
    }
  }

  async #findOrphanWorkspaces(projectId: string): Promise<void> {
    const directory = this.layout.workspacesDirectory(projectId);
    if ((await this.fileSystem.stat(directory)) === undefined) return;
    for (const { name } of await this.fileSystem.list(directory)) {
      const id = this.layout.workspaceIdOf(name);
      if (id !== undefined && (await this.metadata.getWorkspaceById(id)) !== undefined) continue;
      this.#findings.push({
        severity: 'orphan',
        subject: `project ${projectId}, _workspaces/${name}`,
        problem: 'no workspace has it; the service removes it at its next start',
      });
    }
  }

  async #findOrphanVersions(): Promise<void> {
    for (const directory of await this.fileSystem.list(this.layout.directories.duckdbDir)) {
      const branch = this.layout.branchOfDirectory(directory.name);
      if (branch?.branchId !== DEFAULT_BRANCH_ID) continue;
      const { projectId } = branch;
      await this.#findOrphanWorkspaces(projectId);
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

type VersionFileContent =
  { readonly problem: string } | { readonly checksum: string; readonly rowCount: number; readonly shape: TableShape };

function problemOf(version: VersionRecord, content: VersionFileContent): string | undefined {
  if ('problem' in content) return content.problem;
  if (content.checksum !== version.checksum) return 'the checksum is not the published one';
  if (content.rowCount !== version.rowCount) return `${content.rowCount} rows instead of ${version.rowCount}`;
  return sameColumns(content.shape, version) ? undefined : 'the columns are not the published ones';
}

/** What an operator would miss: tables as they are, earlier states of them, snapshots. */
function whatStandsOnIt(versions: readonly VersionOnFile[]): string {
  const tables = versions.filter(({ state }) => state === 'current').map(({ table }) => `table ${nameOf(table)}`);
  const kept = versions.filter(({ state }) => state === 'kept').map(({ table }) => `history of table ${nameOf(table)}`);
  const snapshots = versions.flatMap(({ snapshotIds }) => snapshotIds).map((id) => `snapshot ${id}`);
  const names = [...new Set([...tables, ...kept, ...snapshots])];
  return names.length === 0 ? 'a retired version' : names.join(', ');
}

function nameOf(table: VersionOnFile['table']): string {
  if (table === null) return 'that is gone';
  const branch = table.branchId === DEFAULT_BRANCH_ID ? '' : ` of branch ${table.branchId}`;
  return `${table.bucketName}.${table.name}${branch}`;
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
