/**
 * The configuration as the modules see it: normalised, in base units, frozen. Each module gets its own section and never
 * sees an environment variable.
 */
export interface Config {
  readonly service: ServiceConfig;
  readonly http: HttpConfig;
  readonly storage: StorageConfig;
  readonly engine: EngineConfig;
  readonly files: FilesConfig;
  /** 0 is no limit. */
  readonly limits: { readonly requestsPerMinute: number; readonly concurrentPerProject: number };
  /** 0 days keep everything. */
  readonly audit: { readonly retentionDays: number };
  /** 0 days keep everything. */
  readonly queryLog: { readonly retentionDays: number };
  readonly idempotency: { readonly ttlMs: number };
  readonly maintenance: { readonly intervalMs: number };
  readonly lifecycle: { readonly shutdownTimeoutMs: number };
  readonly pgwire: PgwireConfig;
  readonly workspaces: WorkspacesConfig;
  readonly driver: DriverConfig;
  /** Sentences for the operator that do not stop the start; logged once. */
  readonly warnings: readonly string[];
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface ServiceConfig {
  readonly title: string;
  readonly version: string;
  readonly debug: boolean;
  readonly logLevel: LogLevel;
  /** Null: kept in `{DATA_DIR}/admin-api-key`, see `auth/admin-key.ts`. */
  readonly adminApiKey: string | null;
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Empty, or `/` and segments without a slash at the end. */
  readonly prefix: string;
  readonly headersTimeoutMs: number;
  readonly corsAllowedOrigins: '*' | readonly string[];
  /** Of the endpoints for a PostgreSQL server of its own, see `auth/internal-access.ts`. */
  readonly internalAccess: { readonly secret: string | null; readonly open: boolean };
}

/** Absolute paths. */
export interface StorageConfig {
  readonly dataDirectory: string;
  readonly duckdbDirectory: string;
  readonly filesDirectory: string;
  readonly snapshotsDirectory: string;
  readonly backupDirectory: string;
  readonly metadataPath: string;
  readonly diskReserveBytes: number;
}

export interface EngineConfig {
  readonly threads: number;
  readonly memoryLimitBytes: number;
  /** The same for the engine's `memory_limit` setting. */
  readonly memoryLimit: string;
  readonly operationTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly readWorkers: number;
  readonly jobWorkers: number;
  readonly queueLimit: number;
  readonly tableQueueLimit: number;
  readonly maxInflatedBytes: number;
  readonly history: { readonly maxAgeMs: number; readonly maxVersions: number };
}

export interface FilesConfig {
  readonly maxUploadBytes: number;
  readonly projectMaxFiles: number;
  readonly projectMaxFileBytes: number;
  readonly uploadLifetimeMs: number;
}

/** The PostgreSQL door. */
export interface PgwireConfig {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  readonly publicHost: string;
  /** Null: the port it listens on. */
  readonly publicPort: number | null;
  readonly maxConnectionsTotal: number;
  readonly maxConnectionsPerWorkspace: number;
  /** 0: no limit of its own. */
  readonly maxConnectionsPerAddress: number;
  readonly authenticationTimeoutMs: number;
  /** `max` 0 never bans. */
  readonly failedLogins: { readonly max: number; readonly banMs: number };
  readonly idleTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly sessionMemoryLimitBytes: number;
  readonly sessionTempLimitBytes: number;
  readonly maxMessageBytes: number;
  readonly sslMode: 'disable' | 'allow' | 'prefer' | 'require';
  /** Null: a self-signed certificate in `directory`. */
  readonly certificate: { readonly certPath: string; readonly keyPath: string } | null;
  /** What the door keeps for itself. */
  readonly directory: string;
}

/** The storage driver's doors. */
export interface DriverConfig {
  readonly grpc: {
    readonly host: string;
    readonly port: number;
    /** Null: without TLS. */
    readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  };
  /** Where imports may fetch files from; no host: from nowhere. */
  readonly importUrls: { readonly hosts: readonly string[]; readonly timeoutMs: number };
}

/** Processes of open workspaces. */
export interface WorkspacesConfig {
  readonly maxOpen: number;
  readonly spareWorkers: number;
  readonly idleMs: number;
  readonly firstUserId: number;
}
