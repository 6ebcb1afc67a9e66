import { ConfigError } from '../config/option.js';
import { DamagedBackupError } from '../engine/backup/backup-check.js';
import { ManifestError } from '../engine/backup/backup-manifest.js';
import { DomainError } from '../errors/domain-error.js';
import { NewerSchemaError, OlderSchemaError } from '../metadata/migrations/migrate.js';
import { MetadataInUseError } from '../metadata/sqlite/process-lock.js';
import { TlsIdentityError } from '../protocols/pgwire/gateway/tls/tls-identity.js';

/** Errors that were written for the operator. */
const SPEAKING = [
  ConfigError,
  DamagedBackupError,
  DomainError,
  ManifestError,
  MetadataInUseError,
  NewerSchemaError,
  OlderSchemaError,
  TlsIdentityError,
];

/** The options of a door beside the REST one, which fails alike. */
interface DoorOptions {
  readonly port: string;
  readonly host: string;
  readonly certificate: readonly [cert: string, key: string];
  /** How to go without it. */
  readonly off?: string;
}

const GRPC: DoorOptions = {
  port: 'GRPC_PORT',
  host: 'GRPC_HOST',
  certificate: ['GRPC_TLS_CERT', 'GRPC_TLS_KEY'],
};
const PGWIRE: DoorOptions = {
  port: 'PGWIRE_PORT',
  host: 'PGWIRE_HOST',
  certificate: ['PGWIRE_SSL_CERT', 'PGWIRE_SSL_KEY'],
  off: 'PGWIRE_ENABLED=false',
};

export const explainGrpc = (error: unknown): Error => explainDoor(error, GRPC);
export const explainPgwire = (error: unknown): Error => explainDoor(error, PGWIRE);

function explainDoor(error: unknown, options: DoorOptions): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const { code, path, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  const certificate = options.certificate.join(' and ');
  const orOff = options.off === undefined ? '' : `, or ${options.off}`;
  const sentence = ((): string | undefined => {
    switch (code) {
      case 'EADDRINUSE':
        return `Port ${port ?? ''} on ${address ?? 'this machine'} is in use by another program; stop it, or set ${options.port}${orOff}.`;
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
        return `The address ${address ?? `given as ${options.host}`} does not belong to this machine; set ${options.host} to one of its own.`;
      case 'EACCES':
        return port === undefined
          ? `${path ?? 'A file of the certificate'} cannot be read; look at ${certificate}.`
          : `Port ${port} needs more rights than this server has; set ${options.port} to one above 1023.`;
      case 'ENOENT':
        return `${path ?? 'A file of the certificate'} does not exist; look at ${certificate}.`;
      default:
        return code?.startsWith('ERR_OSSL') || code?.startsWith('ERR_SSL')
          ? `${certificate} are not a certificate and its private key in PEM form.`
          : undefined;
    }
  })();
  return sentence === undefined ? error : new ConfigError(sentence, { cause: error });
}

/** One sentence for the operator: what is in the way and what to do about it. Stack traces are for DEBUG. */
export function describeStartFailure(error: unknown): string {
  if (!(error instanceof Error)) return `Cannot start: ${String(error)}.`;
  if (SPEAKING.some((kind) => error instanceof kind)) return error.message;

  const { code, path, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  const place = path === undefined ? 'the data folder' : path;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port ?? ''} on ${address ?? 'this machine'} is in use by another program; stop it, or set PORT.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `The address ${address ?? 'given as HOST'} does not belong to this machine; set HOST to one of its own, or to 0.0.0.0.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return port === undefined
        ? `${place} cannot be written (${code}); give the user of this server the right to write there, or set DATA_DIR.`
        : `Port ${port} needs more rights than this server has; set PORT to one above 1023.`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${place} is in the way: a folder is needed there; move it, or set DATA_DIR.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk of ${place} is full; make room, then start again.`;
    default:
      return `Cannot start: ${oneSentence(error.message)} Set DEBUG=true to see where.`;
  }
}

function oneSentence(message: string): string {
  const line = message.split('\n', 1)[0]?.trim() ?? '';
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
