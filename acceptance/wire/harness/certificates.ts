import { join } from 'node:path';
import { mustRun } from './run-program.js';

/** A self-signed certificate for this machine, by the `openssl` command. */
export async function makeCertificate(folder: string, name: string): Promise<{ key: string; certificate: string }> {
  const key = join(folder, `${name}.key`);
  const certificate = join(folder, `${name}.crt`);
  await mustRun({
    command: 'openssl',
    args: [
      ...['req', '-new', '-x509', '-nodes', '-days', '2', '-newkey', 'rsa:2048', '-keyout', key, '-out', certificate],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    env: {},
    cwd: folder,
    timeoutMs: 30_000,
  });
  return { key, certificate };
}
