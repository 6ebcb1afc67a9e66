import type { Config } from './config/config.js';
import type { Layout } from './engine/layout.js';
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
/** One is kept started, so that opening a workspace does not wait for a process. */
const SPARE_WORKERS = 1;
/** Above those of people and services on common systems; only used where the service runs as root. */
const FIRST_USER_ID = 59_000;

/** The hosts of workspaces as the configuration asks for them. */
export function startWorkspaceHosts(input: {
  readonly config: Pick<Config, 'pgwire' | 'engine'>;
  readonly layout: Layout;
  readonly entry: URL;
  readonly source: WorkspaceSource;
  readonly observer: WorkspaceHostsObserver;
  readonly logger: Logger;
}): Promise<ChildProcessWorkspaceHosts> {
  const { layout, entry, source, observer, logger } = input;
  const { pgwire, engine } = input.config;
  return ChildProcessWorkspaceHosts.start({
    entry,
    root: layout.directories.duckdbDir,
    base: layout.openWorkspacesDirectory,
    source,
    observer,
    logger,
    timing: DEFAULT_HOST_TIMING,
    limits: {
      maxOpen: pgwire.maxConnectionsTotal,
      spareWorkers: SPARE_WORKERS,
      memoryLimitBytes: pgwire.sessionMemoryLimitBytes,
      threads: engine.threads,
      maxTempBytes: pgwire.sessionTempLimitBytes,
      attachedVersions: ATTACHED_VERSIONS,
      residentBytes: pgwire.sessionMemoryLimitBytes + RESIDENT_HEADROOM_BYTES,
      addressSpaceBytes: pgwire.sessionMemoryLimitBytes + ADDRESS_SPACE_HEADROOM_BYTES,
      openFiles: OPEN_FILES,
      firstUserId: FIRST_USER_ID,
    },
  });
}
