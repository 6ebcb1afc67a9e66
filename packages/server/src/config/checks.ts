import { isIP } from 'node:net';
import { relative, sep } from 'node:path';
import type { DriverConfig, StorageConfig } from './config.js';
import { ConfigError } from './option.js';

/** Rules that one option's type cannot say. Each throws a sentence with the variable, its value and what is valid. */
export function checkedHost(name: string, host: string): string {
  if (
    isIP(host) !== 0 ||
    /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(host)
  )
    return host;
  throw new ConfigError(
    `${name} is "${host}", but must be an IP address or a host name such as 127.0.0.1 or localhost.`,
  );
}

/** Names with or without a port; nothing that could be taken for a pattern. */
export function checkedHosts(name: string, text: string): readonly string[] {
  const hosts = text
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  for (const host of hosts) {
    const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
    // A port that the address leaves out because it is the usual one is fine, too.
    if (url !== undefined && !host.includes('*') && (url.host === host || `${url.host}:80` === host)) continue;
    throw new ConfigError(
      `${name} names "${host}", but must be hosts such as files.example.com or files.example.com:8443, separated by commas.`,
    );
  }
  return hosts;
}

export function checkedPrefix(prefix: string): string {
  const trimmed = prefix.replace(/\/+$/, '');
  if (/^(\/[\w.~-]+)*$/.test(trimmed)) return trimmed;
  throw new ConfigError(
    `API_PREFIX is "${prefix}", but must be empty or a path such as /storage or /api/v1 (letters, digits, and . _ ~ -).`,
  );
}

export function checkedOrigins(text: string): '*' | readonly string[] {
  const origins = text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  if (origins.length === 1 && origins[0] === '*') return '*';
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new ConfigError(
        `CORS_ALLOWED_ORIGINS names "${origin}", but must be * or origins such as https://console.example.com, separated by commas.`,
      );
    }
  }
  return origins;
}

export function checkedAdminKey(key: string | null): string | null {
  if (key !== null && /[^\x21-\x7e]/.test(key)) {
    throw new ConfigError(
      'ADMIN_API_KEY contains a space or a character outside ASCII, which a bearer token cannot carry.',
    );
  }
  return key;
}

/** A folder inside another one would let the clean-up of the outer one take the inner one's files for garbage. */
export function mustBeSeparate(storage: StorageConfig): void {
  const places = [
    ['DUCKDB_DIR', storage.duckdbDirectory],
    ['FILES_DIR', storage.filesDirectory],
    ['SNAPSHOTS_DIR', storage.snapshotsDirectory],
    ['BACKUP_DIR', storage.backupDirectory],
    ['METADATA_DB_PATH', storage.metadataPath],
  ] as const;
  for (const [outerName, outer] of places) {
    for (const [innerName, inner] of places) {
      if (outerName !== innerName && isInside(outer, inner)) {
        throw new ConfigError(
          `${innerName} is "${inner}", which lies inside ${outerName} ("${outer}"); give each a place of its own.`,
        );
      }
    }
  }
}

function isInside(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (path !== '..' && !path.startsWith(`..${sep}`));
}

/** Both of `…_CERT` and `…_KEY` are given, or neither. */
export function checkedCertificate(
  prefix: 'GRPC_TLS' | 'PGWIRE_SSL',
  { certPath, keyPath }: { readonly certPath: string | null; readonly keyPath: string | null },
): { readonly certPath: string; readonly keyPath: string } | null {
  if (certPath !== null && keyPath !== null) return { certPath, keyPath };
  if (certPath === null && keyPath === null) return null;
  const [set, missing] = certPath === null ? ['KEY', 'CERT'] : ['CERT', 'KEY'];
  throw new ConfigError(`${prefix}_${set} is set, but ${prefix}_${missing} is not; TLS needs both.`);
}

/** Keys travel with every command: on a line that others can read they need TLS. */
export function checkedGrpc(given: {
  readonly host: string;
  readonly port: number;
  readonly certPath: string | null;
  readonly keyPath: string | null;
  readonly allowsPlaintext: boolean;
}): DriverConfig['grpc'] {
  const { host, port, allowsPlaintext } = given;
  const tls = checkedCertificate('GRPC_TLS', given);
  if (tls !== null) return { host, port, tls };
  if (!allowsPlaintext && !isLoopback(host)) {
    throw new ConfigError(
      `GRPC_HOST is "${host}", which others can reach, without TLS; set GRPC_TLS_CERT and GRPC_TLS_KEY, or GRPC_ALLOW_PLAINTEXT=true inside a network of its own.`,
    );
  }
  return { host, port, tls: null };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
