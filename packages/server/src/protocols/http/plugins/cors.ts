import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { DoorSettings } from '../server-options.js';

const READABLE_HEADERS = [
  'X-Request-ID',
  'X-Idempotency-Key',
  'X-Idempotency-Replay',
  'Content-Disposition',
  'Content-Range',
  'Accept-Ranges',
  'ETag',
  'Last-Modified',
  'Retry-After',
  'Allow',
];

/** Credentials are bearer tokens that a page has to know, never cookies, so any origin may be allowed. */
export async function installCors(app: FastifyInstance, settings: DoorSettings): Promise<void> {
  await app.register(cors, {
    origin: settings.corsAllowedOrigins === '*' ? true : [...settings.corsAllowedOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    credentials: true,
    exposedHeaders: READABLE_HEADERS,
    maxAge: 600,
    strictPreflight: false,
  });
}
