import type { FromWorker, JobKind, ToWorker, WorkerSettings } from './messages.js';
import { toWireError } from './wire-error.js';
import { liveWithService, readSettings, sendToService } from './worker-lifeline.js';

/** What an entry file brings along: the jobs, and what they need. */
export interface WorkerEngine {
  readonly duckdbVersion: string;
  run(kind: JobKind, request: unknown, signal: AbortSignal): Promise<unknown>;
  /** The error means that every later job in this process would fail too. */
  breaksInstance(error: unknown): boolean;
  close(): void;
}

/**
 * The worker's side of the channel; entry files call it once.
 *
 *   open engine ─► 'ready' ─► run … done | failed ─► 'stop' ─► last job ends ─► close ─► exit
 *   channel closed at any time (the service is dead): SIGKILL to itself, since a running statement would hold up an exit
 */
export async function serveJobs(open: (settings: WorkerSettings) => Promise<WorkerEngine>): Promise<void> {
  liveWithService();
  const engine = await open(readSettings<WorkerSettings>());
  const running = new Map<number, AbortController>();
  let stopping = false;

  const exitWhenDone = (): void => {
    if (!stopping || running.size > 0) return;
    engine.close();
    process.exit(0);
  };

  const run = async (jobId: number, kind: JobKind, request: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(jobId, controller);
    try {
      await send({ type: 'done', jobId, result: await engine.run(kind, request, controller.signal) });
    } catch (error) {
      await send({ type: 'failed', jobId, error: toWireError(error), instanceBroken: engine.breaksInstance(error) });
    } finally {
      running.delete(jobId);
    }
    exitWhenDone();
  };

  process.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'run':
        // A failure here is a channel that no longer works: node ends the process, the pool sees it.
        void run(message.jobId, message.kind, message.request);
        break;
      case 'cancel':
        running.get(message.jobId)?.abort();
        break;
      case 'stop':
        stopping = true;
        exitWhenDone();
        break;
    }
  });
  await send({ type: 'ready', duckdbVersion: engine.duckdbVersion });
}

function send(message: FromWorker): Promise<void> {
  return sendToService(message);
}
