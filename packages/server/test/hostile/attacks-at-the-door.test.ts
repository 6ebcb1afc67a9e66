import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attackLines, type AttackLine } from './support/attack-lines.js';
import { DoorScene, type DoorClient } from './support/door-scene.js';

interface Way {
  readonly name: string;
  /** Answers the code of the refusal; undefined when it was not refused. */
  readonly attack: (scene: DoorScene, client: DoorClient, sql: string) => Promise<string | undefined>;
  readonly queriesOnly?: boolean;
  /** The statement inside keeps its code, or is no statement there. */
  readonly wraps: boolean;
}

const simple = (name: string, wrap: (sql: string) => string, more: Partial<Way> = {}): Way => ({
  name,
  attack: async (_scene, client, sql) => (await client.refusal(wrap(sql)))?.code,
  wraps: true,
  ...more,
});

const WAYS: readonly Way[] = [
  simple('simple protocol', (sql) => sql, { wraps: false }),
  simple('second of a text', (sql) => `SELECT 1; ${sql}`, { wraps: false }),
  {
    name: 'extended protocol',
    attack: async (_scene, client, sql) => (await client.refusal(sql, 'extended'))?.code,
    wraps: false,
  },
  { name: 'SQL over HTTP', attack: (scene, _client, sql) => scene.overHttp(sql), wraps: true },
  simple('PREPARE', (sql) => `PREPARE stolen AS ${sql}`),
  simple('EXPLAIN', (sql) => `EXPLAIN ${sql}`),
  simple('EXPLAIN ANALYZE', (sql) => `EXPLAIN (ANALYZE) ${sql}`),
  simple('COPY TO STDOUT', (sql) => `COPY (${sql}) TO STDOUT`),
  {
    name: 'cursor',
    attack: async (_scene, client, sql) => {
      await client.query('BEGIN');
      const refused = await client.refusal(`DECLARE stolen CURSOR FOR ${sql}`);
      await client.query('ROLLBACK');
      return refused?.code;
    },
    wraps: true,
  },
  simple('view', (sql) => `CREATE VIEW stolen AS ${sql}`, { queriesOnly: true }),
  simple('macro', (sql) => `CREATE MACRO stolen() AS TABLE ${sql}`, { queriesOnly: true }),
  simple('CREATE TABLE AS', (sql) => `CREATE TABLE stolen AS ${sql}`, { queriesOnly: true }),
  simple('INSERT', (sql) => `INSERT INTO mine SELECT 1 FROM (${sql})`, { queriesOnly: true }),
  simple('common table', (sql) => `WITH stolen AS (${sql}) SELECT * FROM stolen`, { queriesOnly: true }),
  simple('subquery', (sql) => `SELECT (SELECT count(*) FROM (${sql}) AS stolen)`, { queriesOnly: true }),
];

/** Nothing of that kind can stand there. */
const NO_STATEMENT_THERE = ['42601', '0A000', '25001'];

function isRefused({ code }: AttackLine, answered: string | undefined, { wraps }: Way): boolean {
  return answered === code || (wraps && answered !== undefined && NO_STATEMENT_THERE.includes(answered));
}

let scene: DoorScene;
beforeAll(async () => {
  scene = await DoorScene.start();
});
afterAll(async () => {
  await scene.stop();
  expect(scene.app.log.unexpected()).toEqual([]);
});

describe('the attack table, at the PostgreSQL door', () => {
  test.each(WAYS.map((way) => [way.name, way] as const))('%s', async (_name, way) => {
    const client = await scene.connect();
    await client.query('CREATE TABLE IF NOT EXISTS mine (a INT)');
    const counted = async (): Promise<unknown> =>
      (await client.query('SELECT count(*)::int AS n, sum(x)::int AS sum FROM in_c_sales.orders')).rows;
    expect(await counted()).toEqual([{ n: 1000, sum: 999_000 }]);
    const paths = scene.attachedPaths();
    expect(paths).toHaveLength(2);
    const before = scene.checksums();
    const wrong: string[] = [];
    let lines = 0;
    for (const line of attackLines(paths)) {
      if (way.queriesOnly === true && !/^(SELECT|FROM)/.test(line.sql)) continue;
      lines += 1;
      const answered = await way.attack(scene, client, line.sql);
      if (!isRefused(line, answered, way)) wrong.push(`${line.sql}: ${answered ?? 'done'} instead of ${line.code}`);
    }
    expect(wrong).toEqual([]);
    expect(lines).toBeGreaterThan(20);
    expect(scene.checksums()).toEqual(before);
    scene.mustNotHaveTold();
    expect(await counted()).toEqual([{ n: 1000, sum: 999_000 }]);
    await client.end();
  });
});
