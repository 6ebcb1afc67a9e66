import { readFile } from 'node:fs/promises';

const SAMPLE_MS = 20;

export interface PeakMemory {
  readonly serviceBytes: number;
  /** The largest engine worker. */
  readonly workerBytes: number;
}

/** Peak resident memory of the service and of its workers while `work` runs, from Linux's own books. */
export async function watchMemory<T>(
  servicePid: number,
  work: () => Promise<T>,
): Promise<{ readonly peak: PeakMemory; readonly value: T }> {
  let serviceBytes = 0;
  let workerBytes = 0;
  const sample = async (): Promise<void> => {
    serviceBytes = Math.max(serviceBytes, await statusBytes(servicePid, 'VmRSS'));
    for (const pid of await childrenOf(servicePid)) {
      // The kernel's high-water mark of a worker misses nothing between two samples.
      workerBytes = Math.max(workerBytes, await statusBytes(pid, 'VmHWM'));
    }
  };
  let sampling = Promise.resolve();
  const timer = setInterval(() => {
    sampling = sampling.then(sample);
  }, SAMPLE_MS);
  try {
    const value = await work();
    await sampling;
    await sample();
    return { peak: { serviceBytes, workerBytes }, value };
  } finally {
    clearInterval(timer);
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** Zero for a process that ended between two looks. */
async function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return kibibytes === undefined ? 0 : Number(kibibytes) * 1024;
}
