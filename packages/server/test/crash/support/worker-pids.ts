import { readFile, readdir } from 'node:fs/promises';

/** Process ids of the engine workers of a service, as the kernel knows them. */
export async function workerPids(servicePid: number): Promise<number[]> {
  const pids: number[] = [];
  for (const task of await readdir(`/proc/${servicePid}/task`)) {
    const children = await readFile(`/proc/${servicePid}/task/${task}/children`, 'utf8').catch(() => '');
    for (const pid of children.split(' ').filter((text) => text !== '')) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes('engine-worker')) pids.push(Number(pid));
    }
  }
  return pids;
}
