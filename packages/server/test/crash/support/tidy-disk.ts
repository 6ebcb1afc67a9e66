import { DiskFileStore } from '../../../src/files/disk/disk-file-store.js';
import { NodeFileSystem } from '../../../src/lib/node-file-system.js';
import { SqliteMetadataStore } from '../../../src/metadata/sqlite/sqlite-metadata-store.js';
import { FileCollector } from '../../../src/services/file-collector.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { startTestApp } from '../../helpers/test-app.js';

/**
 * Start, sweep, collect, stop: afterwards nothing is on the disk that metadata does not point to. The collection of
 * files waits ten minutes between two looks in a running service; here nobody is at work, so it need not.
 */
export async function mustHaveNoOrphans(dataDir: string): Promise<void> {
  const app = await startTestApp({ dataDir });
  await app.swept;
  await app.runMaintenance();
  await app.stop();
  await collectOrphanFiles(dataDir);
}

/** What the background collection of files does, without its waiting; the server must be down. */
export async function collectOrphanFiles(dataDir: string): Promise<void> {
  const { storage } = loadConfig({ DATA_DIR: dataDir });
  const store = await SqliteMetadataStore.open(storage.metadataPath);
  const warnings: unknown[] = [];
  const collector = new FileCollector(
    {
      store,
      fileStore: new DiskFileStore(storage.filesDirectory, new NodeFileSystem()),
      clock: { now: () => new Date() },
      limits: { maxUploadBytes: 0, maxFiles: 0, maxBytes: 0, uploadLifetimeMs: 0 },
      diskGuard: { mustHaveRoom: () => Promise.resolve(), state: () => Promise.reject(new Error('not asked')) },
      logger: silentLogger(warnings),
    },
    0,
  );
  await collector.collectOrphans();
  await store.close();
  if (warnings.length > 0) throw new Error(`orphans could not be removed: ${JSON.stringify(warnings)}`);
}

function silentLogger(warnings: unknown[]) {
  const ignore = (): void => undefined;
  const remember = (details: unknown): void => void warnings.push(details);
  return { debug: ignore, info: ignore, warn: remember, error: remember };
}
