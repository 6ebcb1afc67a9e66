import { stat } from 'node:fs/promises';
import type { JobHandler } from '../../workers/job-context.js';
import { LARGE_BLOCK_BYTES } from '../engine-database.js';

/** An empty file for somebody's tables. It is made to grow, so its blocks are large. */
export const createWorkspace: JobHandler<'createWorkspace'> = async ({ stagingPath }, { database, signal }) => {
  await database.withStagedFile(stagingPath, { blockSizeBytes: LARGE_BLOCK_BYTES }, signal, () => Promise.resolve());
  return { sizeBytes: (await stat(stagingPath)).size };
};
