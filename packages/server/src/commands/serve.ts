import { startApp } from '../app.js';
import { loadAdminKey } from '../auth/admin-key.js';
import type { Config } from '../config/config.js';
import { NodeFileSystem } from '../lib/node-file-system.js';
import { stopOnSignal } from '../lifecycle.js';
import { createLogger } from '../observability/logger.js';
import { baseUrlOf, firstStartBanner } from './first-start-banner.js';
import { mustNotBeHalfRestored } from './restore.js';

/** Runs the server until a signal stops it; resolves with the exit code. */
export async function serve(config: Config): Promise<number> {
  // Data and metadata are for the service's user and group; nobody else on the machine needs them.
  process.umask(0o027);
  const logger = createLogger({ level: config.service.logLevel });
  for (const warning of config.warnings) logger.warn({}, warning);

  await mustNotBeHalfRestored(config.storage, new NodeFileSystem());
  const adminKey = await loadAdminKey(config);
  const app = await startApp(config, logger, adminKey.key);
  const exitCode = stopOnSignal({
    stop: () => app.stop(),
    shutdownTimeoutMs: config.lifecycle.shutdownTimeoutMs,
    logger,
    signals: process,
  });

  const baseUrl = baseUrlOf(app.address, config.http.prefix);
  if (adminKey.created && adminKey.path !== null) {
    // Not through the log: a log is kept and shipped, the key should be in neither.
    process.stderr.write(firstStartBanner({ baseUrl, key: adminKey.key, keyPath: adminKey.path }));
  }
  logger.info(
    { baseUrl, adminKey: adminKey.path ?? 'from ADMIN_API_KEY', dataDirectory: config.storage.dataDirectory },
    'ready',
  );
  return exitCode;
}
