import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workspaceWorkerPids } from '../crash/support/workspace-workers.js';
import { atThisLoad } from '../helpers/machine-load.js';
import { DoorScene } from './support/door-scene.js';

const BRACKETS = '('.repeat(3_000);
const deepJson = (depth: number): string => `repeat('[', ${depth}) || repeat(']', ${depth})`;

/** Each ends the process of an engine that runs it, or did at some time; deep JSON may also be stored data. */
const CRASHES: readonly string[] = [
  `SELECT * FROM sql_auto_complete('${BRACKETS}')`,
  `SELECT * FROM check_peg_parser('${BRACKETS}')`,
  `SELECT (${deepJson(20_000)})::JSON::VARIANT`,
  `SELECT json_structure((${deepJson(200_000)})::JSON)`,
  `SELECT json_merge_patch((${deepJson(200_000)})::JSON, (${deepJson(200_000)})::JSON)`,
  `SELECT json_contains((${deepJson(200_000)})::JSON, '1')`,
  `SELECT json_group_structure((${deepJson(200_000)})::JSON)`,
  `SELECT json_transform((${deepJson(100_000)})::JSON, '["JSON"]')`,
  `SELECT count(*) FROM stored WHERE json_structure(j) IS NOT NULL`,
  `SELECT ${BRACKETS}1${')'.repeat(3_000)}`,
  `SELECT ${'-'.repeat(1)}${'(-'.repeat(900)}1${')'.repeat(900)}`,
];

/** Do not listen to an interrupt, or not for seconds, when they run. */
const HANGS: readonly string[] = [
  `SELECT true${' AND true'.repeat(200_000)}`,
  Array.from({ length: 20_000 }, () => 'SELECT 1').join(' UNION ALL '),
  'SELECT len(range(1000000000))',
  'SELECT len(list_resize([1], 1000000000, 2))',
  "SELECT len(repeat('x', 4000000000))",
  "SELECT len(lpad('x', 2000000000, 'ab'))",
  'SELECT count(*) FROM (SELECT unnest(range(2000000000)))',
  "SELECT levenshtein(repeat('a', 300000), repeat('b', 300000))",
  `SELECT length(('${'7'.repeat(1_000_000)}'::BIGNUM)::VARCHAR)`,
  `SELECT json_transform((${deepJson(3_000)})::JSON, '"JSON"')`,
  `SELECT ${'list_transform([1], lambda a: '.repeat(200)}1${')'.repeat(200)}`,
  // The text alone: before a statement is known, there is no deadline.
  `SELECT 1 ${'+'.repeat(300_000)} 1`,
  `SELECT ${"'pg_class'::regclass, ".repeat(20_000)}1`,
  `SELECT relname FROM pg_class WHERE ${"relname = 'x' OR ".repeat(20_000)}true`,
  `SELECT sum(hash(a.range, b.range, c.range)) FROM range(100000) a, range(100000) b, range(100000) c`,
];

/** Take many times the memory limit of the engine. */
const MEMORY: readonly string[] = [
  'SELECT count(x) FROM (SELECT unnest(range(2000000000)) AS x)',
  "SELECT damerau_levenshtein(repeat('a', 30000), repeat('b', 30000))",
  'SELECT len(list_resize([1], 800000000, 2))',
  'SELECT len(list_transform(range(300000000), lambda x: x + 1))',
  'SELECT quantile_cont(range, 0.5) FROM range(600000000)',
  "SELECT length(format('{:>2000000000}', 1))",
  'SELECT list(range) IS NULL FROM range(500000000)',
  "SELECT length(string_agg(range::VARCHAR, ',')) FROM range(200000000)",
  'SELECT count(*) FROM (SELECT range a, md5(range::VARCHAR) b FROM range(100000000) ORDER BY b LIMIT 50000000)',
];

/** After the deadline, the grace of two seconds, and a second. */
const DEADLINE_MS = 1_500;
const ENDED_MS = DEADLINE_MS + 3_000;
const COMEBACK_MS = 1_000;

/** Either form of the protocol, in turn. */
const formOf = (index: number): 'simple' | 'extended' => (index % 2 === 0 ? 'simple' : 'extended');

let scene: DoorScene;
beforeAll(async () => {
  scene = await DoorScene.start({ PGWIRE_SESSION_MEMORY_LIMIT: '512MB', PGWIRE_SESSION_TEMP_LIMIT: '500MB' });
});
afterAll(() => scene.stop());

describe('the crash set', () => {
  test('each is denied, fails, or ends its own process only; the next session works within a second', async () => {
    const bystander = await scene.connect(scene.bystander);
    const first = await scene.connect();
    await first.query(`CREATE TABLE stored AS SELECT (${deepJson(200_000)})::JSON AS j`);
    await first.end();
    const comebacksMs: number[] = [];
    for (const [index, sql] of CRASHES.entries()) {
      const client = await scene.connect();
      await client.query('SET statement_timeout = 5000');
      const refused = await client.refusal(sql, formOf(index));
      if (refused?.severity === 'FATAL') {
        expect(refused.code, sql.slice(0, 80)).toMatch(/^58000|57014|53200$/);
        const before = performance.now();
        const next = await scene.connect();
        expect((await next.query('SELECT 1 AS x')).rows).toEqual([{ x: 1 }]);
        comebacksMs.push(performance.now() - before);
        await next.end();
      }
      await client.end();
      expect((await bystander.query('SELECT 2 AS x')).rows).toEqual([{ x: 2 }]);
    }
    // One that is late is the machine, two are a pattern.
    expect(comebacksMs.filter((ms) => ms > atThisLoad(COMEBACK_MS)).length, comebacksMs.join()).toBeLessThanOrEqual(1);
    await bystander.end();
  });
});

describe('the hang set', () => {
  test.each(HANGS.map((sql, index) => [sql.slice(0, 60), sql, formOf(index)] as const))(
    '%s',
    async (_name, sql, form) => {
      const client = await scene.connect();
      await client.query(`SET statement_timeout = ${DEADLINE_MS}`);
      const before = performance.now();
      const refused = await client.refusal(sql, form);
      expect(performance.now() - before).toBeLessThan(atThisLoad(ENDED_MS));
      if (refused !== undefined) expect(refused.code).toMatch(/^(57014|53200|53100|54\d{3}|22\d{3}|42\d{3}|58000)$/);
      await client.end();
      const next = await scene.connect();
      expect((await next.query('SELECT 1 AS x')).rows).toEqual([{ x: 1 }]);
      await next.end();
    },
  );
});

describe('the memory set', () => {
  test.each(MEMORY.map((sql, index) => [sql.slice(0, 60), sql, formOf(index)] as const))(
    '%s',
    async (_name, sql, form) => {
      const client = await scene.connect();
      await client.query('SET statement_timeout = 12000');
      const [pid] = await workspaceWorkerPids(process.pid, scene.own.id);
      expect(pid).toBeDefined();
      const own = process.memoryUsage().rss;
      let highest = residentBytesOf(pid);
      const timer = setInterval(() => (highest = Math.max(highest, residentBytesOf(pid))), 20);
      const refused = await client.refusal(sql, form);
      clearInterval(timer);
      if (refused !== undefined) expect(refused.code).toMatch(/^(53200|53100|57014|54\d{3}|22\d{3}|58000)$/);
      // What runs away within one look of the watchdog is stopped by the address space.
      expect(highest).toBeGreaterThan(0);
      expect(highest).toBeLessThan(4_800_000_000);
      expect(process.memoryUsage().rss - own).toBeLessThan(100_000_000);
      await client.end();
      const next = await scene.connect();
      expect((await next.query('SELECT 1 AS x')).rows).toEqual([{ x: 1 }]);
      await next.end();
    },
  );
});

function residentBytesOf(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}
