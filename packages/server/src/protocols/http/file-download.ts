import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../errors/domain-error.js';
import { isNotModified, parseRange, rangeStillApplies } from './byte-range.js';
import { contentDispositionHeader, contentTypeHeader } from './content-headers.js';
import type { FileDownload } from './services.js';

/**
 * Sends a file, or the part that was asked for. A registered file never changes its content, so its checksum is a strong
 * validator and a download can be resumed at any time. Nothing is read for HEAD.
 */
export function sendDownload(download: FileDownload, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { file } = download;
  const validators = { etag: `"${file.checksumSha256}"`, lastModified: file.createdAt };
  reply.headers({
    'accept-ranges': 'bytes',
    etag: validators.etag,
    'last-modified': validators.lastModified.toUTCString(),
    'cache-control': 'private, no-cache',
  });
  const { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince } = request.headers;
  if (isNotModified({ ifNoneMatch, ifModifiedSince }, validators)) return reply.code(304).send();
  const wanted = rangeStillApplies(header(request, 'if-range'), validators)
    ? parseRange(request.headers.range, file.sizeBytes)
    : 'everything';
  if (wanted === 'unsatisfiable') {
    reply.header('content-range', `bytes */${file.sizeBytes}`);
    const message = `The file has ${file.sizeBytes} bytes; the range lies beyond them`;
    throw new DomainError('invalid_request', message, { size_bytes: file.sizeBytes }, { httpStatus: 416 });
  }
  const range = wanted === 'everything' ? undefined : wanted;
  const lengthBytes = range === undefined ? file.sizeBytes : range.end - range.start + 1;
  reply.headers({
    'content-type': contentTypeHeader(file.contentType),
    'content-disposition': contentDispositionHeader(file.name),
    'content-length': lengthBytes,
    // A stored type must not turn into a page of this origin.
    'x-content-type-options': 'nosniff',
  });
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.sizeBytes}`);
  }
  return request.method === 'HEAD' || lengthBytes === 0
    ? reply.send(Buffer.alloc(0))
    : reply.send(exactly(download.read(range), lengthBytes, request));
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Passes on as many bytes as the head of the answer promised, and ends with the last of them: a client that has them all
 * may be gone before the source says that there is nothing more. A source that ends early breaks the answer off.
 */
export function exactly(source: Readable, lengthBytes: number, request: FastifyRequest): Readable {
  async function* counted(): AsyncGenerator<Buffer> {
    let remaining = lengthBytes;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      remaining -= chunk.length;
      if (remaining <= 0) request.door.answerComplete = true;
      yield remaining < 0 ? chunk.subarray(0, chunk.length + remaining) : chunk;
      if (remaining <= 0) return;
    }
    throw new Error(`The stored file ended ${remaining} bytes too early`);
  }
  return Readable.from(counted(), { objectMode: false });
}
