import { afterAll, beforeAll } from 'vitest';
import { Api } from './api.js';
import { startServer, type ServerOptions, type ServerProcess } from './server-process.js';

export interface UsedServer {
  readonly process: ServerProcess;
  /** A client with the admin key. */
  readonly admin: Api;
  /** A client without a key. */
  readonly anonymous: Api;
}

/** One server for all tests of a file; its log must be free of unexpected errors at the end. */
export function useServer(options: ServerOptions = {}): UsedServer {
  let started: ServerProcess | undefined;

  beforeAll(async () => {
    started = await startServer(options);
  });
  afterAll(async () => {
    await started?.stop();
  });

  const process = (): ServerProcess => {
    if (started === undefined) throw new Error('The server is started before the first test of the file runs');
    return started;
  };
  return {
    get process() {
      return process();
    },
    get admin() {
      return new Api(process().baseUrl, process().adminKey);
    },
    get anonymous() {
      return new Api(process().baseUrl, undefined);
    },
  };
}
