import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SnapshotRecord } from '../../metadata/records.js';
import { contentDispositionHeader } from './content-headers.js';
import { exactly } from './file-download.js';
import type { SnapshotDownload } from './services.js';

/** Without building the file: only what is known before. */
export function sendSnapshotHead(snapshot: SnapshotRecord, reply: FastifyReply): FastifyReply {
  return withHeaders(snapshot, reply).send(Buffer.alloc(0));
}

export function sendSnapshot(
  { snapshot, sizeBytes, content }: SnapshotDownload,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return withHeaders(snapshot, reply)
    .header('content-length', sizeBytes)
    .send(exactly(content, sizeBytes, request));
}

function withHeaders(snapshot: SnapshotRecord, reply: FastifyReply): FastifyReply {
  return reply.headers({
    'content-type': 'application/x-parquet',
    'content-disposition': contentDispositionHeader(`${snapshot.id}.parquet`),
    'accept-ranges': 'none',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  });
}
