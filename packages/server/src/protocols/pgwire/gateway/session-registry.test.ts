import { describe, expect, it } from 'vitest';
import { SessionRegistry } from './session-registry.js';

describe('SessionRegistry', () => {
  it('finds a session by its number and its own secret only', () => {
    const registry = new SessionRegistry();
    const [mine, other] = [registry.open('a'), registry.open('b')];
    expect(registry.named(mine.backendPid, mine.cancelSecret)).toBe(mine);
    expect(registry.named(mine.backendPid, other.cancelSecret)).toBeUndefined();
    expect(registry.named(mine.backendPid, ~mine.cancelSecret >>> 0)).toBeUndefined();
    registry.close(mine.sessionId);
    expect(registry.named(mine.backendPid, mine.cancelSecret)).toBeUndefined();
  });

  it('gives every session a number and an id of its own', () => {
    const registry = new SessionRegistry();
    const sessions = Array.from({ length: 200 }, () => registry.open('a'));
    expect(new Set(sessions.map(({ backendPid }) => backendPid)).size).toBe(200);
    expect(new Set(sessions.map(({ sessionId }) => sessionId)).size).toBe(200);
    expect(sessions.every(({ sessionId }) => /^pgw_[0-9a-f]{16}$/.test(sessionId))).toBe(true);
  });

  it('remembers why the worker ended a session', () => {
    const registry = new SessionRegistry();
    const { sessionId } = registry.open('a');
    registry.event(sessionId, { kind: 'state', state: 'active' });
    expect(registry.endOf(sessionId)).toBeUndefined();
    registry.event(sessionId, { kind: 'ended', reason: 'timeout' });
    expect(registry.endOf(sessionId)).toBe('timeout');
    registry.close(sessionId);
    expect(registry.endOf(sessionId)).toBeUndefined();
  });
});
