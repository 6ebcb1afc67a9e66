/** Both ends inclusive, as in the header. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a Range header asks of a file (RFC 9110, 14.2): a part, nothing that exists, or everything. Several ranges at once
 * and units we do not know may be ignored by the standard, and are.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'everything' | 'unsatisfiable' {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '');
  if (match === null) return 'everything';
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return 'everything';
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'everything';
  if (start >= sizeBytes) return 'unsatisfiable';
  return { start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}

export interface Validators {
  readonly etag: string;
  readonly lastModified: Date;
}

/** The caller has these bytes already: answer 304. */
export function isNotModified(
  headers: { readonly ifNoneMatch: string | undefined; readonly ifModifiedSince: string | undefined },
  current: Validators,
): boolean {
  if (headers.ifNoneMatch !== undefined) return matchesWeakly(headers.ifNoneMatch, current.etag);
  const since = Date.parse(headers.ifModifiedSince ?? '');
  return !Number.isNaN(since) && wholeSeconds(current.lastModified) <= since;
}

/** The range of an If-Range request holds only for the bytes that the caller has a part of. */
export function rangeStillApplies(ifRange: string | undefined, current: Validators): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"') || ifRange.startsWith('W/')) return ifRange === current.etag;
  return Date.parse(ifRange) === wholeSeconds(current.lastModified);
}

function matchesWeakly(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  const candidates = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return candidates.some((candidate) => candidate.replace(/^W\//, '') === etag);
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000;
}
