import { readFile } from 'node:fs/promises';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ConnectError, encodeBinaryHeader, type ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { requestIdFrom } from '../../observability/request-context.js';
import type { DriverExecutor } from './driver-executor.js';
import { DriverFailure } from './driver-failure.js';
import { StorageDriverService } from './gen/proto/service_pb.js';
import { responseMessage } from './wire/envelope.js';

/** Where the details of a failure are: a gRPC status has room for a number and a text only. */
const ERROR_TRAILER = 'x-driver-error-bin';
/** Previews and answers of queries outgrow the usual 4 MiB; a command itself is small, apart from very wide tables. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export interface GrpcSettings {
  readonly host: string;
  readonly port: number;
  /** PEM files; null: without TLS, which is for the loopback interface and private networks. */
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
}

export interface GrpcServer {
  readonly port: number;
  /** Lets running commands finish, for so long. */
  stop(timeoutMs: number): Promise<void>;
}

/** The gRPC door: one method, the command is in the message. The gRPC of browsers and Connect's own protocol are not offered. */
export async function startGrpcServer(settings: GrpcSettings, executor: DriverExecutor): Promise<GrpcServer> {
  const handler = connectNodeAdapter({
    routes: (router) => serve(router, executor),
    grpc: true,
    grpcWeb: false,
    connect: false,
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
  });
  const server =
    settings.tls === null
      ? createServer({}, handler)
      : createSecureServer(
          { cert: await readFile(settings.tls.certPath), key: await readFile(settings.tls.keyPath) },
          handler,
        );
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // A connection that breaks ends its streams; there is nobody to tell.
    session.on('error', () => session.destroy());
  });
  await listen(server, settings);
  return {
    port: (server.address() as AddressInfo).port,
    stop: async (timeoutMs) => {
      const deadline = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, timeoutMs);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      await closed;
      clearTimeout(deadline);
    },
  };
}

function serve(router: ConnectRouter, executor: DriverExecutor): void {
  router.service(StorageDriverService, {
    execute: async (request, { requestHeader, responseHeader, signal }) => {
      const requestId = requestIdFrom(requestHeader.get('x-request-id') ?? undefined);
      responseHeader.set('x-request-id', requestId);
      try {
        const answer = await executor.execute(request, {
          authorization: requestHeader.get('authorization') ?? undefined,
          requestId,
          idempotencyKey: requestHeader.get('x-idempotency-key') ?? undefined,
          signal,
        });
        return responseMessage(answer);
      } catch (error) {
        throw error instanceof DriverFailure ? statusOf(error) : error;
      }
    },
  });
}

function statusOf(failure: DriverFailure): ConnectError {
  const details = { [ERROR_TRAILER]: encodeBinaryHeader(new TextEncoder().encode(failure.toJson())) };
  return new ConnectError(failure.message, failure.grpcStatus, details);
}

function listen(server: Http2Server | Http2SecureServer, { host, port }: GrpcSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
