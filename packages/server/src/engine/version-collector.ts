import type { Clock } from '../lib/clock.js';
import type { FileSystem } from '../lib/file-system.js';
import type { Logger } from '../lib/logger.js';
import type { Removals } from '../lib/removal-gate.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { VersionRecord } from '../metadata/records.js';
import type { Layout } from './layout.js';
import type { VersionPins } from './version-pins.js';

const BATCH = 500;
/** Publications come in bursts; collecting once for many saves a metadata commit for each. */
const COLLECT_DELAY_MS = 250;

/**
 * Removes versions that neither a table, a snapshot nor the history of a table needs. First the row goes, then the file once no
 * other row names it: a crash in between leaves a file without a row, which recovery removes. Versions that a reader has
 * pinned wait for the next round.
 */
export class VersionCollector {
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #forgottenCount = 0;
  /** Deleted projects whose directory still waits for pinned versions. */
  readonly #emptyingProjects = new Set<string>();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly fileSystem: FileSystem,
    private readonly layout: Layout,
    private readonly pins: VersionPins,
    private readonly removals: Removals,
    private readonly clock: Clock,
    /** How long history keeps a replaced version. */
    private readonly historyMs: number,
    private readonly logger: Logger,
  ) {}

  /** Collect soon; returns at once. */
  schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.collect().catch((error: unknown) => {
        this.logger.error({ err: error }, 'retired versions could not be collected');
      });
    }, COLLECT_DELAY_MS).unref();
  }

  /** Removes the project's directory as soon as none of its versions is left; resolves after the first attempt. */
  async removeProjectFiles(projectId: string): Promise<void> {
    this.#emptyingProjects.add(projectId);
    await this.collect();
  }

  /** Resolves when everything that could be collected at the time of the call is gone. */
  collect(): Promise<void> {
    return this.#collect(this.clock.now().getTime() - this.historyMs);
  }

  /** For a disk without room: history gives way, whatever its age. What snapshots hold is kept. */
  collectHistory(): Promise<void> {
    // A version that was retired in this very millisecond counts as retired before the next one.
    return this.#collect(this.clock.now().getTime() + 1);
  }

  async #collect(retiredBeforeMs: number): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    // What was scheduled is done with this.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = this.#collectAll(new Date(retiredBeforeMs));
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Versions forgotten since the last time this was asked, on a schedule or by request. */
  takeForgottenCount(): number {
    const count = this.#forgottenCount;
    this.#forgottenCount = 0;
    return count;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  async #collectAll(retiredBefore: Date): Promise<void> {
    let left: readonly VersionRecord[] = [];
    for (;;) {
      const retired = await this.metadata.listCollectableVersions(retiredBefore, BATCH + this.pins.pinnedCount);
      const claimed = retired.filter((version) => this.pins.claim(version.id));
      left = retired.filter((version) => !claimed.includes(version));
      if (claimed.length === 0) break;
      try {
        const ids = claimed.map((version) => version.id);
        const released = await this.metadata.transaction((tx) => tx.forgetVersions(ids));
        this.#forgottenCount += ids.length;
        for (const { projectId, fileId } of released) {
          await this.removals.remove({ kind: 'version', fileId }, () =>
            this.fileSystem.remove(this.layout.versionPath(projectId, fileId)),
          );
        }
      } finally {
        for (const version of claimed) this.pins.settle(version.id);
      }
    }
    for (const projectId of this.#emptyingProjects) {
      if (left.some((version) => version.projectId === projectId)) continue;
      await this.removals.remove({ kind: 'project', projectId }, () => this.#removeDirectories(projectId));
      this.#emptyingProjects.delete(projectId);
    }
  }

  /** The project's, and those of its branches. */
  async #removeDirectories(projectId: string): Promise<void> {
    for (const { name } of await this.fileSystem.list(this.layout.directories.duckdbDir)) {
      const branch = this.layout.branchOfDirectory(name);
      if (branch?.projectId === projectId) await this.fileSystem.removeTree(this.layout.branchDirectory(branch));
    }
  }
}
