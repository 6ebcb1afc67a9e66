import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp, type App, type AppOverrides } from '../../src/app.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createTestLogger, type TestLog } from './test-log.js';

export const TEST_ADMIN_KEY = 'test-admin-key';

export interface TestApp extends App {
  readonly dataDir: string;
  readonly log: TestLog;
  /** JSON request with the admin key (or `key`); the body is parsed when there is one. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests look into answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** The whole application in this process, on a real socket and a temporary directory. */
export async function startTestApp(
  options: { env?: Record<string, string>; dataDir?: string; overrides?: AppOverrides } = {},
): Promise<TestApp> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'storage-test-')));
  const log = createTestLogger();
  const config = loadConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    GRPC_PORT: '0',
    PGWIRE_PORT: '0',
    WORKSPACE_SPARE_WORKERS: '0',
    DATA_DIR: dataDir,
    DISK_RESERVE_BYTES: '0',
    SHUTDOWN_TIMEOUT: '5',
    WORKSPACE_FIRST_USER_ID: String(nextUserIds()),
    ...options.env,
  });
  const app = await startApp(config, log.logger, TEST_ADMIN_KEY, options.overrides);
  return {
    ...app,
    dataDir,
    log,
    call: (method, path, body, callOptions) => call(app.address, method, path, body, callOptions),
    stop: async () => {
      await app.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

let apps = 0;

/**
 * As root, workspaces run under user ids, and the system counts the threads of each: two applications that have the same ids, in
 * tests that run side by side, take them from each other, and a worker that gets no thread aborts.
 */
function nextUserIds(): number {
  apps += 1;
  return 100_000 + ((process.pid % 10_000) * 100 + (apps % 100)) * 1000;
}

export async function call(
  address: string,
  method: string,
  path: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<Answer> {
  const key = options.key === undefined ? TEST_ADMIN_KEY : options.key;
  const form = body instanceof FormData;
  const response = await fetch(address + path, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Prepare, upload, register: returns the file id. */
export async function uploadFile(app: TestApp, projectId: string, name: string, content: string | Uint8Array) {
  const prepared = await app.call('POST', `/projects/${projectId}/files/prepare`, { filename: name });
  const form = new FormData();
  form.append('file', new Blob([content]), name);
  const uploaded = await app.call('POST', prepared.body.upload_url, form);
  if (uploaded.status !== 200) throw new Error(`upload failed: ${JSON.stringify(uploaded.body)}`);
  const registered = await app.call('POST', `/projects/${projectId}/files`, { upload_key: prepared.body.upload_key });
  if (registered.status !== 201) throw new Error(`register failed: ${JSON.stringify(registered.body)}`);
  return registered.body.id as string;
}
