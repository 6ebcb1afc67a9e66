import { DomainError } from '../errors/domain-error.js';
import { mustBeValidFileName } from '../model/names.js';

export type Tags = Readonly<Record<string, string>>;

export interface PrepareInput {
  readonly fileName: string;
  readonly contentType: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly tags: Tags | null;
}

export interface RegisterInput {
  readonly uploadKey: string;
  readonly name?: string | null | undefined;
  readonly tags?: Tags | null | undefined;
}

/** Tags travel in every list of files; this keeps a page of a thousand files within reason. */
const MAX_TAGS_BYTES = 16 * 1024;

/** It becomes a header of the download, so it is printable ASCII. */
const CONTENT_TYPE = /^[\x21-\x7e][\x20-\x7e]{0,254}$/;
const SHA256 = /^[0-9a-f]{64}$/i;

/** What prepare declares, checked and in one spelling. */
export function checkPrepareInput(input: PrepareInput, maxUploadBytes: number): PrepareInput {
  mustBeValidFileName(input.fileName);
  const { contentType, sizeBytes, sha256, tags } = input;
  if (contentType !== null && !CONTENT_TYPE.test(contentType)) {
    throw invalid('content_type', 'content_type must be 1 to 255 printable ASCII characters, such as text/csv');
  }
  if (sha256 !== null && !SHA256.test(sha256)) throw invalid('sha256', 'sha256 must be 64 hexadecimal digits');
  if (sizeBytes !== null && (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0)) {
    throw invalid('size_bytes', 'size_bytes must be a whole number of bytes, 0 or more');
  }
  if (sizeBytes !== null && sizeBytes > maxUploadBytes) {
    throw new DomainError(
      'file_too_large',
      `A file may have ${maxUploadBytes} bytes, and ${sizeBytes} were declared. Split it, or raise MAX_UPLOAD_BYTES.`,
      { max_size_bytes: maxUploadBytes, requested_size_bytes: sizeBytes },
      { httpStatus: 400 },
    );
  }
  mustBeReasonableTags(tags);
  return { ...input, sha256: sha256 === null ? null : sha256.toLowerCase() };
}

/** Tags of prepare and register together; register wins. */
export function mergeTags(prepared: Tags | null, registered: Tags | null | undefined): Tags | null {
  if (prepared === null && (registered === null || registered === undefined)) return null;
  const tags = { ...prepared, ...registered };
  mustBeReasonableTags(tags);
  return tags;
}

function mustBeReasonableTags(tags: Tags | null): void {
  if (tags === null || Buffer.byteLength(JSON.stringify(tags)) <= MAX_TAGS_BYTES) return;
  throw invalid('tags', `the tags of a file may take ${MAX_TAGS_BYTES} bytes of JSON`);
}

function invalid(field: string, rule: string): DomainError {
  return new DomainError('invalid_request', `${rule}.`, { field });
}
