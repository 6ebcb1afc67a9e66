import { describe, expect, it } from 'vitest';
import { ConnectionSlots } from './connection-slots.js';

const tooMany = (message: string) =>
  expect.objectContaining({ sqlState: '53300', severity: 'FATAL', message }) as Error;

describe('ConnectionSlots', () => {
  it('limits the sessions of a workspace, of an address and of all', () => {
    const slots = new ConnectionSlots({ total: 4, perWorkspace: 2, perAddress: 3 });
    const first = slots.open('10.0.0.1', 'a');
    slots.open('10.0.0.1', 'a');
    expect(() => slots.open('10.0.0.2', 'a')).toThrow(tooMany('too many connections for this workspace'));
    slots.open('10.0.0.1', 'b');
    expect(() => slots.open('10.0.0.1', 'c')).toThrow(tooMany('too many connections from this address'));
    slots.open('10.0.0.2', 'c');
    expect(() => slots.open('10.0.0.3', 'd')).toThrow(tooMany('sorry, too many clients already'));
    first();
    first();
    expect(slots.sessions).toBe(3);
    slots.open('10.0.0.3', 'a');
    expect(() => slots.open('10.0.0.3', 'd')).toThrow('too many clients');
  });

  it('has no limit for an address unless one is set', () => {
    const slots = new ConnectionSlots({ total: 1000, perWorkspace: 1000, perAddress: 0 });
    for (let count = 0; count < 500; count += 1) slots.open('10.0.0.1', 'a');
    expect(slots.sessions).toBe(500);
  });

  it('lets one address hold half of the places for those who have not logged in', () => {
    const slots = new ConnectionSlots({ total: 20, perWorkspace: 5, perAddress: 0 });
    const taken = Array.from({ length: 20 }, () => slots.wait('10.0.0.1'));
    expect(taken.every((release) => release !== undefined)).toBe(true);
    expect(slots.wait('10.0.0.1')).toBeUndefined();
    for (let count = 0; count < 20; count += 1) expect(slots.wait(`10.0.1.${count}`)).toBeDefined();
    expect(slots.wait('10.0.2.1')).toBeUndefined();
    taken[0]?.();
    taken[0]?.();
    expect(slots.wait('10.0.0.1')).toBeDefined();
    expect(slots.wait('10.0.2.1')).toBeUndefined();
  });
});
