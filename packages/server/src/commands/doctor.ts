import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { ConfigError } from '../config/option.js';
import { Doctor, type DoctorReport } from '../engine/doctor.js';
import { DiskFileStore } from '../files/disk/disk-file-store.js';
import { NodeFileSystem } from '../lib/node-file-system.js';
import { Lifecycle } from '../lifecycle.js';
import { SqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.js';
import { createLogger } from '../observability/logger.js';
import { layoutOf } from '../storage-places.js';
import { ChildProcessWorkerPool } from '../workers/child-process-worker-pool.js';
import { enginePoolOptions } from '../workers/engine-pool-options.js';

/** Checks the data folder without changing it; exit code 1 when data is missing or damaged. Bytes too many are no error. */
export async function doctor(config: Config, options: { readonly json?: boolean }): Promise<number> {
  const report = await examine(config);
  process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  return report.findings.some(({ severity }) => severity === 'error') ? 1 : 0;
}

/** Its workers get a temporary folder of their own: the one in the data folder may belong to a running server. */
async function examine(config: Config): Promise<DoctorReport> {
  const logger = createLogger({ level: config.service.debug ? 'debug' : 'silent' });
  const lifecycle = new Lifecycle(logger);
  const fileSystem = new NodeFileSystem();
  const { metadataPath } = config.storage;
  if ((await fileSystem.stat(metadataPath)) === undefined) {
    throw new ConfigError(
      `There is no metadata database at ${metadataPath}; set DATA_DIR to the data folder of a server.`,
    );
  }
  try {
    const metadata = await lifecycle.start(
      'metadata',
      () => SqliteMetadataStore.openReadOnly(metadataPath),
      (store) => store.close(),
    );
    const tempBase = await lifecycle.start(
      'temporary folder',
      () => mkdtemp(join(tmpdir(), 'duckdb-storage-doctor-')),
      (path) => rm(path, { recursive: true, force: true }),
    );
    const pool = await lifecycle.start(
      'workers',
      () =>
        ChildProcessWorkerPool.start(
          enginePoolOptions({
            engine: config.engine,
            tempBase,
            maxTempBytes: null,
            logger,
            observer: { onJob: () => undefined },
          }),
        ),
      (started) => started.stop(0),
    );
    const fileStore = new DiskFileStore(config.storage.filesDirectory, fileSystem);
    return await new Doctor(metadata, layoutOf(config), fileSystem, fileStore, pool, checksumOf, new Date()).run();
  } finally {
    await lifecycle.stop();
  }
}

async function checksumOf(source: NodeJS.ReadableStream): Promise<{ sizeBytes: number; checksumSha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, checksumSha256: hash.digest('hex') };
}

export function asText(report: DoctorReport): string {
  const lines = report.findings.map(({ severity, subject, problem }) => `${severity}: ${subject}: ${problem}`);
  const errors = report.findings.filter(({ severity }) => severity === 'error').length;
  lines.push(
    `${report.versionsChecked} table versions in ${report.versionFilesChecked} files, ${report.filesChecked} files of the Files API and ` +
      `${report.workspacesChecked} workspaces checked, ${report.bytesChecked} bytes: ` +
      `${errors === 0 ? 'everything that metadata promises is there' : `${errors} missing or damaged`}` +
      `${report.findings.length > errors ? `; ${report.findings.length - errors} that nothing points to` : ''}.`,
  );
  return `${lines.join('\n')}\n`;
}
