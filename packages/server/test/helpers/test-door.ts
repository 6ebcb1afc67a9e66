import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Authentication } from '../../src/auth/authenticator.js';
import { adminPrincipal } from '../../src/auth/principal.js';
import { DomainError } from '../../src/errors/domain-error.js';
import type {
  ApiKeyRecord,
  BranchRecord,
  BucketRecord,
  FileRecord,
  ProjectRecord,
  SnapshotRecord,
  TableRecord,
  UploadRecord,
} from '../../src/metadata/records.js';
import { effectiveSnapshotSettings } from '../../src/model/snapshot-settings.js';
import { Metrics } from '../../src/observability/metrics.js';
import { createHttpServer } from '../../src/protocols/http/server.js';
import type { FileDownload, HttpServices, ShownWorkspace } from '../../src/protocols/http/services.js';
import type { WireSessionRecord } from '../../src/metadata/workspace-records.js';
import type { Refusal } from '../../src/services/change-runner.js';
import { createTestLogger, type TestLog } from './test-log.js';

const CREATED = new Date('2026-11-23T16:08:26.932Z');

export const project: ProjectRecord = {
  id: 'p1',
  name: 'P',
  description: null,
  status: 'active',
  settings: null,
  createdAt: CREATED,
  updatedAt: new Date('2026-11-23T16:08:27.000Z'),
  bucketCount: 1,
  tableCount: 2,
  sizeBytes: 3,
};

export const apiKey: ApiKeyRecord = {
  id: 'key_0db87784',
  projectId: 'p1',
  keyHash: 'never shown',
  keyPrefix: 'proj_p1_admin_...',
  scope: 'project_admin',
  branchId: null,
  description: 'ci',
  createdAt: CREATED,
  createdBy: 'admin',
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
};

export const bucket: BucketRecord = {
  id: 'b1',
  projectId: 'p1',
  branchId: 'default',
  source: 'main',
  ownId: 'b1',
  mainId: null,
  name: 'sales',
  description: null,
  createdAt: CREATED,
  updatedAt: CREATED,
  tableCount: 0,
  sizeBytes: 0,
  linkedFrom: null,
  readonlyGranted: false,
};

export const table: TableRecord = {
  id: 't1',
  projectId: 'p1',
  branchId: 'default',
  source: 'main',
  baseVersionId: null,
  bucketId: 'b1',
  bucketName: 'sales',
  linkedFrom: null,
  name: 'orders',
  description: null,
  columnDescriptions: {},
  createdAt: CREATED,
  updatedAt: CREATED,
  lastImportedAt: null,
  current: {
    id: 'v1',
    tableId: 't1',
    projectId: 'p1',
    fileId: 'v1',
    parentId: null,
    columns: [
      { name: 'id', type: 'BIGINT', nullable: false, default: null },
      { name: 'Name, full', type: 'VARCHAR', nullable: true, default: null },
    ],
    primaryKey: ['id'],
    rowCount: 5,
    sizeBytes: 274_432,
    checksum: '0'.repeat(64),
    blockSizeBytes: 16_384,
    operation: 'table.create',
    createdAt: CREATED,
    createdBy: 'admin',
  },
};

export const upload: UploadRecord = {
  key: 'k1',
  projectId: 'p1',
  fileName: 'd.csv',
  contentType: null,
  declaredSizeBytes: null,
  declaredSha256: null,
  tags: null,
  createdAt: CREATED,
  expiresAt: CREATED,
  uploaded: null,
};

export function downloadOf(content: Buffer, file: Partial<FileRecord> = {}): FileDownload {
  const record: FileRecord = {
    id: 'f1',
    projectId: 'p1',
    name: 'd.csv',
    path: 'project_p1/f1_d.csv',
    sizeBytes: content.length,
    contentType: 'text/csv',
    checksumSha256: createHash('sha256').update(content).digest('hex'),
    tags: null,
    createdAt: CREATED,
    expiresAt: null,
    ...file,
  };
  return {
    file: record,
    modifiedAt: CREATED,
    read: (range) => Readable.from([range === undefined ? content : content.subarray(range.start, range.end + 1)]),
  };
}

type Overrides = { [Service in keyof HttpServices]?: Partial<HttpServices[Service]> };

/** The door alone, before services that answer from constants: for what is the door's own doing. */
export interface TestDoor {
  readonly app: FastifyInstance;
  readonly log: TestLog;
  readonly metrics: Metrics;
  readonly refused: readonly Refusal[];
  /** Arguments of the service calls, by `service.method`. */
  readonly calls: ReadonlyMap<string, unknown[]>;
}

export async function openTestDoor(overrides: Overrides = {}, settings: { prefix?: string } = {}): Promise<TestDoor> {
  const log = createTestLogger();
  const metrics = new Metrics({ version: '1.2.3', processMetrics: false });
  const refused: Refusal[] = [];
  const calls = new Map<string, unknown[]>();
  const app = createHttpServer({
    services: recordCalls({ ...defaults(refused), ...merged(defaults(refused), overrides) }, calls),
    settings: {
      title: 'DuckDB Storage API',
      version: '1.2.3',
      prefix: settings.prefix ?? '',
      headersTimeoutMs: 10_000,
      corsAllowedOrigins: '*',
      internalAccess: { secret: null, open: false },
      workspaces: {
        connection: () => ({ host: 'localhost', port: 5432, sslMode: 'prefer' }),
        memoryLimit: '4GB',
        queryTimeoutSeconds: 300,
      },
    },
    logger: log.logger,
    metrics,
  });
  await app.ready();
  return { app, log, metrics, refused, calls };
}

function merged(base: HttpServices, overrides: Overrides): HttpServices {
  const entries = Object.entries(base).map(([name, service]) => [
    name,
    { ...service, ...overrides[name as keyof HttpServices] },
  ]);
  return Object.fromEntries(entries) as HttpServices;
}

function recordCalls(services: HttpServices, calls: Map<string, unknown[]>): HttpServices {
  const wrap = (service: string, methods: object) =>
    Object.fromEntries(
      Object.entries(methods).map(([method, run]) => [
        method,
        (...args: unknown[]) => {
          calls.set(`${service}.${method}`, args);
          return (run as (...given: unknown[]) => unknown)(...args);
        },
      ]),
    );
  return Object.fromEntries(
    Object.entries(services).map(([name, methods]) => [name, wrap(name, methods as object)]),
  ) as unknown as HttpServices;
}

const authenticate = async (authorization: string | undefined): Promise<Authentication> => {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return Promise.resolve({ kind: 'missing' });
  if (token === 'admin') return Promise.resolve({ kind: 'known', principal: adminPrincipal });
  if (token === 'p1') {
    return Promise.resolve({
      kind: 'known',
      principal: { kind: 'project', actor: 'key_p1', projectId: 'p1', scope: 'project_admin', branchId: null },
    });
  }
  return Promise.resolve({ kind: 'unknown' });
};

const backup: Awaited<ReturnType<HttpServices['backups']['get']>> = {
  name: 'backup_1',
  createdAt: new Date('2026-11-23T16:36:56.225Z'),
  durationMs: 12,
  serviceVersion: '1.2.3',
  path: '/backups/backup_1',
  metadata: { sizeBytes: 1000, checksumSha256: 'ab'.repeat(32) },
  counts: { projects: 1, buckets: 2, tables: 3, versionFiles: 4, files: 5 },
  bytes: { versionFiles: 200, files: 30 },
  linkedFiles: 9,
  copiedFiles: 0,
  hasAdminKey: true,
  workspaces: [],
  skippedWorkspaceIds: [],
};

const branch: BranchRecord = {
  id: '8135c4c5',
  projectId: 'p1',
  name: 'feature/analytics',
  description: null,
  createdAt: CREATED,
  createdBy: 'admin',
  tableCount: 0,
  sizeBytes: 0,
};

const snapshot: SnapshotRecord = {
  id: 'snap_orders_20261123_163701_265',
  projectId: 'p1',
  branchId: 'default',
  bucketName: 'sales',
  tableName: 'orders',
  tableDescription: null,
  columnDescriptions: {},
  type: 'manual',
  description: null,
  createdAt: CREATED,
  createdBy: 'admin',
  expiresAt: CREATED,
  version: table.current,
};

const workspace: ShownWorkspace = {
  id: 'ws_2cf11e89',
  projectId: 'p1',
  branchId: 'default',
  name: 'w',
  createdAt: CREATED,
  createdBy: 'admin',
  expiresAt: null,
  sizeLimitBytes: 10_737_418_240,
  sizeBytes: 274_432,
  status: 'active',
  state: 'active',
  username: 'ws_ws_2cf11e89_530281f3',
  passwordVerifier: 'never shown',
};

const wireSession: WireSessionRecord = {
  sessionId: 'pgw_9f0c6a1be2d3f405',
  workspaceId: 'ws_2cf11e89',
  clientIp: null,
  applicationName: null,
  encrypted: false,
  connectedAt: CREATED,
  lastActivityAt: CREATED,
  queryCount: 0,
  status: 'active',
  endedAt: null,
};

const noOperations = { items: [], total: 0, totalIsExact: true };

function defaults(refused: Refusal[]): HttpServices {
  const kept = new Map<string, { status: number; body: string }>();
  const list = <T>(item: T) => Promise.resolve({ items: [item], total: 1 });
  return {
    authenticator: { authenticate },
    rateLimiter: { mustBeWithinRate: () => undefined },
    audit: { list: () => Promise.resolve(noOperations), listOfProject: () => Promise.resolve(noOperations) },
    changes: {
      run: async (input, work) => {
        const answer = input.idempotency === undefined ? undefined : kept.get(input.idempotency.key);
        if (answer !== undefined) return { ...answer, replayed: true };
        const rendered = input.render(await work({} as never));
        if (input.idempotency !== undefined) kept.set(input.idempotency.key, rendered);
        return { ...rendered, replayed: false };
      },
      refused: (refusal) => void refused.push(refusal),
      refusedRead: (refusal) => void refused.push(refusal),
    },
    backend: {
      health: () =>
        Promise.reject(new DomainError('storage_unavailable', 'One or more storage paths are not accessible')),
      init: () =>
        Promise.resolve({
          created: ['duckdb_dir', 'files_dir'],
          storagePaths: { data_dir: '/a', duckdb_dir: '/b', files_dir: '/c', snapshots_dir: '/d' },
        }),
      remove: () => Promise.resolve(),
    },
    backups: {
      create: (_change, input) => Promise.resolve({ ...backup, name: input.name ?? backup.name }),
      list: () => list(backup),
      get: () => Promise.resolve(backup),
      delete: () => Promise.resolve(),
    },
    projects: {
      create: (_change, input) =>
        Promise.resolve({ project: { ...project, ...input }, apiKey: `proj_${input.id}_admin_x` }),
      list: () => list(project),
      get: () => Promise.resolve(project),
      update: () => Promise.resolve(project),
      delete: () => Promise.resolve(),
      stats: () => Promise.resolve(project),
    },
    apiKeys: {
      create: (_change, projectId, input) =>
        Promise.resolve({ key: { ...apiKey, ...input, projectId }, text: 'proj_p1_admin_x' }),
      list: () => Promise.resolve([apiKey]),
      get: () => Promise.resolve(apiKey),
      revoke: () => Promise.resolve(),
      rotate: () => Promise.resolve({ key: apiKey, text: 'proj_p1_admin_x' }),
    },
    branches: {
      create: (_change, input) => Promise.resolve({ ...branch, ...input }),
      list: () => list(branch),
      get: () => Promise.resolve({ branch, tables: [table] }),
      update: () => Promise.resolve(branch),
      delete: () => Promise.resolve(),
    },
    branchDiff: { diff: () => Promise.resolve({ items: [], total: 0 }) },
    branchPull: {
      pullTable: () => Promise.resolve({ bucketName: 'sales', tableName: 'orders', wasLocal: true }),
      pullBucket: () => Promise.resolve([]),
      pullBranch: () => Promise.resolve([]),
    },
    branchMerge: { merge: () => Promise.resolve({ tables: [], bucketsCreated: [], bucketsDeleted: [] }) },
    buckets: {
      create: (_change, input) => Promise.resolve({ ...bucket, ...input }),
      list: () => list(bucket),
      get: () => Promise.resolve(bucket),
      update: () => Promise.resolve(bucket),
      delete: () => Promise.resolve(),
    },
    sharing: {
      share: () => Promise.resolve({ bucket, sharedWith: ['p2'] }),
      unshare: () => Promise.resolve(),
      link: () => Promise.resolve(bucket),
      unlink: () => Promise.resolve(),
      grantReadonly: () => Promise.resolve(bucket),
      revokeReadonly: () => Promise.resolve(),
      listShares: () => Promise.resolve({ shares: { items: [], total: 0 }, links: { items: [], total: 0 } }),
      listSharedWith: () => Promise.resolve({ items: [], total: 0 }),
      mustMayRead: () => Promise.resolve(),
    },
    tables: {
      create: () => Promise.resolve(table),
      list: () => list(table),
      get: () => Promise.resolve(table),
      update: () => Promise.resolve(table),
      delete: () => Promise.resolve(),
      preview: () => Promise.resolve({ table, rowsJson: '[{"id":9223372036854775807}]', rowCount: 1 }),
    },
    schemas: {
      addColumn: () => Promise.resolve(table),
      alterColumn: () => Promise.resolve(table),
      dropColumn: () => Promise.resolve(table),
      addPrimaryKey: () => Promise.resolve(table),
      dropPrimaryKey: () => Promise.resolve(table),
    },
    rows: { deleteRows: () => Promise.resolve({ deletedRows: 2, tableRowsAfter: 3, tableSizeBytesAfter: 4 }) },
    profiles: {
      profile: (_ref, input) =>
        Promise.resolve({
          table,
          mode: input.mode,
          profiledRows: table.current.rowCount,
          columns: [],
          qualityScore: 100,
          qualityIssues: [],
          correlations: null,
        }),
    },
    transfers: {
      importFile: () =>
        Promise.resolve({
          importedRows: 2,
          insertedRows: 2,
          updatedRows: 0,
          deletedRows: 0,
          rejectedCount: 0,
          rejected: [],
          tableRowsAfter: 2,
          tableSizeBytes: 10,
          warnings: [],
          durationMs: 1.4,
        }),
      exportTable: () => Promise.resolve({ file: downloadOf(Buffer.from('a')).file, rowsExported: 1 }),
    },
    snapshots: {
      create: () => Promise.resolve(snapshot),
      list: () => list(snapshot),
      get: () => Promise.resolve(snapshot),
      delete: () => Promise.resolve(),
      restore: () => Promise.resolve(table),
    },
    snapshotDownloads: {
      open: () => Promise.resolve({ snapshot, sizeBytes: 4, content: Readable.from([Buffer.from('PAR1')]) }),
    },
    snapshotSettings: {
      get: () => Promise.resolve({ effective: effectiveSnapshotSettings([]), local: null }),
      put: (_change, _owner, local) => Promise.resolve({ effective: effectiveSnapshotSettings([]), local }),
      reset: () => Promise.resolve(),
    },
    workspaces: {
      create: () => Promise.resolve({ workspace, password: 'p', preloaded: [] }),
      list: () => list(workspace),
      get: () => Promise.resolve({ workspace, activeSessions: 0, attachedTables: [], objects: [] }),
      delete: () => Promise.resolve(),
      clear: () => Promise.resolve(),
      dropObject: () => Promise.resolve(),
      load: () => Promise.resolve({ loaded: [], sizeBytes: 1 }),
      resetCredentials: () => Promise.resolve({ workspace, password: 'p', preloaded: [] }),
    },
    workspaceQueries: {
      run: () =>
        Promise.resolve({ commandTag: 'SELECT 0', columns: [], rows: 0, truncated: false, durationMs: 1, file: null }),
    },
    workspaceUnload: {
      unload: () => Promise.reject(new DomainError('object_not_found', 'Object not found')),
    },
    workspaceSessions: {
      list: () => list(wireSession),
      listAll: () => list(wireSession),
      end: () => Promise.resolve(),
      endAny: () => Promise.resolve(),
    },
    queryLog: { list: () => Promise.resolve({ items: [], total: 0, totalIsExact: true }) },
    pgwireInternal: {
      authenticate: () => Promise.reject(new DomainError('invalid_credentials', 'Invalid username or password')),
      openSession: () => Promise.resolve(wireSession),
      listSessions: () => Promise.resolve([wireSession]),
      getSession: () => Promise.resolve(wireSession),
      noteActivity: () => Promise.resolve(wireSession),
      closeSession: () => Promise.resolve(),
      closeIdle: () => Promise.resolve({ closed: 0, idleTimeoutMs: 3_600_000 }),
    },
    versions: {
      list: () => list({ ...table.current, retiredAt: null, expiresAt: null }),
      restore: (_change, _table, versionId) => Promise.resolve({ table, restoredVersionId: versionId }),
    },
    files: {
      prepare: () => Promise.resolve(upload),
      upload: async (_change, _projectId, uploadKey, source) => {
        const hash = createHash('sha256');
        let sizeBytes = 0;
        for await (const chunk of source as AsyncIterable<Buffer>) {
          hash.update(chunk);
          sizeBytes += chunk.length;
        }
        return { uploadKey, stagingPath: `staging/${uploadKey}_d.csv`, sizeBytes, checksumSha256: hash.digest('hex') };
      },
      register: () => Promise.resolve(downloadOf(Buffer.from('a')).file),
      list: () => list(downloadOf(Buffer.from('a')).file),
      get: () => Promise.resolve(downloadOf(Buffer.from('a')).file),
      delete: () => Promise.resolve(),
      openDownload: () => Promise.resolve(downloadOf(Buffer.from('0123456789'))),
    },
  };
}
