import { expect, it } from 'vitest';
import { createTestLogger } from '../../test/helpers/test-log.js';
import { Maintenance, type MaintenanceJob, type MaintenanceObserver } from './maintenance.js';

const NOW = new Date('2026-11-23T12:00:00Z');
type Run = Parameters<MaintenanceObserver['finished']>[0];

function maintenanceOf(jobs: readonly MaintenanceJob[]) {
  const log = createTestLogger();
  const runs: Run[] = [];
  const observer = { finished: (run: Run) => void runs.push(run) };
  const maintenance = new Maintenance(jobs, 60_000, { now: () => NOW }, log.logger, observer);
  return { maintenance, log, runs };
}

it('goes on after a job that fails, logs it, and tells the outcome of each', async () => {
  const { maintenance, log, runs } = maintenanceOf([
    { name: 'first', run: () => Promise.resolve(3) },
    { name: 'broken', run: () => Promise.reject(new Error('no such disk')) },
    { name: 'last', run: () => Promise.resolve(0) },
  ]);
  await maintenance.runOnce();
  expect(runs.map(({ job, outcome, removed, at }) => [job, outcome, removed, at])).toEqual([
    ['first', 'success', 3, NOW],
    ['broken', 'failed', 0, NOW],
    ['last', 'success', 0, NOW],
  ]);
  for (const { durationMs } of runs) expect(durationMs).toBeGreaterThanOrEqual(0);
  expect(log.unexpected(/a maintenance job failed/)).toEqual([]);
  expect(log.unexpected()).toHaveLength(1);
});

it('never runs two rounds at once: one that is asked for meanwhile comes afterwards', async () => {
  let running = 0;
  let most = 0;
  const { maintenance, runs } = maintenanceOf([
    {
      name: 'slow',
      run: async () => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return 1;
      },
    },
  ]);
  await Promise.all([maintenance.runOnce(), maintenance.runOnce(), maintenance.runOnce()]);
  expect([most, runs.length]).toEqual([1, 3]);
});

it('waits for the running job when it stops, and begins no other', async () => {
  const started: string[] = [];
  let finish = (): void => undefined;
  const { maintenance, runs } = maintenanceOf([
    {
      name: 'long',
      run: () => {
        started.push('long');
        return new Promise((resolve) => (finish = () => resolve(1)));
      },
    },
    {
      name: 'next',
      run: () => {
        started.push('next');
        return Promise.resolve(0);
      },
    },
  ]);
  const round = maintenance.runOnce();
  await new Promise((resolve) => setImmediate(resolve));
  const stopped = maintenance.stop();
  finish();
  await Promise.all([round, stopped]);
  expect(started).toEqual(['long']);
  expect(runs.map(({ job }) => job)).toEqual(['long']);
});
