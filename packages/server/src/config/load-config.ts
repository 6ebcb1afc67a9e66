import { join } from 'node:path';
import {
  checkedAdminKey,
  checkedGrpc,
  checkedHost,
  checkedHosts,
  checkedOrigins,
  checkedPrefix,
  mustBeSeparate,
  checkedCertificate,
} from './checks.js';
import type { Config, LogLevel, PgwireConfig, StorageConfig } from './config.js';
import { describeMachine, type Machine } from './machine.js';
import { ConfigError, type OptionValue } from './option.js';
import type { CONFIG_OPTIONS } from './options.js';
import { describeOption, OPTION_NAMES, type OptionName } from './options.js';
import { parseOption } from './parse-option.js';
import { refuseUnknownVariables } from './unknown-variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A shorter admin key could be found by trying. */
const SHORT_KEY_LENGTH = 16;
const DEFAULT_MEMORY_LIMIT_BYTES = 4e9;
/** Of the memory, for all job workers together; the rest is for the read workers, the service and the page cache. */
const JOB_MEMORY_SHARE = 0.6;

/** Reads the variables (names without regard to case, empty means unset), checks them and returns the frozen configuration. */
export function loadConfig(env: Environment, machine: Machine = describeMachine()): Config {
  refuseUnknownVariables(env);
  const given = givenOptions(env);

  function optional<N extends OptionName>(name: N): OptionValue<(typeof CONFIG_OPTIONS)[N]['type']> | null {
    const text = given.get(name) ?? describeOption(name).default;
    if (text === null) return null;
    return parseOption(name, describeOption(name), text) as OptionValue<(typeof CONFIG_OPTIONS)[N]['type']>;
  }

  function read<N extends OptionName>(name: N): OptionValue<(typeof CONFIG_OPTIONS)[N]['type']> {
    const value = optional(name);
    if (value === null) throw new ConfigError(`${name} is not set and has no default.`);
    return value;
  }

  const debug = read('DEBUG');
  const adminApiKey = checkedAdminKey(optional('ADMIN_API_KEY'));
  const dataDirectory = read('DATA_DIR');
  const storage: StorageConfig = {
    dataDirectory,
    duckdbDirectory: optional('DUCKDB_DIR') ?? join(dataDirectory, 'duckdb'),
    filesDirectory: optional('FILES_DIR') ?? join(dataDirectory, 'files'),
    snapshotsDirectory: optional('SNAPSHOTS_DIR') ?? join(dataDirectory, 'snapshots'),
    backupDirectory: optional('BACKUP_DIR') ?? join(dataDirectory, 'backups'),
    metadataPath: optional('METADATA_DB_PATH') ?? join(dataDirectory, 'metadata.sqlite'),
    diskReserveBytes: read('DISK_RESERVE_BYTES'),
  };
  mustBeSeparate(storage);

  const jobWorkers = read('ENGINE_JOB_WORKERS');
  const memoryLimitBytes = optional('DUCKDB_MEMORY_LIMIT') ?? defaultMemoryLimit(machine, jobWorkers);

  const pgwireHost = checkedHost('PGWIRE_HOST', read('PGWIRE_HOST'));
  const pgwire: PgwireConfig = {
    enabled: read('PGWIRE_ENABLED'),
    host: pgwireHost,
    port: read('PGWIRE_PORT'),
    publicHost: checkedHost('PGWIRE_PUBLIC_HOST', optional('PGWIRE_PUBLIC_HOST') ?? reachable(pgwireHost)),
    publicPort: optional('PGWIRE_PUBLIC_PORT'),
    maxConnectionsTotal: read('PGWIRE_MAX_CONNECTIONS_TOTAL'),
    maxConnectionsPerWorkspace: read('PGWIRE_MAX_CONNECTIONS_PER_WORKSPACE'),
    maxConnectionsPerAddress: read('PGWIRE_MAX_CONNECTIONS_PER_IP'),
    authenticationTimeoutMs: read('PGWIRE_AUTH_TIMEOUT_SECONDS') * 1000,
    failedLogins: { max: read('PGWIRE_MAX_FAILED_LOGINS'), banMs: read('PGWIRE_LOGIN_BAN_SECONDS') * 1000 },
    idleTimeoutMs: read('PGWIRE_IDLE_TIMEOUT_SECONDS') * 1000,
    queryTimeoutMs: read('PGWIRE_QUERY_TIMEOUT_SECONDS') * 1000,
    sessionMemoryLimitBytes: read('PGWIRE_SESSION_MEMORY_LIMIT'),
    sessionTempLimitBytes: read('PGWIRE_SESSION_TEMP_LIMIT'),
    maxMessageBytes: read('PGWIRE_MAX_MESSAGE_BYTES'),
    sslMode: read('PGWIRE_SSL_MODE') as PgwireConfig['sslMode'],
    certificate: checkedCertificate('PGWIRE_SSL', {
      certPath: optional('PGWIRE_SSL_CERT'),
      keyPath: optional('PGWIRE_SSL_KEY'),
    }),
    directory: join(dataDirectory, 'pgwire'),
  };

  return deepFreeze({
    service: {
      title: read('API_TITLE'),
      version: optional('API_VERSION') ?? machine.packageVersion,
      debug,
      logLevel: (optional('LOG_LEVEL') ?? (debug ? 'debug' : 'info')) as LogLevel,
      adminApiKey,
    },
    http: {
      host: checkedHost('HOST', read('HOST')),
      port: read('PORT'),
      prefix: checkedPrefix(optional('API_PREFIX') ?? ''),
      headersTimeoutMs: read('CONNECTION_TIMEOUT') * 1000,
      corsAllowedOrigins: checkedOrigins(read('CORS_ALLOWED_ORIGINS')),
      internalAccess: { secret: optional('INTERNAL_SECRET'), open: read('INTERNAL_OPEN') },
    },
    storage,
    engine: {
      threads: optional('DUCKDB_THREADS') ?? machine.cores,
      memoryLimitBytes,
      memoryLimit: `${memoryLimitBytes}B`,
      operationTimeoutMs: read('OPERATION_TIMEOUT') * 1000,
      readTimeoutMs: read('READ_TIMEOUT') * 1000,
      readWorkers: read('ENGINE_READ_WORKERS'),
      jobWorkers,
      queueLimit: read('ENGINE_QUEUE_LIMIT'),
      tableQueueLimit: read('TABLE_QUEUE_LIMIT'),
      maxInflatedBytes: read('IMPORT_MAX_INFLATED_BYTES'),
      history: {
        maxAgeMs: read('VERSION_RETENTION_DAYS') * 86_400_000,
        maxVersions: read('VERSION_RETENTION_COUNT'),
      },
    },
    files: {
      maxUploadBytes: read('MAX_UPLOAD_BYTES'),
      projectMaxFiles: read('PROJECT_MAX_FILES'),
      projectMaxFileBytes: read('PROJECT_MAX_FILE_BYTES'),
      uploadLifetimeMs: read('UPLOAD_LIFETIME_HOURS') * 3_600_000,
    },
    limits: {
      requestsPerMinute: read('RATE_LIMIT_PER_MINUTE'),
      concurrentPerProject: read('PROJECT_MAX_CONCURRENT'),
    },
    audit: { retentionDays: read('AUDIT_RETENTION_DAYS') },
    queryLog: { retentionDays: read('QUERY_LOG_RETENTION_DAYS') },
    idempotency: { ttlMs: read('IDEMPOTENCY_TTL_SECONDS') * 1000 },
    maintenance: { intervalMs: read('MAINTENANCE_INTERVAL_SECONDS') * 1000 },
    lifecycle: { shutdownTimeoutMs: read('SHUTDOWN_TIMEOUT') * 1000 },
    pgwire,
    workspaces: {
      maxOpen: read('WORKSPACE_MAX_OPEN'),
      spareWorkers: read('WORKSPACE_SPARE_WORKERS'),
      idleMs: read('WORKSPACE_IDLE_SECONDS') * 1000,
      firstUserId: read('WORKSPACE_FIRST_USER_ID'),
    },
    driver: {
      grpc: checkedGrpc({
        host: checkedHost('GRPC_HOST', read('GRPC_HOST')),
        port: read('GRPC_PORT'),
        certPath: optional('GRPC_TLS_CERT'),
        keyPath: optional('GRPC_TLS_KEY'),
        allowsPlaintext: read('GRPC_ALLOW_PLAINTEXT'),
      }),
      importUrls: {
        hosts: checkedHosts('IMPORT_URL_HOSTS', optional('IMPORT_URL_HOSTS') ?? ''),
        timeoutMs: read('IMPORT_URL_TIMEOUT_SECONDS') * 1000,
      },
    },
    warnings: warningsFor(adminApiKey),
  });
}

/** The exact name wins over another spelling of it. */
function givenOptions(env: Environment): Map<OptionName, string> {
  const given = new Map<OptionName, string>();
  for (const [key, text] of Object.entries(env)) {
    const name = OPTION_NAMES.find((known) => known === key.toUpperCase());
    if (name === undefined || text === undefined || text.trim() === '') continue;
    if (key === name || !given.has(name)) given.set(name, text.trim());
  }
  return given;
}

function defaultMemoryLimit(machine: Machine, jobWorkers: number): number {
  const shareBytes = Math.floor((machine.memoryBytes * JOB_MEMORY_SHARE) / jobWorkers);
  const floorBytes = describeOption('DUCKDB_MEMORY_LIMIT').min ?? 0;
  return Math.max(floorBytes, Math.min(DEFAULT_MEMORY_LIMIT_BYTES, shareBytes));
}

/** A wildcard is for listening; nobody can connect to it by that name. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? 'localhost' : host;
}

function warningsFor(adminApiKey: string | null): string[] {
  const warnings: string[] = [];
  if (adminApiKey !== null && adminApiKey.length < SHORT_KEY_LENGTH) {
    warnings.push(
      `ADMIN_API_KEY has fewer than ${SHORT_KEY_LENGTH} characters; use a longer, random one outside of trials.`,
    );
  }
  return warnings;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
