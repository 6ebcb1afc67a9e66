import { describe, expect, it } from 'vitest';
import { LoginGuard } from './login-guard.js';

const MINUTE = 60_000;

function scene(maxFailures = 3) {
  let now = 0;
  const bans: string[] = [];
  const guard = new LoginGuard({
    maxFailures,
    banMs: MINUTE,
    nowMs: () => now,
    onBan: ({ address, username }) => bans.push(`${username} from ${address}`),
  });
  return {
    guard,
    bans,
    pass: (ms: number) => (now += ms),
    fail: (times: number, address: string, user = 'ana') => {
      for (let count = 0; count < times; count += 1) guard.failed(address, user);
    },
  };
}

describe('LoginGuard', () => {
  it('bans an address after so many failures, for any user, and lets it in again', () => {
    const { guard, bans, pass, fail } = scene();
    fail(2, '10.0.0.1');
    expect(guard.waitMs('10.0.0.1')).toBe(0);
    guard.failed('10.0.0.1', 'eva');
    expect(bans).toEqual(['eva from 10.0.0.1']);
    expect(guard.waitMs('10.0.0.1', 'ana')).toBe(MINUTE);
    expect(guard.waitMs('10.0.0.2', 'ana')).toBe(0);
    pass(MINUTE);
    expect(guard.waitMs('10.0.0.1', 'ana')).toBe(0);
  });

  it('forgets failures that are older than the window, and all of them after a login', () => {
    const { guard, pass, fail } = scene();
    fail(2, '10.0.0.1');
    pass(MINUTE + 1);
    fail(2, '10.0.0.1');
    guard.succeeded('10.0.0.1', 'ana');
    fail(2, '10.0.0.1');
    expect(guard.waitMs('10.0.0.1')).toBe(0);
  });

  it('counts the addresses of one IPv6 network together', () => {
    const { guard } = scene();
    for (const last of ['1', '2', '3']) guard.failed(`2001:db8:0:1::${last}`, 'ana');
    expect(guard.waitMs('2001:db8:0:1::ffff')).toBe(MINUTE);
    expect(guard.waitMs('2001:db8:0:2::1')).toBe(0);
  });

  it('stops an attack on one user from many addresses, but not that user', () => {
    const { guard } = scene();
    guard.succeeded('10.9.9.9', 'ana');
    for (let host = 1; host <= 15; host += 1) guard.failed(`10.0.0.${host}`, 'ana');
    expect(guard.waitMs('10.0.1.1', 'ana')).toBe(MINUTE);
    expect(guard.waitMs('10.0.1.1', 'eva')).toBe(0);
    expect(guard.waitMs('10.9.9.9', 'ana')).toBe(0);
  });

  it('remembers a bounded number of strangers', () => {
    const { guard, fail } = scene();
    fail(3, '10.0.0.1');
    for (let count = 0; count < 10_000; count += 1)
      guard.failed(`11.${count >> 16}.${(count >> 8) & 255}.${count & 255}`, `u${count}`);
    expect(guard.waitMs('10.0.0.1')).toBe(0);
  });

  it('can be switched off', () => {
    const { guard, fail } = scene(0);
    fail(100, '10.0.0.1');
    expect(guard.waitMs('10.0.0.1', 'ana')).toBe(0);
  });
});
