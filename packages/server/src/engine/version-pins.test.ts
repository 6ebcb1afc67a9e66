import { describe, expect, it } from 'vitest';
import { VersionPins } from './version-pins.js';

describe('VersionPins', () => {
  it('refuses to claim a version while somebody reads it', () => {
    const pins = new VersionPins();
    const first = pins.pin('v1');
    const second = pins.pin('v1');
    expect(pins.claim('v1')).toBe(false);
    first?.[Symbol.dispose]();
    expect(pins.claim('v1')).toBe(false);
    second?.[Symbol.dispose]();
    expect(pins.claim('v1')).toBe(true);
  });

  it('refuses to pin a version that is being removed, until that is settled', () => {
    const pins = new VersionPins();
    expect(pins.claim('v1')).toBe(true);
    expect(pins.claim('v1')).toBe(false);
    expect(pins.pin('v1')).toBeUndefined();
    pins.settle('v1');
    expect(pins.pin('v1')).toBeDefined();
  });

  it('counts a pin that is released twice only once', () => {
    const pins = new VersionPins();
    const first = pins.pin('v1');
    pins.pin('v1');
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(pins.claim('v1')).toBe(false);
  });
});
