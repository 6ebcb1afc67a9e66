import { parentPort, workerData } from 'node:worker_threads';

import { DatabaseSync } from '@photostructure/sqlite';

import type { CopyThreadData } from './copy-database.js';
import { failureOf, type SqliteFailure } from './sqlite-failure.js';

/** Entry of a thread that lives for one copy: SQLite writes the file in one call, which takes as long as it takes. */
function copy({ databasePath, targetPath }: CopyThreadData): SqliteFailure | null {
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    database = new DatabaseSync(databasePath, { readOnly: true });
    database.prepare('VACUUM INTO ?').run(targetPath);
    return null;
  } catch (error) {
    return failureOf(error);
  } finally {
    database?.close();
  }
}

if (parentPort === null) throw new Error('This file runs as a worker thread of the metadata store');
parentPort.postMessage(copy(workerData as CopyThreadData));
