import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../../errors/domain-error.js';

/**
 * There is no limit on how long a request may take: imports run for minutes and uploads for hours. What is limited is
 * silence: a client that stops sending in the middle of its body is dropped, so that it does not hold a connection and a
 * half-written file for ever.
 */
const BODY_SILENCE_MS = 120_000;

export function limitSilenceOfBodies(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { raw } = request;
    const { socket } = raw;
    const hasBody = raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0;
    if (hasBody && socket instanceof Socket && !raw.complete) {
      socket.setTimeout(BODY_SILENCE_MS);
      raw.once('end', () => socket.setTimeout(0));
    }
    done();
  });
}

/** While the server drains, requests on connections that are still open are refused and told to go elsewhere. */
export function refuseWhileClosing(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  // Without it a connection would outlive its last answer by the keep-alive time, and so would the server.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onRequest', (_request, reply, done) => {
    if (!closing) {
      done();
      return;
    }
    reply.header('connection', 'close');
    done(
      new DomainError(
        'shutting_down',
        'The server is stopping; repeat the request after the restart',
        {},
        { retryAfterSeconds: 5 },
      ),
    );
  });
}

/** Requests that are not HTTP, or too large or slow in their headers, never become a request: answered on the socket. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'Request Timeout']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large']
        : [400, 'Bad Request'];
  const body = JSON.stringify({ detail: text });
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
