import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';

/** A socket's path is limited to 107 bytes, and data directories are often deeper: sockets get a short place of their own. */
const SOCKET_FOLDER_PREFIX = 'dsb-';

/** Where the first descriptor that is handed over arrives in a worker. */
const ROOT_DESCRIPTOR = 4;

/** Paths of one worker as the service uses them. */
export interface WorkerFolders {
  readonly folder: string;
  readonly attach: string;
  readonly exchange: string;
  readonly temp: string;
  readonly socketFolder: string;
  readonly socketPath: string;
}

/**
 * The directories of workspace workers, and who owns them.
 *
 *     {base}/{name}-…/attach    links to versions; the service's, the worker may read
 *     {base}/{name}-…/exchange   spooled rows, files for the service; the worker's
 *     {base}/{name}-…/temp     what the engine spills; the worker's
 *     {tmp}/dsb-…/{name}/s      the socket; the worker's
 *
 * Where workers have user ids of their own, a worker reaches its directories through a descriptor of `root` that it inherits, so that what lies
 * above `root` may be closed to everybody. What lies between is made searchable, but never readable, for others.
 */
export class WorkspaceDirectories {
  readonly #root: string;
  readonly #base: string;
  readonly #sockets: string;
  readonly #rootDescriptor: number | undefined;

  constructor(input: { readonly root: string; readonly base: string; readonly isolated: boolean }) {
    this.#root = input.root;
    this.#base = input.base;
    rmSync(input.base, { recursive: true, force: true });
    mkdirSync(input.base, { recursive: true });
    this.#sockets = mkdtempSync(join(tmpdir(), SOCKET_FOLDER_PREFIX));
    if (input.isolated) {
      chmodSync(this.#sockets, 0o711);
      this.#makeSearchable(input.base);
      this.#rootDescriptor = openSync(input.root, 'r');
    }
  }

  /** To be inherited by isolated workers. */
  get descriptors(): readonly number[] {
    return this.#rootDescriptor === undefined ? [] : [this.#rootDescriptor];
  }

  /** As an isolated worker sees a path below `root`; others see it as it is. */
  pathForWorker(path: string, isolated: boolean): string {
    if (!isolated) return path;
    return join(`/proc/self/fd/${ROOT_DESCRIPTOR}`, relative(this.#root, path));
  }

  make(name: string, userId: number | undefined): WorkerFolders {
    // Nobody can name a file in there who was not told: not even a statement that the engine would let read it.
    const folder = join(this.#base, `${name}-${randomUUID()}`);
    const socketFolder = join(this.#sockets, name);
    const folders = {
      folder,
      attach: join(folder, 'attach'),
      exchange: join(folder, 'exchange'),
      temp: join(folder, 'temp'),
      socketFolder,
      socketPath: join(socketFolder, 's'),
    };
    mkdirSync(folder, { mode: userId === undefined ? 0o700 : 0o711 });
    mkdirSync(folders.attach, { mode: userId === undefined ? 0o700 : 0o750 });
    for (const own of [folders.exchange, folders.temp, socketFolder]) mkdirSync(own, { mode: 0o700 });
    if (userId !== undefined) {
      // The mode of mkdir is subject to the umask.
      chmodSync(folder, 0o711);
      chmodSync(folders.attach, 0o750);
      chownSync(folders.attach, process.getuid?.() ?? 0, userId);
      for (const own of [folders.exchange, folders.temp, socketFolder]) chownSync(own, userId, userId);
    }
    return folders;
  }

  async remove(folders: WorkerFolders): Promise<void> {
    await Promise.all([
      rm(folders.folder, { recursive: true, force: true }),
      rm(folders.socketFolder, { recursive: true, force: true }),
    ]);
  }

  /** The directory of a workspace for as long as its worker runs. */
  giveWorkspace(filePath: string, userId: number): void {
    const directory = dirname(filePath);
    this.#makeSearchable(dirname(directory));
    chownTree(directory, userId, userId);
    chmodSync(directory, 0o700);
  }

  /** Back to the service, so that it can be opened by whichever user the service runs as next. */
  takeBackWorkspace(filePath: string): void {
    const directory = dirname(filePath);
    const { uid, gid } = statSync(this.#root);
    // Deleted with its workspace by now, perhaps.
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return;
    chownTree(directory, uid, gid);
  }

  close(): void {
    if (this.#rootDescriptor !== undefined) closeSync(this.#rootDescriptor);
    rmSync(this.#sockets, { recursive: true, force: true });
    rmSync(this.#base, { recursive: true, force: true });
  }

  /** Others may pass through every directory from `root` down to `directory`, without seeing what is in it. */
  #makeSearchable(directory: string): void {
    const steps = relative(this.#root, directory)
      .split(sep)
      .filter((step) => step !== '');
    let path = this.#root;
    for (const step of ['', ...steps]) {
      path = join(path, step);
      const { mode } = statSync(path);
      if ((mode & 0o001) === 0) chmodSync(path, (mode & 0o777) | 0o001);
    }
  }
}

/** Flat: a workspace has a file, a log and at most a folder of nothing. Links are left alone. */
function chownTree(directory: string, uid: number, gid: number): void {
  lchownSync(directory, uid, gid);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) chownTree(path, uid, gid);
    // A worker could leave a hard link here: only a file with one name is certainly the workspace's own.
    else if (entry.isFile() && statSync(path).nlink === 1) lchownSync(path, uid, gid);
  }
}
