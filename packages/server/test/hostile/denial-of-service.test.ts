import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WorkspaceScene } from '../helpers/workspace-scene.js';

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

/** Do not listen to an interrupt, or not for seconds. */
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

function residentBytesOf(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}

describe('the crash set', () => {
  test('each is denied, fails, or ends its own process only; the next session works within a second', async () => {
    const scene = await WorkspaceScene.start({ limits: { spareWorkers: 1, maxOpen: 4 } });
    const bystander = await scene.connect('bystander');
    const first = await scene.connect('w1');
    await first.rows(`CREATE TABLE stored AS SELECT (${deepJson(200_000)})::JSON AS j`);
    first.end();
    const slow: string[] = [];
    for (const sql of CRASHES) {
      const client = await scene.connect('w1', { statementTimeoutMs: 5_000 });
      const { rows, error, closed } = await client.query(sql);
      if (closed) expect(error?.sqlState, sql.slice(0, 80)).toMatch(/^58000|57014|53200$/);
      else expect(error !== undefined || rows.length > 0, sql.slice(0, 80)).toBe(true);
      client.end();
      if (closed) {
        const before = performance.now();
        const next = await scene.connect('w1');
        expect(await next.rows('SELECT 1')).toEqual([[1]]);
        if (performance.now() - before > 1_000)
          slow.push(`${Math.round(performance.now() - before)} ms: ${sql.slice(0, 80)}`);
        next.end();
      }
      expect(await bystander.rows('SELECT 2')).toEqual([[2]]);
    }
    // Two processors are shared with whatever else runs; one that is late is the machine, two are a pattern.
    expect(slow.length, slow.join('\n')).toBeLessThanOrEqual(1);
    expect(scene.ends).not.toContain('shutdown');
  });
});

describe('the hang set', () => {
  test.each(HANGS.map((sql) => [sql.slice(0, 60), sql] as const))('%s', async (_name, sql) => {
    const scene = await WorkspaceScene.start();
    const client = await scene.connect('w1', { statementTimeoutMs: 1_500 });
    const before = performance.now();
    await client.query(sql);
    // The deadline, the grace of two seconds, and a second.
    expect(performance.now() - before).toBeLessThan(4_500);
    const next = await scene.connect('w1');
    expect(await next.rows('SELECT 1')).toEqual([[1]]);
  });
});

describe('the memory set', () => {
  test.each(MEMORY.map((sql) => [sql.slice(0, 60), sql] as const))('%s', async (_name, sql) => {
    const scene = await WorkspaceScene.start({ timing: { memorySampleMs: 50 } });
    const client = await scene.connect('w1', { statementTimeoutMs: 12_000 });
    const pid = scene.hosts.processId('w1');
    const own = process.memoryUsage().rss;
    let highest = 0;
    const timer = setInterval(() => (highest = Math.max(highest, residentBytesOf(pid))), 20);
    await client.query(sql);
    clearInterval(timer);
    // What runs away within one look of the watchdog is stopped by the address space.
    expect(highest).toBeLessThan(4_000_000_000);
    expect(process.memoryUsage().rss - own).toBeLessThan(100_000_000);
    const next = await scene.connect('w1');
    expect(await next.rows('SELECT 1')).toEqual([[1]]);
  });
});
