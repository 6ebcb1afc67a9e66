import { spreadOf, type Spread } from './statistics.js';

export interface Paired {
  readonly ours: Spread;
  readonly raw: Spread;
  /** Raw time by our time, per round; above 1 we were faster. */
  readonly ratios: readonly number[];
  /** The same for processor time, of the medians. */
  readonly cpuRatio: number;
}

/** What one side took for doing the work once. */
export interface Cost {
  readonly ms: number;
  /** Processor time of all its processes. */
  readonly cpuMs: number;
}

/** What each side does before and after its work is not counted. */
export interface Pair {
  readonly ours: (round: number) => Promise<Cost>;
  readonly raw: (round: number) => Promise<Cost>;
}

/**
 * Both sides in turn, so that a machine that slows down meanwhile slows both. The first pair only warms caches and is dropped. Round
 * numbers start at 0 with that pair.
 */
export async function inTurns(rounds: number, pair: Pair): Promise<Paired> {
  const ours: Cost[] = [];
  const raw: Cost[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const oursCost = await pair.ours(round);
    const rawCost = await pair.raw(round);
    if (round === 0) continue;
    ours.push(oursCost);
    raw.push(rawCost);
  }
  return {
    ours: spreadOf(ours.map(({ ms }) => ms)),
    raw: spreadOf(raw.map(({ ms }) => ms)),
    ratios: ours.map(({ ms }, index) => (raw[index]?.ms ?? Number.NaN) / ms),
    cpuRatio: spreadOf(raw.map(({ cpuMs }) => cpuMs)).median / spreadOf(ours.map(({ cpuMs }) => cpuMs)).median,
  };
}

export async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}
