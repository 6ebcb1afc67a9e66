import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errnoOf } from '../../errors/storage-failure.js';
import type { FileSystem } from '../../lib/file-system.js';
import { inParallel } from '../../lib/in-parallel.js';
import type { MetadataReader } from '../../metadata/metadata-store.js';
import type { StoragePlaces } from './storage-places.js';

const PAGE = 500;
/** Enough for links, which wait for the journal of the disk; copies share the disk with everybody else anyway. */
const WIDTH = 4;

/** No hard link from here to there: another file system, one without links, or a file that has as many as it can. */
const NO_LINK: ReadonlySet<string> = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** One file that metadata points to, with its place below any root. */
export interface StoredFile {
  readonly kind: 'version' | 'file';
  /** For people: `project p1, version file …`, `file …`. */
  readonly subject: string;
  readonly sizeBytes: number;
  readonly checksumSha256: string;
  pathIn(places: StoragePlaces): string;
}

/** Everything that metadata points to, once each, in turns that leave the event loop to others. */
export async function* storedFiles(metadata: MetadataReader): AsyncGenerator<readonly StoredFile[]> {
  for (let after: string | undefined; ;) {
    const page = await metadata.listVersionFiles(after, PAGE);
    after = page.at(-1)?.fileId;
    if (after === undefined) break;
    yield page.map(({ projectId, fileId, sizeBytes, checksum }) => ({
      kind: 'version',
      subject: `project ${projectId}, version file ${fileId}`,
      sizeBytes,
      checksumSha256: checksum,
      pathIn: (places) => places.versionPath(projectId, fileId),
    }));
    await nextTurn();
  }
  for (let after: string | undefined; ;) {
    const page = await metadata.listFileContents(after, PAGE);
    after = page.at(-1)?.path;
    if (after === undefined) break;
    yield page.map(({ path, sizeBytes, checksumSha256 }) => ({
      kind: 'file',
      subject: `file ${path}`,
      sizeBytes,
      checksumSha256,
      pathIn: (places) => places.filePath(path),
    }));
    await nextTurn();
  }
}

export interface Placed {
  readonly linked: boolean;
}

/**
 * Gives files a second home: hard links where asked for and possible, else copies that are synced. `finish` syncs every
 * directory that was made or got an entry; before that nothing is durable.
 */
export class PlacedFiles {
  readonly #directories = new Map<string, Promise<void>>();

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly options: {
      readonly link: boolean;
      /** Asked before a file of so many bytes is copied; its rejection ends the work. */
      readonly mayCopy: (sizeBytes: number) => Promise<void>;
    },
  ) {}

  async place(from: string, to: string, sizeBytes: number): Promise<Placed> {
    await this.makeDirectory(dirname(to));
    if (this.options.link && (await this.#link(from, to))) return { linked: true };
    await this.copy(from, to, sizeBytes);
    return { linked: false };
  }

  /** Of what changes in place: a link would change with it. */
  async copy(from: string, to: string, sizeBytes: number): Promise<void> {
    await this.makeDirectory(dirname(to));
    await this.options.mayCopy(sizeBytes);
    await this.fileSystem.copyFile(from, to);
    await this.fileSystem.syncFile(to);
  }

  makeDirectory(directory: string): Promise<void> {
    let made = this.#directories.get(directory);
    if (made === undefined) {
      made = this.fileSystem.makeDirectory(directory);
      this.#directories.set(directory, made);
    }
    return made;
  }

  async finish(): Promise<void> {
    await inParallel([...this.#directories.keys()], WIDTH, (directory) => this.fileSystem.syncDirectory(directory));
  }

  async #link(from: string, to: string): Promise<boolean> {
    try {
      await this.fileSystem.link(from, to);
      return true;
    } catch (error) {
      if (NO_LINK.has(errnoOf(error) ?? '')) return false;
      throw error;
    }
  }
}

/** The folders of a server's data, those of projects without a table included: as the service has made them. */
export async function makeFolders(metadata: MetadataReader, places: StoragePlaces, placed: PlacedFiles): Promise<void> {
  await placed.makeDirectory(places.duckdbDirectory);
  await placed.makeDirectory(places.filesDirectory);
  for (let offset = 0; ; offset += PAGE) {
    const { items } = await metadata.listProjects({ status: 'active' }, { limit: PAGE, offset });
    await inParallel(items, WIDTH, async ({ id }) => {
      await placed.makeDirectory(dirname(places.versionsDirectory(id)));
      await placed.makeDirectory(places.versionsDirectory(id));
    });
    if (items.length < PAGE) return;
  }
}

export function forEachStored(files: readonly StoredFile[], work: (file: StoredFile) => Promise<void>): Promise<void> {
  return inParallel(files, WIDTH, work);
}
