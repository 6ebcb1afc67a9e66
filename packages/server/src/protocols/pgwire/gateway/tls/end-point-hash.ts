import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import { createHash } from 'node:crypto';

/** Hash of a signature algorithm, for those that have exactly one; MD5 and SHA-1 count as SHA-256 (RFC 5929, section 4.1). */
const HASH_OF: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'sha256', // RSA with MD5
  '1.2.840.113549.1.1.5': 'sha256', // RSA with SHA-1
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.10045.4.1': 'sha256', // ECDSA with SHA-1
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/**
 * What a client binds its login to (`tls-server-end-point`): the hash of the certificate it saw, made with the hash of that
 * certificate's own signature. Undefined where there is none (Ed25519) or where it is a parameter (RSA-PSS): then channel
 * binding is not offered.
 */
export function endPointHash(certificateDer: Buffer): Uint8Array | undefined {
  const { signatureAlgorithm } = AsnConvert.parse(certificateDer, Certificate);
  const hash = HASH_OF[signatureAlgorithm.algorithm];
  return hash === undefined ? undefined : createHash(hash).update(certificateDer).digest();
}
