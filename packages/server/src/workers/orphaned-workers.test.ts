import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { tempDir } from '../../test/helpers/temp-dir.js';

const OWNER = fileURLToPath(new URL('../../test/helpers/pool-owner.mjs', import.meta.url));

const runs = (pid: number): boolean => existsSync(`/proc/${pid}/status`);

/** A worker whose event loop is stuck can only be ended by the kernel, so that case needs setpriv. */
const waysToBeBusy = existsSync('/usr/bin/setpriv') ? ['hang', 'spin'] : ['hang'];

test.runIf(process.platform === 'linux').each(waysToBeBusy)(
  'workers vanish when the service is killed, even while one is busy (%s)',
  async (how) => {
    const owner = spawn(process.execPath, [OWNER, await tempDir(), how], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void owner.kill('SIGKILL'));
    const [line] = await once(createInterface({ input: owner.stdout }), 'line');
    const pids = JSON.parse(String(line)) as number[];
    expect(pids.filter(runs)).toHaveLength(2);

    owner.kill('SIGKILL');
    await vi.waitFor(() => expect(pids.filter(runs)).toEqual([]), { timeout: 2_000, interval: 20 });
  },
);
