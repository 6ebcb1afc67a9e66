import { describe, expect, it } from 'vitest';
import { Doors } from './doors.js';

describe('Doors', () => {
  it('close at the same time, and once', async () => {
    const doors = new Doors();
    const log: string[] = [];
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    doors.opened(async () => {
      log.push('slow begins');
      await slow;
      log.push('slow ends');
    });
    doors.opened(() => {
      log.push('quick');
      return Promise.resolve();
    });
    const closed = doors.close();
    expect(log).toEqual(['slow begins', 'quick']);
    release();
    await closed;
    await doors.close();
    expect(log).toEqual(['slow begins', 'quick', 'slow ends']);
  });

  it('tell of a failure after the others have closed', async () => {
    const doors = new Doors();
    let closed = false;
    doors.opened(() => Promise.reject(new Error('stuck')));
    doors.opened(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      closed = true;
    });
    await expect(doors.close()).rejects.toThrow('stuck');
    expect(closed).toBe(true);
  });
});
