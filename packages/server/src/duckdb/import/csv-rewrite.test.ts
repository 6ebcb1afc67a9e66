import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvRewriter } from './csv-rewrite.js';

function rewrite(text: string, escape: string, cuts: readonly number[] = [], delimiter = ','): string {
  const rewriter = new CsvRewriter({ delimiter, quote: '"', escape });
  const bytes = Buffer.from(text);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const parts = edges.slice(1).map((end, index) => Buffer.from(rewriter.push(bytes.subarray(edges[index], end))));
  return Buffer.concat([...parts, rewriter.end()]).toString();
}

describe('CsvRewriter', () => {
  test.each([
    ['escaped quote', '"a\\"b"', '"a""b"'],
    ['escaped escape', '"a\\\\"', '"a\\"'],
    ['other escapes are text', '"a\\n"', '"a\\n"'],
    ['doubled quotes stay', '"a""b"', '"a""b"'],
    ['outside quotes an escape is text', 'a\\"b', 'a\\"b'],
    ['line ends outside quotes', 'a\r\nb\rc\nd', 'a\nb\nc\nd'],
    ['line ends inside quotes stay', '"a\r\nb\r"\r\n', '"a\r\nb\r"\n'],
    ['a quote inside a plain value opens nothing', 'a"\r\nb', 'a"\nb'],
    ['spaces before a quote', 'a, "b\r\n\\"",c', 'a, "b\r\n""",c'],
    ['an escape at the very end', '"a\\', '"a\\'],
  ])('%s', (_, text, expected) => expect(rewrite(text, '\\')).toBe(expected));

  test('chunks make no difference, and no line changes its number', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', '|', '\r', '\n', ' ', 'ž'), maxLength: 30 });
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(60), { maxLength: 5 }),
        fc.constantFrom('\\', '"'),
        fc.constantFrom(',', '||'),
        (content, cuts, escape, delimiter) => {
          const whole = rewrite(content, escape, [], delimiter);
          expect(rewrite(content, escape, cuts, delimiter)).toBe(whole);
          expect(whole.split(/\r\n|\r|\n/).length).toBe(content.split(/\r\n|\r|\n/).length);
          if (escape === '"') expect(rewrite(whole, escape, [], delimiter)).toBe(whole);
        },
      ),
      { numRuns: 500 },
    );
  });
});
