import { createServer, type Server } from 'node:net';

/** Abstract: it is in no directory, and goes with the process, however that ends. */
const NAME_PREFIX = '\0duckdb-storage-backend/worker-user-id/';

/**
 * The right to run a worker under a user id, among all services of a machine (of a network namespace, to be exact). Two that were given the same
 * range would otherwise let workspaces of one read and end those of the other, and count each other's threads, without a word.
 */
export class UserIdLease {
  private constructor(
    readonly id: number,
    private readonly server: Server,
  ) {}

  /** Undefined: another service has it. */
  static async take(id: number): Promise<UserIdLease | undefined> {
    const server = createServer((socket) => socket.destroy());
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ path: NAME_PREFIX + String(id), exclusive: true }, resolve);
      });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
      throw error;
    }
    server.unref();
    return new UserIdLease(id, server);
  }

  release(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
