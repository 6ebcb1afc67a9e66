import { version } from '@duckdb/node-api';
import { DuckDbEngineDatabase } from '../duckdb/duckdb-engine-database.js';
import { breaksInstance } from '../duckdb/engine-errors.js';
import { runEngineJob } from './engine-worker-jobs.js';
import { serveJobs } from './worker-runtime.js';

/** Entry of an engine worker: one DuckDB instance, storage jobs from the service. */
await serveJobs(async (settings) => {
  const database = await DuckDbEngineDatabase.open(settings);
  return {
    duckdbVersion: version(),
    run: (kind, request, signal) =>
      runEngineJob(kind, request, { database, signal, tempDirectory: settings.tempDirectory }),
    breaksInstance,
    close: () => database.close(),
  };
});
