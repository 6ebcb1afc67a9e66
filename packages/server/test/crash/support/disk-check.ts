import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { layoutOf } from '../../../src/storage-places.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { LiveTree } from '../../../src/engine/live-tree.js';
import { prepareDisk } from '../../../src/engine/prepare-disk.js';
import { Recovery } from '../../../src/engine/recovery.js';
import { VersionWriter } from '../../../src/engine/version-writer.js';
import { WorkspaceFiles } from '../../../src/engine/workspace-files.js';
import { systemClock } from '../../../src/lib/clock.js';
import { immediateRemovals } from '../../../src/lib/removal-gate.js';
import { NodeFileSystem } from '../../../src/lib/node-file-system.js';
import type { MetadataReader } from '../../../src/metadata/metadata-store.js';
import { SqliteMetadataStore } from '../../../src/metadata/sqlite/sqlite-metadata-store.js';
import { createTestLogger } from '../../helpers/test-log.js';

const ALL = { limit: 1000, offset: 0 };

/** What metadata holds about data, as text: two moments with the same ledger promise the same bytes. */
export async function ledgerOf(metadata: MetadataReader): Promise<string> {
  const projects = await metadata.listProjects({}, ALL);
  const buckets = await Promise.all(projects.items.map(({ id }) => metadata.listBuckets(id)));
  const tables = await metadata.listLiveTables(undefined, 1000);
  const files = await metadata.listFileContents(undefined, 1000);
  return [
    ...projects.items.map(({ id, status }) => `project ${id} ${status}`),
    ...buckets.flatMap(({ items }) => items.map(({ projectId, name }) => `bucket ${projectId}/${name}`)),
    ...tables.map((table) => `table ${table.projectId}/${table.bucketName}/${table.tableName} ${table.fileId}`),
    ...files.map(({ path, checksumSha256 }) => `file ${path} ${checksumSha256}`),
  ]
    .sort()
    .join('\n');
}

/**
 * What a start does with the disk, without the engine and so a hundred times faster: recovery runs, the ledger must be an
 * acceptable one, and every version and file in it must have the bytes that were published, by checksum. Then no
 * version file may be left that metadata does not know.
 */
export async function expectPromisedBytes(
  dataDir: string,
  acceptable: readonly string[],
  label: string,
): Promise<void> {
  const { storage } = loadConfig({ DATA_DIR: dataDir });
  const layout = layoutOf({ storage });
  const fileSystem = new NodeFileSystem();
  const log = createTestLogger();
  for (const directory of Object.values(layout.directories)) await fileSystem.makeDirectory(directory);
  const metadata = await SqliteMetadataStore.open(storage.metadataPath);
  try {
    const writer = new VersionWriter(fileSystem, layout, metadata, systemClock, log.logger);
    const liveTree = new LiveTree(fileSystem, layout, log.logger);
    await prepareDisk(metadata, fileSystem, layout, systemClock);
    const workspaces = new WorkspaceFiles(
      fileSystem,
      layout,
      { run: () => Promise.reject(new Error('Nothing is made here')) },
      metadata,
      immediateRemovals,
      systemClock,
      log.logger,
    );
    const recovery = new Recovery(
      metadata,
      fileSystem,
      layout,
      { liveTree, writer, workspaces },
      immediateRemovals,
      log.logger,
    );
    await recovery.sweep(new AbortController().signal);
    const ledger = await ledgerOf(metadata);
    if (!acceptable.includes(ledger)) expect(ledger, label).toBe(acceptable[0]);
    for (const { projectId, tableId, fileId } of await metadata.listLiveTables(undefined, 1000)) {
      const table = await metadata.getTableById(tableId);
      const found = await checksumOf(layout.versionPath(projectId, fileId));
      expect(found, `${label}: version file ${fileId}`).toBe(table?.current.checksum);
    }
    for (const { path, checksumSha256 } of await metadata.listFileContents(undefined, 1000)) {
      const found = await checksumOf(`${storage.filesDirectory}/${path}`);
      expect(found, `${label}: file ${path}`).toBe(checksumSha256);
    }
    for (const { id } of (await metadata.listProjects({ status: 'active' }, ALL)).items) {
      const present = await fileSystem.list(layout.versionsDirectory(id));
      for (const { name } of present) {
        const fileId = layout.versionFileId(name);
        const known = fileId === undefined ? undefined : await metadata.useOfVersionFile(fileId);
        expect(known, `${label}: orphan ${name}`).toBeDefined();
      }
    }
    expect(log.unexpected(), label).toEqual([]);
  } finally {
    await metadata.close();
  }
}

async function checksumOf(path: string): Promise<string> {
  const content = await readFile(path).catch(() => Buffer.from('missing'));
  return createHash('sha256').update(content).digest('hex');
}
