import { expect, it } from 'vitest';
import { ProjectConcurrency } from './project-concurrency.js';

function held(): { readonly promise: Promise<void>; readonly release: () => void } {
  let release = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}

const nothing = (): Promise<string> => Promise.resolve('done');

it('lets so many changes of one project run, and refuses the next until one has ended, however it ended', async () => {
  const limit = new ProjectConcurrency(2);
  const [first, second] = [held(), held()];
  const runs = [
    limit.run('table.import', 'p1', () => first.promise),
    limit.run('table.export', 'P1', () => second.promise.then(() => Promise.reject(new Error('broken')))),
  ];
  await expect(limit.run('bucket.create', 'p1', nothing)).rejects.toMatchObject({
    code: 'project_busy',
    message: 'Project p1 already has 2 changes or exports running; repeat the request when one has ended',
    details: { project_id: 'p1', limit: 2 },
    retryable: true,
  });
  expect(await limit.run('bucket.create', 'p2', nothing)).toBe('done');
  first.release();
  await runs[0];
  expect(await limit.run('bucket.create', 'p1', nothing)).toBe('done');
  second.release();
  await expect(runs[1]).rejects.toThrow('broken');
  const third = [held(), held()];
  const again = third.map(({ promise }) => limit.run('table.import', 'p1', () => promise));
  for (const { release } of third) release();
  await Promise.all(again);
});

it('never stands in the way of whoever manages the project', async () => {
  const limit = new ProjectConcurrency(1);
  const work = held();
  const running = limit.run('table.import', 'p1', () => work.promise);
  expect(await limit.run('api_key.revoke', 'p1', nothing)).toBe('done');
  expect(await limit.run('backend.init', null, nothing)).toBe('done');
  work.release();
  await running;
});

it('is off with 0', async () => {
  const limit = new ProjectConcurrency(0);
  const work = held();
  const running = Array.from({ length: 50 }, () => limit.run('table.import', 'p1', () => work.promise));
  expect(await limit.run('table.import', 'p1', nothing)).toBe('done');
  work.release();
  await Promise.all(running);
});
