import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { WorkspaceScene } from '../helpers/workspace-scene.js';

/** `WORKSPACE_KILLS=200` for a release; a few show that the test itself is sound. */
const KILLS = Number(process.env.WORKSPACE_KILLS ?? 12);

/** One round of definitions and rows, each statement a transaction; what replaying a log has failed on is among them. */
function round(number: number): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS log (n INT PRIMARY KEY, made_at TIMESTAMP DEFAULT now(), twice INT GENERATED ALWAYS AS (n * 2))`,
    `INSERT INTO log (n) VALUES (${number})`,
    `CREATE OR REPLACE TABLE t_${number % 5} AS SELECT range AS a, ${number} AS round FROM range(2000)`,
    `ALTER TABLE t_${number % 5} ADD COLUMN made TIMESTAMP DEFAULT now()`,
    `COMMENT ON TABLE t_${number % 5} IS 'round ${number}'`,
    `UPDATE t_${number % 5} SET a = a + 1 WHERE a % 3 = 0`,
    `DELETE FROM t_${number % 5} WHERE a % 7 = 0`,
    `CREATE OR REPLACE VIEW v AS SELECT max(n) AS n FROM log`,
    `INSERT INTO log (n) SELECT ${number} + 1000000`,
  ];
}

function kill9(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself a moment before.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** A kill, what the next start takes, and patience: the machine may be busy. */
const TIMEOUT_MS = 60_000 + KILLS * 15_000;

test(
  `a workspace killed ${KILLS} times at any moment opens, with everything that was acknowledged`,
  async () => {
    const scene = await WorkspaceScene.start({ limits: { spareWorkers: 1 } });
    let next = 1;
    const acknowledged = new Set<number>();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const client = await scene.connect('w1');
      const pid = scene.hosts.processId('w1') ?? 0;
      const timer = setTimeout(() => kill9(pid), randomInt(5, 400));
      for (let alive = true; alive; next += 1) {
        for (const sql of round(next)) {
          const { error, closed } = await client.query(sql);
          if (closed) {
            alive = false;
            break;
          }
          if (error !== undefined) throw new Error(`${sql}: ${error.message}`);
          const inserted = /INSERT INTO log \(n\) (?:VALUES \(|SELECT )(\d+)(?: \+ (\d+))?/.exec(sql);
          if (inserted !== null) acknowledged.add(Number(inserted[1]) + Number(inserted[2] ?? 0));
        }
      }
      clearTimeout(timer);
      const again = await scene.connect('w1');
      if (acknowledged.size > 0) {
        const found = new Set((await again.rows('SELECT list(n) FROM log'))[0]?.[0] as number[]);
        expect([...acknowledged].filter((number) => !found.has(number))).toEqual([]);
        const tables = await again.rows(
          "SELECT table_name FROM duckdb_tables() WHERE database_name = 'ws' AND table_name LIKE 't_%'",
        );
        for (const [table] of tables) {
          const [[count] = []] = await again.rows(`SELECT count(*) FROM ${String(table)}`);
          expect(Number(count)).toBeGreaterThan(0);
        }
      }
      again.end();
    }
    expect(acknowledged.size).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
