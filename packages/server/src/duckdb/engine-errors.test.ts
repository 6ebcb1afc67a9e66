import { describe, expect, test } from 'vitest';
import { DomainError } from '../errors/domain-error.js';
import { breaksInstance, engineFailure, fileFailure, translateEngineError } from './engine-errors.js';

describe('engineFailure', () => {
  test.each([
    ['INTERRUPT Error: Interrupted!', 'request_cancelled', false],
    ['Out of Memory Error: failed to allocate data of size 1.0 GiB (1 GiB/1 GiB used)', 'out_of_memory', false],
    ['Out of Memory Error: could not allocate block of size 256.0 KiB', 'out_of_memory', false],
    [
      "Out of Memory Error: failed to offload data block … set by the 'max_temp_directory_size' setting.",
      'out_of_memory',
      false,
    ],
    ['std::bad_alloc', 'out_of_memory', false],
    ['IO Error: Could not write file "/data/x": No space left on device', 'storage_full', false],
    ['IO Error: Could not write file "/data/x": Input/output error', 'storage_error', false],
    ['FATAL Error: Failed: database has been invalidated because of a previous fatal error.', 'worker_crashed', true],
    ['FATAL Error: something', 'worker_crashed', true],
    ['INTERNAL Error: Attempted to access index 1 within vector of size 0', 'worker_crashed', true],
  ])('%s', (message, code, broken) => {
    const failure = engineFailure(new Error(message));
    expect(failure?.code).toBe(code);
    expect(failure?.message).not.toContain('/data');
    expect(breaksInstance(failure)).toBe(broken);
  });

  test.each([
    'Conversion Error: Could not convert string',
    "Conversion Error: Could not convert string 'database has been invalidated' to INT32",
    'Invalid Input Error: CSV Error on Line: 3\nOriginal Line: No space left on device',
    'Conversion Error: Could not convert string "Geioda" to INT32',
    'Binder Error: Referenced column "Interrupted" not found',
    'IO Error: Cannot open file',
  ])('%s is about the statement', (message) => {
    expect(engineFailure(new Error(message))).toBeUndefined();
    const error = new Error(message);
    expect(translateEngineError(error)).toBe(error);
  });

  test('keeps errors that have a meaning already', () => {
    const error = new DomainError('import_failed', 'line 3');
    expect(engineFailure(error)).toBe(error);
  });
});

test('fileFailure hides what it does not know', () => {
  const failure = fileFailure(new Error('IO Error: Cannot open database "/data/x"'), 'The file is missing.');
  expect(failure).toMatchObject({ code: 'storage_error', message: 'The file is missing.' });
});
