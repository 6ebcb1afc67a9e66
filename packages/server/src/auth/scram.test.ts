import { describe, expect, it } from 'vitest';
import {
  formatScramVerifier,
  isPasswordOf,
  makeScramVerifier,
  newPassword,
  parseScramVerifier,
  SCRAM_SALT_BYTES,
} from './scram.js';

/** RFC 7677, section 3: user `user`, password `pencil`; storedKey and serverKey follow from its proof and signature. */
const RFC_SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

describe('scram', () => {
  it('makes the verifier that the keys of RFC 7677 need', async () => {
    const verifier = await makeScramVerifier('pencil', RFC_SALT, 4096);
    expect(formatScramVerifier(verifier)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  it('keeps a verifier as text', async () => {
    const verifier = await makeScramVerifier(newPassword());
    const text = formatScramVerifier(verifier);
    expect(text).toMatch(/^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/);
    expect(formatScramVerifier(parseScramVerifier(text))).toBe(text);
  });

  it('knows the password and no other', async () => {
    const verifier = await makeScramVerifier('right');
    expect(await isPasswordOf(verifier, 'right')).toBe(true);
    expect(await isPasswordOf(verifier, 'Right')).toBe(false);
    expect(await isPasswordOf(verifier, '')).toBe(false);
  });

  it('salts every password anew', async () => {
    const [first, second] = await Promise.all([makeScramVerifier('same'), makeScramVerifier('same')]);
    expect(first.salt).toHaveLength(SCRAM_SALT_BYTES);
    expect(formatScramVerifier(first)).not.toBe(formatScramVerifier(second));
  });

  it('makes passwords that need no quoting anywhere', () => {
    const passwords = Array.from({ length: 50 }, newPassword);
    expect(new Set(passwords).size).toBe(50);
    for (const password of passwords) expect(password).toMatch(/^[\w-]{32}$/);
  });

  it.each(['', 'md5abc', 'SCRAM-SHA-256$0:AAAA$AAAA:AAAA', 'SCRAM-SHA-256$4096:AAAA$tooShort:tooShort'])(
    'takes %j for damage',
    (text) => {
      expect(() => parseScramVerifier(text)).toThrow('not a SCRAM-SHA-256 verifier');
    },
  );
});
