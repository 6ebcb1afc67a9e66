import { readFileSync, readdirSync } from 'node:fs';

/** Linux counts in hundredths of a second whatever the kernel's own clock is. */
const MS_PER_TICK = 10;

/**
 * Processor time of a process and its children so far, threads included. On a machine that has other work to do it says more than the
 * clock. Zero where there is no /proc.
 */
export function cpuMsOf(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + ownCpuMs(each), 0);
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => fieldsOf(each)[1] === String(pid));
}

function ownCpuMs(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MS_PER_TICK;
}

/** Of `/proc/{pid}/stat`, after the name in parentheses: state, parent, …, user time, system time. */
function fieldsOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It ended between two looks, or this is not Linux.
    return [];
  }
}
