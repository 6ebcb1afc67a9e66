import { spreadOf, type Spread } from './statistics.js';

export interface Paired {
  readonly ours: Spread;
  readonly raw: Spread;
  /** Raw time by our time, per round; above 1 we were faster. */
  readonly ratios: readonly number[];
}

/** Each side does the work once and says how many milliseconds it took; what it does before and after is not counted. */
export interface Pair {
  readonly ours: (round: number) => Promise<number>;
  readonly raw: (round: number) => Promise<number>;
}

/**
 * Both sides in turn, so that a machine that slows down meanwhile slows both. The first pair only warms caches and is dropped. Round
 * numbers start at 0 with that pair.
 */
export async function inTurns(rounds: number, pair: Pair): Promise<Paired> {
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const oursMs = await pair.ours(round);
    const rawMs = await pair.raw(round);
    if (round === 0) continue;
    ours.push(oursMs);
    raw.push(rawMs);
  }
  return { ours: spreadOf(ours), raw: spreadOf(raw), ratios: ours.map((ms, index) => (raw[index] ?? Number.NaN) / ms) };
}

export async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}
