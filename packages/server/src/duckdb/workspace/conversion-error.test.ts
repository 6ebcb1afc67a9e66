import { expect, it } from 'vitest';
import { conversionError } from './conversion-error.js';

it.each([
  [`Could not convert string 'abc' to INT32`, '22P02', 'invalid input syntax for type integer: "abc"'],
  [
    `Could not convert string ' 99999999999 ' to INT32`,
    '22003',
    'value " 99999999999 " is out of range for type integer',
  ],
  [`Could not convert string "it's" to DECIMAL(18,3)`, '22P02', `invalid input syntax for type numeric: "it's"`],
  [`Could not convert string 'x' to BOOL`, '22P02', 'invalid input syntax for type boolean: "x"'],
  [`Could not convert string 'x' to INT128`, '22P02', 'invalid input syntax for type uuid: "x"'],
  [`Could not convert string 'x' to INTERVAL`, '22007', 'invalid input syntax for type interval: "x"'],
  [`Could not convert string 'a\nb' to DOUBLE`, '22P02', 'invalid input syntax for type double precision: "a\nb"'],
  [`Could not convert string 'bad' to UINT8`, '22P02', 'invalid input value for enum: "bad"'],
  [
    'invalid date field format: "x", expected format is (YYYY-MM-DD)',
    '22007',
    'invalid input syntax for type date: "x"',
  ],
  ['date field value out of range: "2024-13-45"', '22008', 'date/time field value out of range: "2024-13-45"'],
  ['time field value out of range: "x", expected format is (HH)', '22007', 'invalid input syntax for type time: "x"'],
])('%s', (said, sqlState, message) => {
  expect(conversionError(said)).toMatchObject({ sqlState, message });
});

it('tells where JSON is malformed beside the message', () => {
  expect(conversionError('Malformed JSON at byte 0 of input: unexpected character.  Input: "x"')).toEqual({
    sqlState: '22P02',
    message: 'invalid input syntax for type json',
    detail: 'Malformed JSON at byte 0 of input: unexpected character.',
  });
});

it('leaves other errors as they are', () => {
  expect(conversionError('Type INT64 with value 5 is out of range')).toBeUndefined();
  expect(conversionError(`Could not convert string 'x' to GEOMETRY`)).toBeUndefined();
});
