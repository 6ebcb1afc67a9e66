import type { Clock } from '../lib/clock.js';
import type { FileSystem } from '../lib/file-system.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { Layout } from './layout.js';

/** Makes the directories, empties what only a running process needs, and settles what died with the last process. */
export async function prepareDisk(
  metadata: MetadataStore,
  fileSystem: FileSystem,
  layout: Layout,
  clock: Clock,
): Promise<void> {
  for (const directory of Object.values(layout.directories)) await fileSystem.makeDirectory(directory);
  // A process that was killed may have made a directory that is there now and never synced its entry.
  await fileSystem.syncDirectory(layout.directories.dataDir);
  await fileSystem.removeTree(layout.stagingDirectory);
  await fileSystem.makeDirectory(layout.stagingDirectory);
  await fileSystem.removeTree(layout.snapshotExportsDirectory);
  await metadata.transaction(async (tx) => {
    await tx.deleteRunningIdempotencyKeys();
    await tx.endActiveWireSessions('failed', clock.now());
    await tx.loseRunningQueries();
  });
}
