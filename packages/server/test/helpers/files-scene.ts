import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { adminPrincipal } from '../../src/auth/principal.js';
import { DiskFileStore } from '../../src/files/disk/disk-file-store.js';
import type { FileSystem } from '../../src/lib/file-system.js';
import type { Logger } from '../../src/lib/logger.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import type { MetadataStore } from '../../src/metadata/metadata-store.js';
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.js';
import type { FileRecord, UploadRecord } from '../../src/metadata/records.js';
import type { OperationName } from '../../src/model/operations.js';
import { Change } from '../../src/services/change.js';
import { FileSystemDiskGuard } from '../../src/services/disk-guard.js';
import { FileCollector } from '../../src/services/file-collector.js';
import type { PrepareInput } from '../../src/services/file-input.js';
import { Files } from '../../src/services/files.js';
import type { FileLimits, FilesContext } from '../../src/services/files-context.js';
import type { UploadResult } from '../../src/services/uploads.js';

export const GRACE_MS = 60_000;

/** The files service on a real disk and a real metadata store, with clocks that the test moves. */
export interface FilesScene {
  readonly files: Files;
  readonly collector: FileCollector;
  readonly store: MetadataStore;
  readonly fileStore: DiskFileStore;
  readonly filesDirectory: string;
  readonly time: { now: Date; monotonicMs: number };
  /** Messages of what the service warned about. */
  readonly warnings: string[];
  change<R>(operation: OperationName): Change<R>;
  prepare(projectId: string, declared?: Partial<PrepareInput>): Promise<UploadRecord>;
  upload(projectId: string, uploadKey: string, content: string | Readable): Promise<UploadResult>;
  register(projectId: string, uploadKey: string): Promise<FileRecord>;
  /** All three steps. */
  addFile(projectId: string, content: string): Promise<FileRecord>;
  contentOf(projectId: string, fileId: string): Promise<string>;
  /** Paths of all files on disk, unfinished ones too, relative to the files directory. */
  onDisk(): Promise<string[]>;
  /** The same service with a file store that has just started. */
  restarted(fileSystem: FileSystem): FilesScene;
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly root: string;
  readonly projects?: readonly string[];
  readonly fileSystem?: FileSystem;
  readonly limits?: Partial<FileLimits>;
  readonly reserveBytes?: number;
  /** Wraps the metadata store the service uses. */
  readonly wrapStore?: (store: MetadataStore) => MetadataStore;
}

export const HOUR_MS = 3_600_000;
const LIMITS: FileLimits = {
  maxUploadBytes: 1_000_000,
  maxFiles: 1000,
  maxBytes: 10_000_000,
  uploadLifetimeMs: 24 * HOUR_MS,
};

export async function openFilesScene(options: SceneOptions): Promise<FilesScene> {
  const filesDirectory = join(options.root, 'files');
  await mkdir(filesDirectory, { recursive: true });
  const metadata = await SqliteMetadataStore.open(join(options.root, 'metadata.sqlite'));
  const store = options.wrapStore?.(metadata) ?? metadata;
  const time = { now: new Date('2026-11-23T12:00:00Z'), monotonicMs: 0 };
  await metadata.transaction(async (tx) => {
    for (const id of options.projects ?? []) {
      await tx.insertProject({ id, name: null, settings: null, createdAt: time.now });
    }
  });
  const close = () => metadata.close();
  return buildScene({ ...options, store, time, filesDirectory, close }, options.fileSystem ?? new NodeFileSystem());
}

function buildScene(
  parts: Pick<FilesScene, 'store' | 'time' | 'filesDirectory' | 'close'> & SceneOptions,
  fileSystem: FileSystem,
): FilesScene {
  const { store, time, filesDirectory } = parts;
  const warnings: string[] = [];
  const clock = { now: () => time.now };
  const fileStore = new DiskFileStore(filesDirectory, fileSystem);
  let guardMs = 0;
  const disk = { path: filesDirectory, reserveBytes: parts.reserveBytes ?? 0 };
  const context: FilesContext = {
    store,
    fileStore,
    clock,
    limits: { ...LIMITS, ...parts.limits },
    // Asks the disk every time, so that a fault of it is met.
    diskGuard: new FileSystemDiskGuard(fileSystem, disk, () => (guardMs += 10_000)),
    logger: warningsInto(warnings),
  };
  const files = new Files(context);
  const change = <R>(operation: OperationName) =>
    new Change<R>({ operation, principal: adminPrincipal, requestId: 'request', clock });
  const prepare: FilesScene['prepare'] = (projectId, declared) =>
    files.prepare(change('file.prepare'), projectId, { ...DECLARED_NOTHING, ...declared });
  const upload: FilesScene['upload'] = (projectId, uploadKey, content) => {
    const source = typeof content === 'string' ? Readable.from([Buffer.from(content)]) : content;
    return files.upload(change('file.upload'), projectId, uploadKey, source);
  };
  const register: FilesScene['register'] = (projectId, uploadKey) =>
    files.register(change('file.register'), projectId, { uploadKey });
  return {
    files,
    collector: new FileCollector(context, GRACE_MS, () => time.monotonicMs),
    store,
    fileStore,
    filesDirectory,
    time,
    warnings,
    change,
    prepare,
    upload,
    register,
    addFile: async (projectId, content) => {
      const { key } = await prepare(projectId);
      await upload(projectId, key, content);
      return register(projectId, key);
    },
    contentOf: async (projectId, fileId) => {
      const download = await files.openDownload(projectId, fileId);
      return Buffer.concat((await download.read().toArray()) as Buffer[]).toString();
    },
    onDisk: () => filesBelow(filesDirectory),
    restarted: (restartedWith) => buildScene(parts, restartedWith),
    close: parts.close,
  };
}

const DECLARED_NOTHING: PrepareInput = {
  fileName: 'd.csv',
  contentType: null,
  sizeBytes: null,
  sha256: null,
  tags: null,
};

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

function warningsInto(warnings: string[]): Logger {
  const unexpected = (_fields: object, message: string) => {
    throw new Error(`unexpected log line: ${message}`);
  };
  return { debug: () => {}, info: () => {}, warn: (_fields, message) => warnings.push(message), error: unexpected };
}
