import { basename } from 'node:path';
import type { WorkspaceCopy, WorkspaceCopyFile } from './workspace-copies.js';

/**
 * What `manifest.json` says of a backup. With the checksum of the metadata it vouches for all of it: the metadata holds
 * size and checksum of every other file.
 */
export interface BackupManifest {
  readonly name: string;
  /** The moment whose state this is. */
  readonly createdAt: Date;
  readonly durationMs: number;
  readonly serviceVersion: string;
  readonly metadata: { readonly sizeBytes: number; readonly checksumSha256: string };
  readonly counts: {
    readonly projects: number;
    readonly buckets: number;
    readonly tables: number;
    /** Files of current versions, of histories and of snapshots. */
    readonly versionFiles: number;
    /** Registered files and uploads that wait to be registered. */
    readonly files: number;
  };
  readonly bytes: { readonly versionFiles: number; readonly files: number };
  /** How many of the files are hard links, and how many were copied. */
  readonly linkedFiles: number;
  readonly copiedFiles: number;
  readonly hasAdminKey: boolean;
  readonly workspaces: readonly WorkspaceCopy[];
  /** Workspaces that were written to all the time: the backup does not have what is in them. */
  readonly skippedWorkspaceIds: readonly string[];
}

export const MANIFEST_NAME = 'manifest.json';
const FORMAT = 'duckdb-storage-backup';
const FORMAT_VERSION = 1;

/** Bytes of everything in it; hard links take no space of their own. */
export function sizeOf(backup: Pick<BackupManifest, 'metadata' | 'bytes' | 'workspaces'>): number {
  const { metadata, bytes } = backup;
  return metadata.sizeBytes + bytes.versionFiles + bytes.files + workspaceBytesOf(backup);
}

export function workspaceBytesOf({ workspaces }: Pick<BackupManifest, 'workspaces'>): number {
  return workspaces.flatMap(({ files }) => files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** The folder does not hold a backup that this build can read. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

export function manifestText(manifest: BackupManifest): string {
  const { counts, bytes, metadata } = manifest;
  const content = {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    name: manifest.name,
    created_at: manifest.createdAt.toISOString(),
    duration_ms: manifest.durationMs,
    service_version: manifest.serviceVersion,
    metadata: { size_bytes: metadata.sizeBytes, checksum_sha256: metadata.checksumSha256 },
    counts: {
      projects: counts.projects,
      buckets: counts.buckets,
      tables: counts.tables,
      version_files: counts.versionFiles,
      files: counts.files,
    },
    bytes: { version_files: bytes.versionFiles, files: bytes.files },
    linked_files: manifest.linkedFiles,
    copied_files: manifest.copiedFiles,
    has_admin_key: manifest.hasAdminKey,
    workspaces: manifest.workspaces.map(({ workspaceId, projectId, files }) => ({
      workspace_id: workspaceId,
      project_id: projectId,
      files: files.map((file) => ({
        suffix: file.suffix,
        size_bytes: file.sizeBytes,
        checksum_sha256: file.checksumSha256,
      })),
    })),
    skipped_workspaces: manifest.skippedWorkspaceIds,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** `path` is only named in errors. */
export function parseManifest(text: string, path: string): BackupManifest {
  const root = Members.of(parseJson(text, path), path);
  const format = root.text('format');
  const formatVersion = root.count('format_version');
  if (format !== FORMAT || formatVersion !== FORMAT_VERSION) {
    throw new ManifestError(
      `${path} has format ${format} ${formatVersion}; this build reads ${FORMAT} ${FORMAT_VERSION}.`,
    );
  }
  const [metadata, counts, bytes] = [root.inner('metadata'), root.inner('counts'), root.inner('bytes')];
  return {
    name: root.text('name'),
    createdAt: root.moment('created_at'),
    durationMs: root.count('duration_ms'),
    serviceVersion: root.text('service_version'),
    metadata: { sizeBytes: metadata.count('size_bytes'), checksumSha256: metadata.text('checksum_sha256') },
    counts: {
      projects: counts.count('projects'),
      buckets: counts.count('buckets'),
      tables: counts.count('tables'),
      versionFiles: counts.count('version_files'),
      files: counts.count('files'),
    },
    bytes: { versionFiles: bytes.count('version_files'), files: bytes.count('files') },
    linkedFiles: root.count('linked_files'),
    copiedFiles: root.count('copied_files'),
    hasAdminKey: root.flag('has_admin_key'),
    workspaces: root.list('workspaces').map(workspaceOf),
    skippedWorkspaceIds: root.texts('skipped_workspaces'),
  };
}

function workspaceOf(members: Members): WorkspaceCopy {
  return {
    workspaceId: members.text('workspace_id'),
    projectId: members.text('project_id'),
    files: members.list('files').map((file): WorkspaceCopyFile => {
      const suffix = file.text('suffix');
      if (suffix !== '' && suffix !== '.wal')
        throw new ManifestError(`A workspace has no file with the suffix ${suffix}.`);
      return { suffix, sizeBytes: file.count('size_bytes'), checksumSha256: file.text('checksum_sha256') };
    }),
  };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ManifestError(`${path} is not JSON.`, { cause: error });
  }
}

/** Typed access to the members of a JSON object that anybody may have written. */
class Members {
  static of(value: unknown, path: string, prefix = ''): Members {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Members(value, path, prefix);
    throw new ManifestError(`${path}: ${prefix === '' ? basename(path) : prefix} is not a JSON object.`);
  }

  private constructor(
    private readonly object: object,
    private readonly path: string,
    private readonly prefix: string,
  ) {}

  inner(name: string): Members {
    return Members.of(this.#get(name), this.path, `${this.prefix}${name}.`);
  }

  /** Empty where it is absent: an older build did not write it. */
  list(name: string): readonly Members[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.#refuse(name, 'a list');
    return value.map((each, index) => Members.of(each, this.path, `${this.prefix}${name}[${index}].`));
  }

  texts(name: string): readonly string[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string');
    return isTexts ? value : this.#refuse(name, 'a list of texts');
  }

  text(name: string): string {
    const value = this.#get(name);
    return typeof value === 'string' ? value : this.#refuse(name, 'a text');
  }

  count(name: string): number {
    const value = this.#get(name);
    return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : this.#refuse(name, 'a number');
  }

  flag(name: string): boolean {
    const value = this.#get(name);
    return typeof value === 'boolean' ? value : this.#refuse(name, 'true or false');
  }

  moment(name: string): Date {
    const moment = new Date(this.text(name));
    return Number.isNaN(moment.getTime()) ? this.#refuse(name, 'a time') : moment;
  }

  #get(name: string): unknown {
    return (this.object as Readonly<Record<string, unknown>>)[name];
  }

  #refuse(name: string, expected: string): never {
    throw new ManifestError(`${this.path}: ${this.prefix}${name} is missing or not ${expected}.`);
  }
}
