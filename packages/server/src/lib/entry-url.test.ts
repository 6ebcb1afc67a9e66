import { describe, expect, it } from 'vitest';

import { entryUrl } from './entry-url.js';

describe('entryUrl', () => {
  it('is the neighbour when the caller is built', () => {
    expect(entryUrl('file:///srv/app/dist/a/caller.js', './entry.js').pathname).toBe('/srv/app/dist/a/entry.js');
  });

  it('is the built counterpart when the caller is a source file', () => {
    expect(entryUrl('file:///srv/app/src/a/caller.ts', './entry.js').pathname).toBe('/srv/app/dist/a/entry.js');
    expect(entryUrl('file:///srv/app/src/a/caller.ts', '../b/entry.js').pathname).toBe('/srv/app/dist/b/entry.js');
  });

  it('leaves an installation under a folder called src alone', () => {
    expect(entryUrl('file:///usr/src/app/dist/caller.js', './entry.js').pathname).toBe('/usr/src/app/dist/entry.js');
    expect(entryUrl('file:///usr/src/app/src/caller.ts', './entry.js').pathname).toBe('/usr/src/app/dist/entry.js');
  });

  it('refuses a source file outside src', () => {
    expect(() => entryUrl('file:///srv/app/tools/caller.ts', './entry.js')).toThrow('not under a src folder');
  });
});
