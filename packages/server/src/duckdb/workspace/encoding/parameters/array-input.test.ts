import { describe, expect, it } from 'vitest';
import { parseArrayText, type ArrayInput } from './array-input.js';

const EM_SPACE = '\u2003';
const NO_BREAK_SPACE = '\u00a0';

describe('The text of an array', () => {
  it.each<[text: string, elements: ArrayInput]>([
    ['{ a , b\t}', ['a', 'b']],
    [`{${EM_SPACE}}`, [EM_SPACE]],
    [`{a${EM_SPACE},${NO_BREAK_SPACE}b${NO_BREAK_SPACE} }`, [`a${EM_SPACE}`, `${NO_BREAK_SPACE}b${NO_BREAK_SPACE}`]],
    [`{NULL${EM_SPACE}, null }`, [`NULL${EM_SPACE}`, null]],
  ])("loses PostgreSQL's blanks around elements, and no other space: %s", (text, elements) => {
    expect(parseArrayText(text)).toEqual(elements);
  });
});
