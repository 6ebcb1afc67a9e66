import type { Logger } from 'pino';
import type { HttpConfig, ServiceConfig } from '../../config/config.js';
import type { Metrics } from '../../observability/metrics.js';
import type { DriverExecutor } from '../driver/driver-executor.js';
import type { HttpServices } from './services.js';

/** The parts of the configuration that this door reads. */
export type DoorSettings = Pick<ServiceConfig, 'title' | 'version'> &
  Pick<HttpConfig, 'prefix' | 'headersTimeoutMs' | 'corsAllowedOrigins' | 'internalAccess'> & {
    readonly workspaces: {
      /** Known when the PostgreSQL door is open. */
      readonly connection: () => WorkspaceConnection;
      /** `4GB`. */
      readonly memoryLimit: string;
      readonly queryTimeoutSeconds: number;
    };
  };

/** Where workspaces are reached, as clients are told. */
export interface WorkspaceConnection {
  readonly host: string;
  readonly port: number;
  readonly sslMode: string;
}

/** What every route can use. */
export interface DoorContext {
  readonly services: HttpServices;
  readonly settings: DoorSettings;
  readonly metrics: Metrics;
}

export interface HttpServerOptions extends DoorContext {
  readonly logger: Logger;
  /** Storage driver commands, on this door beside the gRPC one; absent in tests of this door alone. */
  readonly driver?: DriverExecutor;
}
