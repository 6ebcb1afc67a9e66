import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { entryUrl } from '../../lib/entry-url.js';
import { storageFailure, type SqliteFailure } from './sqlite-failure.js';

export interface CopyThreadData {
  readonly databasePath: string;
  readonly targetPath: string;
}

/**
 * Copies the database as of one committed moment into a new file, in a thread of its own and over a connection of its
 * own: a reader in WAL mode, so neither the main thread nor a transaction waits for it.
 */
export async function copyDatabase(databasePath: string, targetPath: string): Promise<void> {
  const data: CopyThreadData = { databasePath, targetPath };
  const worker = new Worker(entryUrl(import.meta.url, './copy-thread-entry.js'), {
    name: 'metadata-copy',
    workerData: data,
    execArgv: [],
  });
  const exited = once(worker, 'exit');
  const ended = exited.then(([code]) => [
    { message: `the copying thread ended with code ${code}`, code: 0, codeName: 'ended' },
  ]);
  const [failure] = (await Promise.race([once(worker, 'message'), ended])) as [SqliteFailure | null];
  await exited;
  if (failure !== null) throw storageFailure(failure);
}
