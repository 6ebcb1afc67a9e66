import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../errors/storage-failure.js';
import type { FileSystem } from '../../lib/file-system.js';
import type { MetadataReader } from '../../metadata/metadata-store.js';
import type { WorkspaceRecord } from '../../metadata/workspace-records.js';
import { measureFile } from './measure-file.js';
import type { PlacedFiles } from './placed-files.js';
import type { StoragePlaces } from './storage-places.js';

/** A workspace in a backup: its file, and the log beside it when there was one. */
export interface WorkspaceCopy {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly files: readonly WorkspaceCopyFile[];
}

export interface WorkspaceCopyFile {
  readonly suffix: '' | '.wal';
  readonly sizeBytes: number;
  readonly checksumSha256: string;
}

export interface CopiedWorkspaces {
  readonly copies: readonly WorkspaceCopy[];
  /** Those that were never quiet for as long as a copy takes. */
  readonly skippedIds: readonly string[];
}

const PAGE = 100;
/** Times of files move in steps of a few milliseconds; a file that was not written for so long would show another write. */
const SETTLED_MS = 1_000;
const MAX_ATTEMPTS = 20;

/**
 * Copies the files of workspaces while their workers go on:
 *
 *     file unchanged for a second ── copy file ── copy log ── file still unchanged, no checkpoint on its way: good, else again
 *
 * Between two checkpoints a worker only appends to the log, so that file and log together are what a kill at that moment would
 * leave, and the engine reads that. The file is opened by this process, whose locks the worker's do not depend on.
 */
export class WorkspaceCopier {
  constructor(
    private readonly fileSystem: FileSystem,
    private readonly settledMs: number = SETTLED_MS,
  ) {}

  /** `createdAt`: those that had expired by then have no file. */
  async copyAll(
    metadata: MetadataReader,
    input: {
      readonly from: StoragePlaces;
      readonly to: StoragePlaces;
      readonly placed: PlacedFiles;
      readonly createdAt: Date;
      /** Throws when the work is given up. */
      readonly mustGoOn: () => void;
    },
  ): Promise<CopiedWorkspaces> {
    const copies: WorkspaceCopy[] = [];
    const skippedIds: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await metadata.listAllWorkspaces(after, PAGE);
      after = page.at(-1)?.id;
      if (after === undefined) return { copies, skippedIds };
      for (const workspace of page) {
        if (workspace.expiresAt !== null && workspace.expiresAt <= input.createdAt) continue;
        const files = await this.#copy(workspace, input);
        if (files === undefined) skippedIds.push(workspace.id);
        else copies.push({ workspaceId: workspace.id, projectId: workspace.projectId, files });
      }
    }
  }

  async #copy(
    { id, projectId }: WorkspaceRecord,
    input: Parameters<WorkspaceCopier['copyAll']>[1],
  ): Promise<readonly WorkspaceCopyFile[] | undefined> {
    const [from, to] = [input.from.workspacePath(projectId, id), input.to.workspacePath(projectId, id)];
    await input.placed.makeDirectory(dirname(to));
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      input.mustGoOn();
      const before = await this.#stateOf(from);
      if (before.file === undefined) return undefined;
      const restMs = before.file.mtimeMs + this.settledMs - Date.now();
      if (restMs > 0) await sleep(Math.min(restMs, this.settledMs));
      else if (!before.checkpoints && (await this.#copyBoth(from, to, before, input.placed))) {
        if (isSame(before, await this.#stateOf(from))) return await this.#measure(to);
      }
      await this.fileSystem.remove(to);
      await this.fileSystem.remove(`${to}.wal`);
    }
    return undefined;
  }

  async #copyBoth(from: string, to: string, state: FileState, placed: PlacedFiles): Promise<boolean> {
    try {
      await placed.copy(from, to, state.file?.size ?? 0);
      if (state.log !== undefined) await placed.copy(`${from}.wal`, `${to}.wal`, state.log.size);
      return true;
    } catch (error) {
      // A checkpoint takes the log away; a workspace that is deleted takes everything, later, when this backup is done.
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #stateOf(path: string): Promise<FileState> {
    const [file, log, checkpoint] = await Promise.all(
      ['', '.wal', '.wal.checkpoint'].map((suffix) => this.fileSystem.stat(path + suffix)),
    );
    return { file, log, checkpoints: checkpoint !== undefined };
  }

  async #measure(path: string): Promise<readonly WorkspaceCopyFile[]> {
    const files: WorkspaceCopyFile[] = [];
    for (const suffix of ['', '.wal'] as const) {
      if ((await this.fileSystem.stat(path + suffix)) === undefined) continue;
      files.push({ suffix, ...(await measureFile(this.fileSystem, path + suffix)) });
    }
    return files;
  }
}

interface FileState {
  readonly file: Stats | undefined;
  readonly log: Stats | undefined;
  readonly checkpoints: boolean;
}

/** The log may have grown: what was appended after its copy is after the moment of the backup. */
function isSame(before: FileState, after: FileState): boolean {
  return (
    !after.checkpoints &&
    before.file?.ino === after.file?.ino &&
    before.file?.size === after.file?.size &&
    before.file?.mtimeMs === after.file?.mtimeMs &&
    before.log?.ino === after.log?.ino
  );
}
