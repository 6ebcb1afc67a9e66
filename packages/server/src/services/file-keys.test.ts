import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOfKey } from '../files/disk/key-path.js';
import { finalFileKey, stagedFileKey } from './file-keys.js';

describe('finalFileKey', () => {
  it('is the day, the id and the name', () => {
    const date = new Date('2026-11-23T23:59:59.999Z');
    expect(finalFileKey('p1', 'id', 'd.csv', date)).toBe('project_p1/2026/11/23/id_d.csv');
    expect(finalFileKey('p1', 'id', 'čísla/ä b😀.csv', date)).toBe('project_p1/2026/11/23/id___sla___b_.csv');
  });

  it('keeps the end of a long name', () => {
    const key = finalFileKey('p1', 'id', `${'x'.repeat(200)}.csv.gz`, new Date(0));
    expect(key).toBe(`project_p1/1970/01/01/id_${'x'.repeat(93)}.csv.gz`);
  });

  it('makes a key of any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }), (name) => {
        for (const key of [finalFileKey('p', 'id', name, new Date(0)), stagedFileKey('p', 'key', 'a1', name)]) {
          expect(pathOfKey('/root', key)).toBe(`/root/${key}`);
          expect(key.split('/').at(-1)).toMatch(/^[A-Za-z0-9._-]{1,150}$/);
        }
      }),
    );
  });
});
