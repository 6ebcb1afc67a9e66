import type { Config } from './config/config.js';
import type { Layout } from './engine/layout.js';
import { entryUrl } from './lib/entry-url.js';
import type { Logger } from './lib/logger.js';
import { ChildProcessWorkspaceHosts } from './workers/child-process-workspace-hosts.js';
import { DEFAULT_HOST_TIMING } from './workers/workspace-host-options.js';
import type { WorkspaceHostsObserver, WorkspaceSource } from './workers/workspace-hosts.js';

/** As for engine workers, see `engine-pool-options.ts`. */
const RESIDENT_HEADROOM_BYTES = 1_000_000_000;
const ADDRESS_SPACE_HEADROOM_BYTES = 4 * 1024 ** 3;
/** Attached files cost 0.3 MB each at most. */
const ATTACHED_VERSIONS = 256;
/** Of attached versions, the workspace file, spilled and spooled rows, and the sockets of sessions. */
const OPEN_FILES = 4096;

/** Above what is set aside of the rows of one session. */
const MIN_FILE_SIZE_BYTES = 5_000_000_000;

/** The processes of open workspaces. None is started before the first is needed, spares excepted. */
export function composeWorkspaceHosts(input: {
  readonly config: Pick<Config, 'pgwire' | 'workspaces' | 'engine'>;
  readonly layout: Layout;
  /** Another program than the workers' own. */
  readonly entry?: URL;
  readonly source: WorkspaceSource;
  readonly observer: WorkspaceHostsObserver;
  readonly logger: Logger;
}): ChildProcessWorkspaceHosts {
  const { layout, source, observer, logger } = input;
  const { pgwire, workspaces, engine } = input.config;
  return new ChildProcessWorkspaceHosts({
    entry: input.entry ?? entryUrl(import.meta.url, './workspace-worker.js'),
    root: layout.directories.duckdbDir,
    base: layout.openWorkspacesDirectory,
    source,
    observer,
    logger,
    timing: { ...DEFAULT_HOST_TIMING, idleMs: workspaces.idleMs },
    limits: {
      maxOpen: workspaces.maxOpen,
      spareWorkers: workspaces.spareWorkers,
      memoryLimitBytes: pgwire.sessionMemoryLimitBytes,
      threads: engine.threads,
      maxTempBytes: pgwire.sessionTempLimitBytes,
      minFileSizeBytes: Math.max(pgwire.sessionTempLimitBytes, MIN_FILE_SIZE_BYTES),
      attachedVersions: ATTACHED_VERSIONS,
      residentBytes: pgwire.sessionMemoryLimitBytes + RESIDENT_HEADROOM_BYTES,
      addressSpaceBytes: pgwire.sessionMemoryLimitBytes + ADDRESS_SPACE_HEADROOM_BYTES,
      openFiles: OPEN_FILES,
      firstUserId: workspaces.firstUserId,
    },
  });
}
