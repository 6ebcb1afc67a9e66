import { expect, it } from 'vitest';
import { adminPrincipal, type Principal } from '../auth/principal.js';
import { DomainError } from '../errors/domain-error.js';
import { RateLimiter } from './rate-limiter.js';

const caller = (actor: string): Principal => ({
  kind: 'project',
  actor,
  projectId: 'p1',
  scope: 'project_admin',
  branchId: null,
});

function refusalOf(limiter: RateLimiter, principal: Principal): DomainError | undefined {
  try {
    limiter.mustBeWithinRate(principal);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return error as DomainError;
  }
}

it('lets a minute of requests through at once, then as they come back, for each key apart', () => {
  let nowMs = 0;
  const limiter = new RateLimiter(6, () => nowMs);
  for (let count = 0; count < 6; count++) limiter.mustBeWithinRate(caller('k1'));
  const refusal = refusalOf(limiter, caller('k1'));
  expect(refusal).toMatchObject({
    code: 'rate_limited',
    message: 'This key may send 6 requests per minute; repeat the request in 10 s',
    details: { limit_per_minute: 6 },
    retryAfterSeconds: 10,
    retryable: true,
  });
  for (const other of [caller('k2'), adminPrincipal]) expect(refusalOf(limiter, other)).toBeUndefined();
  nowMs = 9_500;
  expect(refusalOf(limiter, caller('k1'))?.retryAfterSeconds).toBe(1);
  nowMs = 10_000;
  expect(refusalOf(limiter, caller('k1'))).toBeUndefined();
  expect(refusalOf(limiter, caller('k1'))?.retryAfterSeconds).toBe(10);
});

it('limits the admin key as well', () => {
  const limiter = new RateLimiter(1, () => 0);
  expect([refusalOf(limiter, adminPrincipal), refusalOf(limiter, adminPrincipal)?.code]).toEqual([
    undefined,
    'rate_limited',
  ]);
});

it('limits nobody when it is off', () => {
  const limiter = new RateLimiter(0, () => 0);
  for (let count = 0; count < 1000; count++) limiter.mustBeWithinRate(caller('k1'));
});

it('forgets callers that were quiet, and none that were not', () => {
  let nowMs = 0;
  const limiter = new RateLimiter(1, () => nowMs);
  for (let count = 0; count < 9_999; count++) limiter.mustBeWithinRate(caller(`k${count}`));
  nowMs = 59_000;
  limiter.mustBeWithinRate(caller('busy'));
  nowMs = 60_000;
  limiter.mustBeWithinRate(caller('new'));
  expect(refusalOf(limiter, caller('busy'))?.code).toBe('rate_limited');
  expect(refusalOf(limiter, caller('k1'))).toBeUndefined();
});
