import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { DomainError, isDomainError } from '../../errors/domain-error.js';
import { ValidationError } from './validation/validation-error.js';

/** A form may say a few things beside the content; nothing of it is kept in memory but these. */
export const MULTIPART_LIMITS = {
  fields: 20,
  fieldNameSize: 200,
  fieldSize: 64 * 1024,
  files: 5,
  parts: 25,
  headerPairs: 100,
  // The service counts the bytes against its own limit and ends the stream there.
  fileSize: Number.POSITIVE_INFINITY,
} as const;

/** The parser takes boundaries of up to 252 characters; the standard allows 70. */
const MAX_CONTENT_TYPE_LENGTH = 250;

/**
 * Hands the content of the form part `partName` to `receive` as a stream, never more of it in memory than a chunk, and
 * reads the rest of the form to its end. A form that breaks off is the caller's mistake, whatever `receive` made of it.
 */
export async function receiveFilePart<R>(
  request: FastifyRequest,
  partName: string,
  signal: AbortSignal,
  receive: (source: Readable) => Promise<R>,
): Promise<R> {
  mustBeMultipart(request);
  let received: { readonly result: R } | undefined;
  let streamError: Error | undefined;
  try {
    for await (const part of request.parts()) {
      if (part.type !== 'file') continue;
      if (part.fieldname !== partName || received !== undefined) {
        part.file.resume();
        continue;
      }
      part.file.once('error', (error: Error) => {
        streamError = error;
      });
      received = { result: await receive(part.file) };
    }
  } catch (error) {
    if (signal.aborted) throw clientLeft(error);
    // A receiver that gives up ends the part, which then fails as well: its own reason counts, unless that is the break.
    if (isDomainError(error) && (streamError === undefined || error.code !== 'request_cancelled')) throw error;
    if (streamError === undefined && received === undefined && !isFormError(error)) throw error;
    throw brokenForm(streamError ?? error);
  }
  if (received === undefined) {
    const msg = `Field required: a multipart part named '${partName}' with a file name`;
    throw new ValidationError([{ type: 'missing', loc: ['body', partName], msg, input: null }]);
  }
  return received.result;
}

export function mustBeMultipart(request: FastifyRequest): void {
  const input = request.headers['content-type'] ?? null;
  if (request.isMultipart() && (input?.length ?? 0) <= MAX_CONTENT_TYPE_LENGTH) return;
  const msg = "The body must be multipart/form-data with a part named 'file' and a boundary of at most 70 characters";
  throw new ValidationError([{ type: 'missing', loc: ['body', 'file'], msg, input }]);
}

/** Errors of the form parser carry a framework code or one of its fixed sentences. */
function isFormError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && error.code.startsWith('FST_')) return true;
  return /multipart|malformed|boundary|unexpected end/i.test(error.message);
}

function brokenForm(cause: unknown): ValidationError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const msg = `The multipart form cannot be read: ${reason}`;
  return new ValidationError([{ type: 'multipart_invalid', loc: ['body'], msg, input: null }], { cause });
}

function clientLeft(cause: unknown): DomainError {
  return new DomainError('request_cancelled', 'The client left during the upload; nothing was kept', {}, { cause });
}
