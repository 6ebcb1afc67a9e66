import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Spread } from './statistics.js';

export interface HealthSamples {
  readonly failures: number;
  readonly times: Spread;
}

const INTERVAL_MS = 15;

/** Samples /health from outside for as long as `work` runs. */
export async function sampleHealth<T>(
  baseUrl: string,
  work: () => Promise<T>,
): Promise<{ readonly health: HealthSamples; readonly value: T }> {
  const sampler = fork(fileURLToPath(new URL('./health-sampler.js', import.meta.url)), [baseUrl, String(INTERVAL_MS)], {
    execArgv: [],
  });
  try {
    await once(sampler, 'message');
    const value = await work();
    const answered = once(sampler, 'message');
    sampler.send('stop');
    const [health] = (await answered) as [HealthSamples];
    return { health, value };
  } finally {
    if (sampler.connected) sampler.disconnect();
  }
}
