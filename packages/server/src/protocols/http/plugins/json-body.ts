import type { FastifyInstance } from 'fastify';
import { parseJsonBody } from '../json-text.js';
import { NotJsonBody } from '../validation/request-validator.js';

export const MAX_JSON_BYTES = 5 * 1024 * 1024;

/**
 * JSON bodies are parsed without loss and kept as they came, for the hash of idempotent requests. Anything else is not read
 * at all: a route that needs a body then says so after it knows who is calling.
 */
export function installBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const isJson = /^application\/(?:[\w.+-]+\+)?json(?:[ \t]*;|$)/i;
  app.addContentTypeParser(isJson, { parseAs: 'buffer', bodyLimit: MAX_JSON_BYTES }, (request, body, done) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.length === 0) {
      done(null, undefined);
      return;
    }
    request.door.rawBody = bytes;
    try {
      done(null, parseJsonBody(bytes));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  app.addContentTypeParser('*', (request, _payload, done) => {
    done(null, new NotJsonBody(request.headers['content-type'] ?? ''));
  });
}

/** A body without a content type counts as JSON, as clients of the reference expect. */
export function installDefaultContentType(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (hasBody && (headers['content-type'] ?? '').trim() === '') headers['content-type'] = 'application/json';
    done();
  });
}
