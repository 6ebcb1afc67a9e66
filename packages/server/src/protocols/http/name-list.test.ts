import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitNames } from './name-list.js';

it.each([
  [undefined, null],
  [[''], null],
  [['id'], ['id']],
  [['id, name'], ['id', 'name']],
  [
    ['id', 'name'],
    ['id', 'name'],
  ],
  [['"a,b",c'], ['a,b', 'c']],
  [['"say ""hi"""'], ['say "hi"']],
])('%j', (parameters, expected) => {
  expect(splitNames(parameters)).toEqual(expected);
});

it('finds any names again that were written in quotes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
      const text = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
      expect(splitNames([text])).toEqual(names);
    }),
  );
});
