// A worker entry whose jobs do what the test's request says; see scripted-pool.ts. Plain JavaScript, because workers run
// built files only. The channel code is the real one.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { DomainError } from '../../dist/errors/domain-error.js';
import { serveJobs } from '../../dist/workers/worker-runtime.js';

const forever = new Promise(() => undefined);
const kept = [];

const ACTIONS = {
  echo: (script) => script.value,
  pid: () => process.pid,
  temp: (_script, _signal, settings) => settings.tempDirectory,
  environment: () => process.env,
  unsendable: () => () => undefined,
  fail: (script) => {
    throw new DomainError(script.code, script.message, script.details, { cause: new Error('underneath') });
  },
  bug: () => {
    throw new TypeError('a defect');
  },
  broken: () => {
    throw Object.assign(new DomainError('worker_crashed', 'the engine is broken'), { broken: true });
  },
  // Waits for the file to appear, or for a cancel.
  hold: (script, signal) =>
    new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        if (!signal.aborted && !existsSync(script.until)) return;
        clearInterval(timer);
        if (signal.aborted) reject(new DomainError('request_cancelled', 'interrupted'));
        else resolve(process.pid);
      }, 5);
    }),
  // Ignores a cancel but leaves the event loop alive; `spin` does not even do that.
  hang: () => forever,
  spin: () => {
    for (;;);
  },
  crash: (script) => {
    if (script.log !== undefined) appendFileSync(script.log, `${process.pid}\n`);
    process.kill(process.pid, script.signal ?? 'SIGSEGV');
    return forever;
  },
  crashOnce: (script) => {
    if (existsSync(script.marker)) return process.pid;
    writeFileSync(script.marker, '');
    process.kill(process.pid, 'SIGSEGV');
    return forever;
  },
  exit: () => process.exit(3),
  allocate: (script) => {
    kept.push(Buffer.alloc(script.bytes, 1));
    return forever;
  },
  complain: (script) => {
    for (let line = 0; line < script.lines; line += 1) process.stderr.write(`complaint ${line}\n`);
    process.stdout.write('not for the log\n');
    return null;
  },
};

await serveJobs(async (settings) => {
  // `memoryLimit` is free text here: a file without which this worker cannot start.
  if (settings.memoryLimit !== '' && !existsSync(settings.memoryLimit)) process.exit(7);
  return {
    duckdbVersion: 'scripted',
    run: async (_kind, script, signal) => ACTIONS[script.do](script, signal, settings),
    breaksInstance: (error) => error.broken === true,
    close: () => undefined,
  };
});
