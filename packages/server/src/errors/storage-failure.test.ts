import { describe, expect, it } from 'vitest';
import { DomainError } from './domain-error.js';
import { errnoOf, toStorageFailure } from './storage-failure.js';

const systemError = (code: string) => Object.assign(new Error(`${code}: no such file, open '/secret/place'`), { code });

describe('toStorageFailure', () => {
  it.each([
    ['ENOSPC', 'storage_full'],
    ['EDQUOT', 'storage_full'],
    ['ENOENT', 'storage_unavailable'],
    ['EROFS', 'storage_unavailable'],
    ['EIO', 'storage_error'],
    ['EMFILE', 'storage_error'],
  ])('%s is %s, without the path', (errno, code) => {
    const cause = systemError(errno);
    const failure = toStorageFailure(cause, 'stored');
    expect(failure).toMatchObject({ code, cause });
    expect(failure.message).not.toContain('secret');
  });

  it('passes on what is not the disk’s fault', () => {
    const refusal = new DomainError('file_too_large', 'too large');
    const defect = new TypeError('a defect');
    const nodeError = systemError('ERR_INVALID_ARG_TYPE');
    expect(toStorageFailure(refusal, 'stored')).toBe(refusal);
    expect(toStorageFailure(defect, 'stored')).toBe(defect);
    expect(toStorageFailure(nodeError, 'stored')).toBe(nodeError);
    expect(errnoOf(nodeError)).toBeUndefined();
  });
});
