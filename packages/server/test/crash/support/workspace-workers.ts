import { readdir, readFile, readlink } from 'node:fs/promises';

/** Process ids of the workspace workers of a service; of those that have `workspaceId` open, when it is given. */
export async function workspaceWorkerPids(servicePid: number, workspaceId?: string): Promise<number[]> {
  const pids: number[] = [];
  for (const task of await readdir(`/proc/${servicePid}/task`)) {
    const children = await readFile(`/proc/${servicePid}/task/${task}/children`, 'utf8').catch(() => '');
    for (const pid of children.split(' ').filter((text) => text !== '')) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (!command.includes('workspace-worker')) continue;
      if (workspaceId === undefined || (await hasOpen(pid, workspaceId))) pids.push(Number(pid));
    }
  }
  return pids;
}

async function hasOpen(pid: string, workspaceId: string): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return targets.some((target) => target.includes(`/${workspaceId}`));
}
