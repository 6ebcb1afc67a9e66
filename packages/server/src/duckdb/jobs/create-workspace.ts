import { stat } from 'node:fs/promises';
import type { JobHandler } from '../../workers/job-context.js';
import { LARGE_BLOCK_BYTES } from '../engine-database.js';
import { quoteLiteral } from '../quoting.js';

/** An empty file for somebody's tables, with the note that says whose it is. It is made to grow, so its blocks are large. */
export const createWorkspace: JobHandler<'createWorkspace'> = async (
  { stagingPath, workspaceId },
  { database, signal },
) => {
  await database.withStagedFile(
    stagingPath,
    { blockSizeBytes: LARGE_BLOCK_BYTES },
    signal,
    async (connection, alias) => {
      const info = `${alias}.main._workspace_info`;
      await connection.run(`CREATE TABLE ${info} (key VARCHAR, value VARCHAR)`);
      await connection.run(`INSERT INTO ${info} VALUES ('workspace_id', ${quoteLiteral(workspaceId)})`);
    },
  );
  return { sizeBytes: (await stat(stagingPath)).size };
};
