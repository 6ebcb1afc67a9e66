import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import { scriptedPool, type Script } from '../../test/helpers/scripted-pool.js';

/** A job, and the errors it may end with; no entry means that it has to succeed. */
interface Plan {
  readonly kind: 'previewTable' | 'createTable' | 'importFile' | 'verifyVersion';
  readonly what: 'echo' | 'hold' | 'fail' | 'crash' | 'broken' | 'hang' | 'abort';
}

const plans = fc.array(
  fc.record<Plan>({
    kind: fc.constantFrom('previewTable', 'createTable', 'importFile', 'verifyVersion'),
    what: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('echo' as const, 'hold' as const, 'fail' as const) },
      { weight: 2, arbitrary: fc.constantFrom('crash' as const, 'broken' as const, 'hang' as const, 'abort' as const) },
    ),
  }),
  { minLength: 10, maxLength: 30 },
);

/** What a job of its own doing ends with; a neighbour's crash adds `worker_crashed` for those that are not repeated. */
const OWN_OUTCOME: Record<Plan['what'], string> = {
  echo: 'done',
  hold: 'done',
  fail: 'import_failed',
  crash: 'worker_crashed',
  broken: 'worker_crashed',
  hang: 'deadline_exceeded',
  abort: 'request_cancelled',
};

test('whatever jobs do, each ends once, with its own outcome, and the pool is whole again', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (jobs) => {
      const { pool, run, directory, outcomes } = await scriptedPool({
        read: { maxWorkers: 2 },
        job: { maxWorkers: 2 },
        timing: { graceMs: 100, idleMs: 50 },
      });
      const gate = join(directory, 'gate');
      const outcomeOf = async (plan: Plan): Promise<string> => {
        const caller = new AbortController();
        const scripts: Record<Plan['what'], Script> = {
          echo: { do: 'echo', value: 1 },
          hold: { do: 'hold', until: gate },
          fail: { do: 'fail', code: 'import_failed', message: 'x', details: {} },
          crash: { do: 'crash' },
          broken: { do: 'broken' },
          hang: { do: 'hang' },
          abort: { do: 'hold', until: join(directory, 'never') },
        };
        const limits = plan.what === 'hang' ? { deadlineMs: 50 } : {};
        const answer = run(plan.kind, scripts[plan.what], { signal: caller.signal, ...limits });
        if (plan.what === 'abort') setImmediate(() => caller.abort());
        try {
          await answer;
          return 'done';
        } catch (error) {
          return isDomainError(error) ? error.code : String(error);
        }
      };
      const ended = jobs.map(outcomeOf);
      await writeFile(gate, '');
      const results = await Promise.all(ended);

      for (const [index, plan] of jobs.entries()) {
        const alone = plan.kind !== 'createTable';
        const expected = [OWN_OUTCOME[plan.what], ...(alone ? [] : ['worker_crashed'])];
        expect(expected, `${plan.kind} ${plan.what}`).toContain(results[index]);
      }
      expect(outcomes).toHaveLength(jobs.length);
      await vi.waitFor(() => {
        for (const lane of Object.values(pool.status().lanes)) {
          expect(lane).toMatchObject({ ready: 1, starting: 0, busy: 0, queued: 0 });
        }
      }, 10_000);
      await pool.stop(1_000);
    }),
    { numRuns: 6 },
  );
}, 120_000);
