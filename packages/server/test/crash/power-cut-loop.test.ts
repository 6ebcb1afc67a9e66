import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Api } from '../../../../acceptance/helpers/api.js';
import { startServer } from '../../../../acceptance/helpers/server-process.js';
import { makeTempDir } from '../helpers/temp-dir.js';
import { CrashCrew } from './support/crash-crew.js';
import { runDoctor } from './support/doctor.js';
import { LoopDisk, whyNoLoopDisk, type DiskFormat } from './support/loop-disk.js';
import { SeededRandom } from './support/seeded-random.js';
import { mustHaveNoOrphans } from './support/tidy-disk.js';
import { workerPids } from './support/worker-pids.js';

const CUTS = Number(process.env['POWER_CUTS'] ?? (process.env['CI'] === undefined ? 5 : 20));
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const DISK_BYTES = 512 * 1024 * 1024;
/** Without this pause the cut races with an fsync that is running, and even a plain append loses data. */
const SETTLE_MS = 80;

/**
 * Real power cuts, SQLite and DuckDB included: the data folder is on a disk of its own, which is shut down without writing
 * its journal while clients work. After mounting it again (journal recovery) a server must find every acknowledged write.
 */
describe.each(['ext4', 'xfs'] satisfies DiskFormat[])('A power cut on %s', (format) => {
  const obstacle = whyNoLoopDisk(format);
  const title = `loses nothing that was acknowledged, ${CUTS} times`;

  it.skipIf(obstacle !== undefined)(obstacle === undefined ? title : `${title} (skipped: ${obstacle})`, async () => {
    const random = new SeededRandom(SEED);
    const crew = new CrashCrew(random, { clients: 4, bigRows: 20_000 });
    await using disk = await LoopDisk.make(format, DISK_BYTES);
    const dataDir = join(disk.mountPoint, 'data');
    await mkdir(dataDir);
    const env = { DISK_RESERVE_BYTES: '0' };
    const server = await startServer({ dataDir, env, expectedErrors: [/./] });
    try {
      const admin = () => new Api(server.baseUrl, server.adminKey);
      await crew.setUp(admin());
      for (let cut = 1; cut <= CUTS; cut += 1) {
        const work = crew.start(admin());
        await pause(random.between(50, 1_200));
        const pids = [server.pid, ...(await workerPids(server.pid))];
        for (const pid of pids) process.kill(pid, 'SIGSTOP');
        await pause(SETTLE_MS);
        await disk.cutPower();
        await server.kill('SIGKILL');
        await work.ended;
        await disk.unmount();
        await disk.mount();
        await server.restart('SIGKILL');
        expect(await crew.recover(admin()), `after cut ${cut}, seed ${SEED}`).toEqual([]);
      }
    } finally {
      await server.stop();
    }
    // On a copy: SQLite's descriptors in this process may outlive the store, and the disk is unmounted now.
    await using copy = await makeTempDir();
    await cp(dataDir, copy.path, { recursive: true });
    await mustHaveNoOrphans(copy.path);
    expect(await runDoctor(copy.path)).toMatchObject({ findings: [] });
    const { acknowledged, unanswered, lost, torn } = crew.figures;
    process.stdout.write(
      `power cuts on ${format}: ${CUTS} (seed ${SEED}); ${acknowledged} acknowledged writes checked, ` +
        `${unanswered} without an answer; ${lost} lost, ${torn} torn\n`,
    );
  });
});
