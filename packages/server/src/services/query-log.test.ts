import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTestLogger } from '../../test/helpers/test-log.js';
import type { MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { QueryRecord } from '../metadata/workspace-records.js';
import { QueryLog, withoutSecrets, type StatementObserver } from './query-log.js';

const NOW = new Date('2026-11-25T12:00:00Z');
let written: QueryRecord[][];
let counted: string[];
let failure: Error | undefined;

function newLog() {
  const log = createTestLogger();
  const tx: Partial<MetadataTransaction> = {
    putQueries: (queries) => {
      if (failure !== undefined) return Promise.reject(failure);
      written.push([...queries]);
      return Promise.resolve();
    },
  };
  const metadata: Partial<MetadataStore> = { transaction: (work) => work(tx as MetadataTransaction) };
  const observer: StatementObserver = { statementFinished: (_workspace, { outcome }) => void counted.push(outcome) };
  return { log, queries: new QueryLog(metadata as MetadataStore, { now: () => NOW }, log.logger, 0, observer) };
}

const start = (statementId: string, more: object = {}) => ({
  statementId,
  workspaceId: 'ws_1',
  sessionId: 's1',
  actor: 'user',
  statement: 'SELECT 1',
  startedAt: NOW,
  ...more,
});
const end = (statementId: string) => ({
  statementId,
  outcome: 'success' as const,
  sqlState: null,
  message: null,
  rows: 1,
  bytes: 2,
  durationMs: 3.4,
});

beforeEach(() => {
  written = [];
  counted = [];
  failure = undefined;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

it('writes a statement once when it starts and ends within a moment, and twice when it takes longer', async () => {
  const { queries } = newLog();
  queries.started('p1', start('q1'));
  queries.finished(end('q1'));
  queries.started('p1', start('q2'));
  await queries.flush();
  queries.finished(end('q2'));
  queries.finished(end('unknown'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.map((batch) => batch.map(({ id, outcome, durationMs }) => [id, outcome, durationMs]))).toEqual([
    [
      ['q1', 'success', 3],
      ['q2', 'running', null],
    ],
    [['q2', 'success', 3]],
  ]);
  expect(counted).toEqual(['success', 'success']);
});

it('takes for lost what a session left running, a moment after its end', async () => {
  const { queries } = newLog();
  queries.started('p1', start('q1'));
  queries.started('p1', start('q2'));
  queries.started('p1', start('q3', { sessionId: 's2' }));
  queries.sessionEnded('s1');
  queries.finished(end('q1'));
  await vi.advanceTimersByTimeAsync(4_900);
  expect(counted).toEqual(['success']);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(counted).toEqual(['success', 'lost']);
  const last = new Map(written.flat().map(({ id, outcome }) => [id, outcome]));
  expect(Object.fromEntries(last)).toEqual({ q1: 'success', q2: 'lost', q3: 'running' });
});

it('cuts what is long, keeps its size bounded, and says what it left out or lost', async () => {
  const { queries, log } = newLog();
  queries.started('p1', start('long', { statement: 'x'.repeat(20_000) }));
  for (let index = 0; index < 20_000; index += 1) queries.started('p1', start(`q${index}`));
  failure = new Error('disk');
  await queries.flush();
  expect(log.unexpected(/^statements were left out|^the query log could not be written/)).toEqual([]);
  expect(log.unexpected()).toHaveLength(2);
  failure = undefined;
  queries.started('p1', start('after', { statement: 'y'.repeat(20_000) }));
  await queries.flush();
  expect(written.flat()[0]?.statement).toBe(`${'y'.repeat(10_000)}…`);
});

it('takes literals out of statements that speak of secrets, and leaves all others as they are', () => {
  expect(withoutSecrets("SELECT 'a''b'")).toBe("SELECT 'a''b'");
  expect(withoutSecrets("CREATE SECRET (TYPE s3, KEY_ID 'abc', SECRET 'x''y')")).toBe(
    "CREATE SECRET (TYPE s3, KEY_ID '…', SECRET '…')",
  );
  expect(withoutSecrets('ALTER USER u PASSWORD $$let me in$$')).toBe("ALTER USER u PASSWORD '…'");
  expect(withoutSecrets("ALTER USER u PASSWORD 'cut off")).toBe("ALTER USER u PASSWORD '…'");
  expect(withoutSecrets('SELECT a FROM passwords')).toBe('SELECT a FROM passwords');
});
