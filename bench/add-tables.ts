import { link, readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as layouts from '../packages/server/src/engine/layout.js';
import type * as stores from '../packages/server/src/metadata/sqlite/sqlite-metadata-store.js';
import type * as ids from '../packages/server/src/model/ids.js';
import type { ServerUnderTest } from './server-under-test.js';

const TABLES_PER_TRANSACTION = 500;

/**
 * Copies of the table `template`, straight into the metadata of a stopped server, with links to its file: creating them one by one would take longer
 * than everything else, and a start cannot tell the difference.
 */
export async function addTables(server: ServerUnderTest, count: number): Promise<void> {
  const { SqliteMetadataStore } = await built<typeof stores>('metadata/sqlite/sqlite-metadata-store');
  const { Layout } = await built<typeof layouts>('engine/layout');
  const { newSortableId } = await built<typeof ids>('model/ids');
  const { dataDir } = server.process;
  const layout = new Layout({
    dataDir,
    duckdbDir: `${dataDir}/duckdb`,
    filesDir: `${dataDir}/files`,
    snapshotsDir: `${dataDir}/snapshots`,
  });
  const store = await SqliteMetadataStore.open(`${dataDir}/metadata.sqlite`);
  try {
    const projectId = server.project.id;
    const template = await store.getTable(projectId, server.bucket, 'template');
    if (template === undefined) throw new Error('The template table is missing');
    const templatePath = layout.versionPath(projectId, template.current.fileId);
    const createdAt = new Date();
    for (let first = 0; first < count; first += TABLES_PER_TRANSACTION) {
      const names = Array.from(
        { length: Math.min(TABLES_PER_TRANSACTION, count - first) },
        (_, i) => `many_${first + i}`,
      );
      const tables = names.map((name) => ({ name, id: newSortableId(createdAt), versionId: newSortableId(createdAt) }));
      for (const { name, versionId } of tables) {
        await link(templatePath, layout.versionPath(projectId, versionId));
        await link(templatePath, layout.liveTablePath({ projectId, branchId: 'default' }, server.bucket, name));
      }
      await store.transaction(async (tx) => {
        for (const { name, id, versionId } of tables) {
          const version = { ...template.current, id: versionId, fileId: versionId, tableId: id, createdAt };
          const { bucketId, description, columnDescriptions } = template;
          await tx.insertTable({ id, projectId, bucketId, name, description, columnDescriptions, createdAt, version });
        }
      });
    }
    const files = await readdir(layout.versionsDirectory(projectId));
    if (files.length < count) throw new Error(`There are ${files.length} table files instead of ${count}`);
  } finally {
    await store.close();
  }
}

/** The server’s own modules as it runs them, seen from `bench/dist`; the metadata store finds its thread beside its file. */
async function built<M>(module: string): Promise<M> {
  const path = fileURLToPath(new URL(`../../packages/server/dist/${module}.js`, import.meta.url));
  return (await import(pathToFileURL(path).href)) as M;
}
