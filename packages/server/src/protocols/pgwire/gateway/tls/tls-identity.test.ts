import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isInstalled } from '../../../../../test/helpers/installed.js';
import { tempDir } from '../../../../../test/helpers/temp-dir.js';
import { endPointHash } from './end-point-hash.js';
import { makeSelfSignedCertificate } from './self-signed-certificate.js';
import { loadTlsIdentity, ownTlsIdentity } from './tls-identity.js';

const NOW = new Date('2026-01-15T12:00:00Z');
const clockAt = (now: Date) => ({ now: () => now });
const yearsLater = (years: number) => new Date(Date.UTC(NOW.getUTCFullYear() + years, NOW.getUTCMonth(), 10));

describe('self-signed certificate', () => {
  it('is what it says: for these names, signed by its own key, for ten years, and no authority', async () => {
    const { certificatePem, keyPem } = await makeSelfSignedCertificate(['db.example', '10.1.2.3', '::1'], NOW);
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkHost('db.example')).toBe('db.example');
    expect(certificate.checkHost('other.example')).toBeUndefined();
    expect(certificate.checkIP('10.1.2.3')).toBe('10.1.2.3');
    expect(certificate.checkIP('::1')).toBeTruthy();
    expect(certificate.ca).toBe(false);
    expect(new Date(certificate.validFrom) < NOW).toBe(true);
    expect(new Date(certificate.validTo)).toEqual(new Date('2036-01-15T12:00:00Z'));
    expect(keyPem).toContain('BEGIN PRIVATE KEY');
  });

  it.skipIf(!isInstalled('openssl'))('holds for OpenSSL, also beyond the year 2049', async () => {
    const folder = await tempDir();
    for (const now of [NOW, yearsLater(20)]) {
      const { certificatePem } = await makeSelfSignedCertificate(['db.example'], now);
      const path = join(folder, 'server.crt');
      await writeFile(path, certificatePem);
      const attime = String(Math.floor(now.getTime() / 1000));
      const { stdout } = await promisify(execFile)('openssl', [
        ...['verify', '-x509_strict', '-partial_chain', '-purpose', 'sslserver', '-verify_hostname', 'db.example'],
        ...['-attime', attime, '-CAfile', path, path],
      ]);
      expect(stdout).toContain('OK');
    }
  });
});

describe('own identity', () => {
  it('is made once, its key for its owner only', async () => {
    const folder = await tempDir();
    const first = await ownTlsIdentity(join(folder, 'pgwire'), ['localhost'], clockAt(NOW));
    expect(first.made).toBe(true);
    expect(first.identity.selfSigned).toBe(true);
    expect((await stat(join(folder, 'pgwire/server.pem'))).mode & 0o777).toBe(0o600);
    const certificate = await readFile(first.identity.certificatePath, 'utf8');
    expect(certificate).not.toContain('PRIVATE');
    const again = await ownTlsIdentity(join(folder, 'pgwire'), ['localhost'], clockAt(NOW));
    expect(again.made).toBe(false);
    expect(again.identity.endPointHash).toEqual(first.identity.endPointHash);
  });

  it('is renewed in the last month of its time', async () => {
    const folder = await tempDir();
    const first = await ownTlsIdentity(folder, ['localhost'], clockAt(NOW));
    const renewed = await ownTlsIdentity(folder, ['localhost'], clockAt(yearsLater(10)));
    expect(renewed.made).toBe(true);
    expect(renewed.identity.expiresAt > first.identity.expiresAt).toBe(true);
    expect(new X509Certificate(await readFile(join(folder, 'server.crt'))).raw).toEqual(
      new X509Certificate(await readFile(join(folder, 'server.pem'))).raw,
    );
  });
});

describe('configured identity', () => {
  async function files(certificate: string, key: string): Promise<[string, string]> {
    const folder = join(await tempDir(), 'tls');
    await mkdir(folder);
    await writeFile(join(folder, 'c.pem'), certificate);
    await writeFile(join(folder, 'k.pem'), key);
    return [join(folder, 'c.pem'), join(folder, 'k.pem')];
  }

  it('is loaded', async () => {
    const { certificatePem, keyPem } = await makeSelfSignedCertificate(['db.example'], NOW);
    const identity = await loadTlsIdentity(...(await files(certificatePem, keyPem)));
    expect(identity.selfSigned).toBe(false);
    expect(identity.endPointHash).toEqual(endPointHash(new X509Certificate(certificatePem).raw));
  });

  it('stops the start with a sentence when it is none', async () => {
    const [mine, other] = await Promise.all([
      makeSelfSignedCertificate(['a.example'], NOW),
      makeSelfSignedCertificate(['b.example'], NOW),
    ]);
    const load = async (certificate: string, key: string) => loadTlsIdentity(...(await files(certificate, key)));
    await expect(load(mine.certificatePem, other.keyPem)).rejects.toThrow('does not belong to the certificate');
    await expect(load('nonsense', mine.keyPem)).rejects.toThrow('does not hold a certificate');
    await expect(load(mine.certificatePem, 'nonsense')).rejects.toThrow('unencrypted private key');
    await expect(loadTlsIdentity('/nowhere/c.pem', '/nowhere/k.pem')).rejects.toThrow(/^PGWIRE_SSL_/);
  });
});

describe.skipIf(!isInstalled('openssl'))('end point hash', () => {
  it.each([
    [['-newkey', 'rsa:2048', '-sha256'], 'sha256'],
    [['-newkey', 'rsa:2048', '-sha1'], 'sha256'],
    [['-newkey', 'rsa:2048', '-sha384'], 'sha384'],
    [['-newkey', 'rsa:2048', '-sha512'], 'sha512'],
    [['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384'], 'sha384'],
    [['-newkey', 'ed25519'], undefined],
    [['-newkey', 'rsa:2048', '-sha256', '-sigopt', 'rsa_padding_mode:pss'], undefined],
  ])('of %j is %s', async (options, hash) => {
    const folder = await tempDir();
    const path = join(folder, 'c.pem');
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-nodes', '-subj', '/CN=x', '-days', '1', '-keyout', join(folder, 'k.pem'), '-out', path],
      ...options,
    ]);
    const { raw } = new X509Certificate(await readFile(path));
    const expected = hash === undefined ? undefined : createHash(hash).update(raw).digest();
    expect(endPointHash(raw)).toEqual(expected);
  });
});
