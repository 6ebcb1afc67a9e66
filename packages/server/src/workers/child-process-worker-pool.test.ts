import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { scriptedPool, scriptedPoolOptions, settingsThatNeed } from '../../test/helpers/scripted-pool.js';
import { tempDir } from '../../test/helpers/temp-dir.js';
import { ChildProcessWorkerPool } from './child-process-worker-pool.js';

const asNumber = (value: unknown): number => {
  if (typeof value !== 'number') throw new Error(`${String(value)} is no number`);
  return value;
};

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('results and errors', () => {
  test('a result comes back as it was sent', async () => {
    const { read, job, pool, outcomes } = await scriptedPool();
    const value = { text: 'ž', list: [1, null], big: 2n ** 70n, bytes: new Uint8Array([1, 2]) };
    expect(await read({ do: 'echo', value })).toEqual(value);
    expect(await job({ do: 'echo', value: 'x'.repeat(3_000_000) })).toHaveLength(3_000_000);
    expect(outcomes).toEqual(['previewTable:done', 'importFile:done']);
    expect(pool.status()).toEqual({
      duckdbVersion: 'scripted',
      lanes: {
        read: { ready: 1, starting: 0, busy: 0, queued: 0, replaced: 0 },
        job: { ready: 1, starting: 0, busy: 0, queued: 0, replaced: 0 },
      },
    });
  });

  test('a DomainError keeps its code, details and cause; a defect shows nothing of itself', async () => {
    const { job } = await scriptedPool();
    const failure = { code: 'import_failed', message: 'line 3 is odd', details: { line: 3 } } as const;
    await expect(job({ do: 'fail', ...failure })).rejects.toMatchObject({
      ...failure,
      name: 'DomainError',
      cause: { message: expect.stringContaining('underneath') },
    });
    const defect = { code: 'internal_server_error', message: expect.not.stringContaining('a defect') };
    await expect(job({ do: 'bug' })).rejects.toMatchObject({
      ...defect,
      cause: { message: expect.stringContaining('a defect') },
    });
    await expect(job({ do: 'unsendable' })).rejects.toMatchObject(defect);
    expect(await job({ do: 'echo', value: 'still there' })).toBe('still there');
  });

  test('a request that cannot be sent fails alone', async () => {
    const { job } = await scriptedPool();
    await expect(job({ do: 'echo', value: () => undefined })).rejects.toMatchObject({ code: 'internal_server_error' });
    expect(await job({ do: 'echo', value: 1 })).toBe(1);
  });
});

describe('lanes', () => {
  test('jobs start in the order they came, one at a time; reads do not wait for them', async () => {
    const { job, run, read, pool, directory } = await scriptedPool();
    const gate = join(directory, 'gate');
    const finished: number[] = [];
    const held = job({ do: 'hold', until: gate }).then(() => finished.push(0));
    const queued = [1, 2, 3, 4].map(async (value) => finished.push(asNumber(await job({ do: 'echo', value }))));
    expect(pool.status().lanes.job).toMatchObject({ busy: 1, queued: 4 });

    expect(await read({ do: 'echo', value: 'preview' })).toBe('preview');
    expect(await run('createTable', { do: 'echo', value: 'table' })).toBe('table');
    expect(finished).toEqual([]);

    await writeFile(gate, '');
    await Promise.all([held, ...queued]);
    expect(finished).toEqual([0, 1, 2, 3, 4]);
  });

  test('a read worker runs several jobs at once; a further worker starts only when all are full, and ends when idle', async () => {
    const { read, pool, directory } = await scriptedPool({ read: { maxWorkers: 2 }, timing: { idleMs: 50 } });
    const gate = join(directory, 'gate');
    const first = [1, 2, 3, 4].map(() => read({ do: 'hold', until: gate }));
    expect(pool.status().lanes.read).toMatchObject({ ready: 1, starting: 0, busy: 1, queued: 0 });
    const second = [1, 2].map(() => read({ do: 'hold', until: gate }));
    expect(pool.status().lanes.read).toMatchObject({ ready: 1, starting: 1, queued: 2 });
    await vi.waitFor(() => expect(pool.status().lanes.read.busy).toBe(2), 10_000);

    await writeFile(gate, '');
    const pids = await Promise.all([...first, ...second]);
    expect(new Set(pids.slice(0, 4)).size).toBe(1);
    expect(new Set(pids).size).toBe(2);
    await vi.waitFor(() => expect(pool.status().lanes.read).toMatchObject({ ready: 1, replaced: 0 }), 10_000);
    await vi.waitFor(() => expect(readdirSync(join(directory, 'workers'))).toHaveLength(2), 5_000);
  });

  test('a full queue refuses with an estimate, and takes jobs again later', async () => {
    const { job, directory } = await scriptedPool({ job: { maxQueued: 2 } });
    const gate = join(directory, 'gate');
    const accepted = [1, 2, 3].map(() => job({ do: 'hold', until: gate }));
    const refused = await job({ do: 'pid' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'server_busy', retryAfterSeconds: expect.any(Number) });
    await writeFile(gate, '');
    await Promise.all(accepted);
    expect(await job({ do: 'echo', value: 1 })).toBe(1);
  });
});

describe('cancelling and deadlines', () => {
  test('a waiting job is dropped, a running one interrupted, and the worker stays', async () => {
    const { job, pool, directory, outcomes } = await scriptedPool();
    const pid = await job({ do: 'pid' });
    const [running, waiting] = [new AbortController(), new AbortController()];
    const never = join(directory, 'never');
    const held = job({ do: 'hold', until: never }, { signal: running.signal });
    const queued = job({ do: 'hold', until: never }, { signal: waiting.signal });
    waiting.abort();
    await expect(queued).rejects.toMatchObject({ code: 'request_cancelled' });
    expect(pool.status().lanes.job).toMatchObject({ busy: 1, queued: 0 });
    running.abort();
    await expect(held).rejects.toMatchObject({ code: 'request_cancelled' });
    await expect(job({ do: 'pid' }, { signal: running.signal })).rejects.toMatchObject({ code: 'request_cancelled' });
    expect(await job({ do: 'pid' })).toBe(pid);
    expect(outcomes.filter((outcome) => outcome.endsWith('request_cancelled'))).toHaveLength(2);
  });

  test.each(['hang', 'spin'] as const)('a job that does not let go (%s) is killed with its worker', async (how) => {
    const { job, pool, log } = await scriptedPool();
    const pid = asNumber(await job({ do: 'pid' }));
    const caller = new AbortController();
    const hanging = job({ do: how }, { signal: caller.signal });
    caller.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'request_cancelled' });
    expect(processExists(pid)).toBe(false);
    expect(await job({ do: 'pid' })).not.toBe(pid);
    expect(pool.status().lanes.job.replaced).toBe(1);
    expect(log.filter((line) => line.level === 'warn')).toMatchObject([{ fields: { reason: 'unresponsive' } }]);
  });

  test('a deadline interrupts, then kills; waiting counts; neighbours that can be repeated are', async () => {
    const { job, read, run, directory } = await scriptedPool();
    const gate = join(directory, 'gate');
    const never = join(directory, 'never');
    await expect(job({ do: 'hold', until: never }, { deadlineMs: 50 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });

    const neighbour = read({ do: 'hold', until: gate });
    const builder = run('createTable', { do: 'hold', until: gate });
    const builderFailed = expect(builder).rejects.toMatchObject({ code: 'worker_crashed' });
    await expect(read({ do: 'hang' }, { deadlineMs: 50 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await builderFailed;
    await writeFile(gate, '');
    expect(asNumber(await neighbour)).toBeGreaterThan(0);

    const held = job({ do: 'hold', until: never }, { deadlineMs: 300 });
    await expect(job({ do: 'pid' }, { deadlineMs: 50 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
      message: expect.stringContaining('waiting'),
    });
    await expect(held).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });
});

describe('workers that break', () => {
  test('a crash fails a build, names the signal, and the next job finds a new worker', async () => {
    const { job, pool, outcomes } = await scriptedPool();
    await expect(job({ do: 'crash' })).rejects.toMatchObject({
      code: 'worker_crashed',
      message: expect.stringContaining('SIGSEGV'),
    });
    await expect(job({ do: 'exit' })).rejects.toMatchObject({
      code: 'worker_crashed',
      message: expect.stringContaining('exit code 3'),
    });
    expect(await job({ do: 'echo', value: 1 })).toBe(1);
    expect(pool.status().lanes.job.replaced).toBe(2);
    expect(outcomes).toEqual(['importFile:worker_crashed', 'importFile:worker_crashed', 'importFile:done']);
  });

  test('a read is tried once more; the one that kills workers fails, its neighbours do not', async () => {
    const { read, run, pool, directory } = await scriptedPool();
    const gate = join(directory, 'gate');
    const attempts = join(directory, 'attempts');
    const killer = expect(read({ do: 'crash', log: attempts })).rejects.toMatchObject({ code: 'worker_crashed' });
    const neighbours = [1, 2].map(() => read({ do: 'hold', until: gate }));
    await killer;
    expect(readFileSync(attempts, 'utf8').trim().split('\n')).toHaveLength(2);
    await writeFile(gate, '');
    await Promise.all(neighbours);
    expect(pool.status().lanes.read.replaced).toBe(2);

    for (const kind of ['previewTable', 'verifyVersion'] as const) {
      const marker = join(directory, kind);
      expect(asNumber(await run(kind, { do: 'crashOnce', marker }))).toBeGreaterThan(0);
    }
  });

  test('an instance reported as broken is replaced; only reads are repeated', async () => {
    const { job, read, pool } = await scriptedPool();
    const pids = [await job({ do: 'pid' }), await read({ do: 'pid' })];
    await expect(job({ do: 'broken' })).rejects.toMatchObject({ message: 'the engine is broken' });
    await expect(read({ do: 'broken' })).rejects.toMatchObject({ message: 'the engine is broken' });
    expect(pids).not.toContain(await job({ do: 'pid' }));
    expect(pids).not.toContain(await read({ do: 'pid' }));
    expect(pool.status().lanes).toMatchObject({ job: { replaced: 1 }, read: { replaced: 2 } });
  });

  test('an idle worker that dies is replaced without being asked', async () => {
    const { job, pool } = await scriptedPool();
    const pid = asNumber(await job({ do: 'pid' }));
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(pool.status().lanes.job).toMatchObject({ ready: 1, replaced: 1 }), 10_000);
    expect(await job({ do: 'pid' })).not.toBe(pid);
  });

  test('too much memory ends the worker and is named', async () => {
    const limits = { residentBytes: 200_000_000, addressSpaceBytes: null, niceness: 0 };
    const { job, log } = await scriptedPool({ job: { limits } });
    await expect(job({ do: 'allocate', bytes: 400_000_000 })).rejects.toMatchObject({ code: 'out_of_memory' });
    expect(await job({ do: 'echo', value: 1 })).toBe(1);
    expect(log.map((line) => line.message)).toContain('a worker uses too much memory and is killed');
  });

  test('workers that cannot start: waiting and new jobs are told, the pool recovers by itself', async () => {
    const directory = await tempDir();
    const key = join(directory, 'key');
    await writeFile(key, '');
    const { job, read, log } = await scriptedPool({ job: { settings: settingsThatNeed(key) } });
    await job({ do: 'pid' });
    await rm(key);

    await expect(job({ do: 'crash' })).rejects.toMatchObject({ code: 'worker_crashed' });
    const told = { code: 'worker_crashed', message: expect.stringContaining('cannot be started') };
    await expect(job({ do: 'pid' })).rejects.toMatchObject(told);
    await expect(job({ do: 'pid' })).rejects.toMatchObject({ ...told, retryAfterSeconds: expect.any(Number) });
    expect(log.filter((line) => line.level === 'error')).toHaveLength(1);
    expect(await read({ do: 'echo', value: 'the other lane works' })).toBe('the other lane works');

    await writeFile(key, '');
    expect(asNumber(await vi.waitFor(() => job({ do: 'pid' }), { timeout: 15_000, interval: 200 }))).toBeGreaterThan(0);
  });

  test('a pool none of whose workers starts rejects and leaves nothing', async () => {
    const directory = await tempDir();
    const options = scriptedPoolOptions(directory, { job: { settings: settingsThatNeed(join(directory, 'no')) } });
    await expect(ChildProcessWorkerPool.start(options)).rejects.toMatchObject({ code: 'worker_crashed' });
    expect(readdirSync(join(directory, 'workers'))).toEqual([]);
  });
});

describe('surroundings of a worker', () => {
  test('environment, priority, limits and temporary directory are its own', async () => {
    const { job, read, directory, pool } = await scriptedPool({
      job: { limits: { residentBytes: 1e9, addressSpaceBytes: 6 * 1024 ** 3, niceness: 5 } },
    });
    expect(Object.keys((await job({ do: 'environment' })) as object)).toEqual(['UV_THREADPOOL_SIZE']);
    const [jobPid, readPid] = [asNumber(await job({ do: 'pid' })), asNumber(await read({ do: 'pid' }))];
    expect([getPriority(jobPid), getPriority(readPid)]).toEqual([5, getPriority(process.pid)]);
    if (existsSync('/usr/bin/prlimit')) {
      const limits = readFileSync(`/proc/${jobPid}/limits`, 'utf8');
      expect(limits).toMatch(new RegExp(`Max address space +${6 * 1024 ** 3} +${6 * 1024 ** 3} `));
      expect(limits).toMatch(/Max core file size +0 +0 /);
    }
    const temps = [await job({ do: 'temp' }), await read({ do: 'temp' })].map(String);
    expect(new Set(temps).size).toBe(2);
    for (const temp of temps) expect(temp.startsWith(join(directory, 'workers'))).toBe(true);
    await writeFile(join(temps[0] ?? '', 'spilled'), 'x');
    await pool.stop(1_000);
    expect(readdirSync(join(directory, 'workers'))).toEqual([]);
  });

  test('leftovers of an earlier service go at start', async () => {
    const directory = await tempDir();
    await mkdir(join(directory, 'workers/job-9/deep'), { recursive: true });
    await writeFile(join(directory, 'workers/job-9/deep/spill'), 'x');
    const pool = await ChildProcessWorkerPool.start(scriptedPoolOptions(directory));
    expect(readdirSync(join(directory, 'workers')).sort()).toEqual(['job-1', 'read-1']);
    await pool.stop(1_000);
  });

  test('standard error reaches the log within bounds, standard output never', async () => {
    const { job, log, pool } = await scriptedPool();
    await job({ do: 'complain', lines: 10_000 });
    await pool.stop(1_000);
    expect(log.filter((line) => 'stderr' in line.fields)).toHaveLength(50);
    expect(JSON.stringify(log)).toContain('the rest is dropped');
    expect(JSON.stringify(log)).not.toContain('not for the log');
  });
});

describe('stopping', () => {
  test('running jobs finish, waiting and new ones are refused, the processes are gone', async () => {
    const { job, read, pool, directory, log } = await scriptedPool();
    const gate = join(directory, 'gate');
    const pid = asNumber(await job({ do: 'pid' }));
    const running = job({ do: 'hold', until: gate });
    const waiting = job({ do: 'pid' });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
    const stopped = pool.stop(20_000);
    await refused;
    await expect(read({ do: 'pid' })).rejects.toMatchObject({ code: 'shutting_down' });
    await writeFile(gate, '');
    expect(await running).toBe(pid);
    await stopped;
    expect(processExists(pid)).toBe(false);
    expect(log.filter((line) => line.level === 'warn' || line.level === 'error')).toEqual([]);
    await pool.stop(0);
  });

  test('what still runs at the deadline is killed', async () => {
    const { job, pool } = await scriptedPool();
    const pid = asNumber(await job({ do: 'pid' }));
    const running = expect(job({ do: 'spin' })).rejects.toMatchObject({ code: 'shutting_down' });
    await pool.stop(50);
    await running;
    expect(processExists(pid)).toBe(false);
  });

  test('signals meant for the service do not end a worker', async () => {
    const { job } = await scriptedPool();
    const pid = asNumber(await job({ do: 'pid' }));
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    expect(await job({ do: 'pid' })).toBe(pid);
  });
});
