import { availableParallelism, loadavg } from 'node:os';

/** What takes `idleMs` at most on a machine that does nothing else, where others work too: in proportion to the processes for each processor. */
export function atThisLoad(idleMs: number): number {
  return idleMs * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
}
