import { Readable } from 'node:stream';
import { DomainError } from '../errors/domain-error.js';

export interface RemoteFileLimits {
  /** `name` stands for the port of its scheme, `name:port` for that one. Empty: nothing is fetched from anywhere. */
  readonly hosts: readonly string[];
  /** For the whole of a file, from the question to its last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface RemoteFile {
  readonly host: string;
  /** What the sender says, if it says anything. */
  readonly sizeBytes: number | null;
  /** Fails with a `DomainError` when the sender breaks off or takes too long. */
  readonly content: Readable;
}

const MAX_REDIRECTS = 5;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Files at HTTP(S) addresses, on hosts that the operator has named. A service that fetches whatever address it is given would reach for
 * others what they cannot reach themselves, so that
 *
 *     the host is compared as a whole, and so is the port     no patterns, no sub-domains
 *     redirects stay on that host                             and do not leave TLS
 *     what the names resolve to is not looked at              a named host may well be inside; see docs/decisions/0015
 *
 * No message repeats more of an address than its host: the rest may be a signature.
 */
export class RemoteFiles {
  readonly #hosts: ReadonlySet<string>;

  constructor(private readonly limits: RemoteFileLimits) {
    this.#hosts = new Set(limits.hosts.map((host) => host.toLowerCase()));
  }

  /** For all that belongs together, from now on. */
  deadline(): AbortSignal {
    return AbortSignal.timeout(this.limits.timeoutMs);
  }

  async open(address: string, signal: AbortSignal = this.deadline()): Promise<RemoteFile> {
    let url = this.#mustBeAllowed(address);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const answer = await this.#ask(url, signal);
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null;
      if (location === null) return this.#fileOf(url, answer);
      await answer.body?.cancel();
      url = this.#redirected(url, location);
    }
    throw notAFile(url, `redirects more than ${MAX_REDIRECTS} times`);
  }

  #mustBeAllowed(address: string): URL {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url === undefined || DEFAULT_PORTS[url.protocol] === undefined) {
      throw new DomainError('invalid_request', 'The address of the file must be a whole http:// or https:// address.');
    }
    if (url.username !== '' || url.password !== '') {
      throw new DomainError('invalid_request', 'The address of the file must not contain a user name or a password.');
    }
    const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : url.port;
    const isAllowed =
      this.#hosts.has(`${url.hostname}:${port}`) || (url.port === '' && this.#hosts.has(url.hostname.toLowerCase()));
    if (isAllowed) return url;
    throw new DomainError(
      'invalid_request',
      `Files are not imported from ${url.host}: the operator names the hosts that may be used in IMPORT_URL_HOSTS.`,
      { host: url.host },
    );
  }

  #redirected(from: URL, location: string): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    if (to === undefined || to.hostname !== from.hostname) throw notAFile(from, 'redirects to another host');
    if (from.protocol === 'https:' && to.protocol !== 'https:') throw notAFile(from, 'redirects to plain HTTP');
    return this.#mustBeAllowed(to.href);
  }

  async #ask(url: URL, signal: AbortSignal): Promise<Response> {
    try {
      // As it is stored: a file that is compressed is inflated where all files are.
      return await fetch(url, { redirect: 'manual', headers: { 'accept-encoding': 'identity' }, signal });
    } catch (error) {
      throw this.#brokenOff(url, error, 'cannot be reached');
    }
  }

  #fileOf(url: URL, { status, headers, body }: Response): RemoteFile {
    const length = Number(headers.get('content-length') ?? 'none');
    const sizeBytes = Number.isSafeInteger(length) ? length : null;
    const refusal = this.#refusalOf(url, status, headers.get('content-type') ?? '', sizeBytes);
    if (refusal !== undefined || body === null) {
      void body?.cancel().catch(() => undefined);
      throw refusal ?? notAFile(url, 'answered without content');
    }
    const content = Readable.from(this.#bytesOf(url, body), { objectMode: false });
    return { host: url.host, sizeBytes, content };
  }

  #refusalOf(url: URL, status: number, contentType: string, sizeBytes: number | null): DomainError | undefined {
    if (status === 429 || status >= 500) return failed(url, `answered ${status}`);
    if (status !== 200) return notAFile(url, `answered ${status}`, { status });
    // A page to log in at is the usual answer of an address that has expired.
    if (/^text\/html\b/i.test(contentType)) return notAFile(url, 'answered with a web page');
    const { maxBytes } = this.limits;
    if (sizeBytes === null || sizeBytes <= maxBytes) return undefined;
    return new DomainError(
      'file_too_large',
      `The file at ${url.host} has ${sizeBytes} bytes, more than the limit of ${maxBytes}; nothing was kept.`,
      { max_size_bytes: maxBytes },
    );
  }

  async *#bytesOf(url: URL, body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    let isReading = true;
    try {
      for await (const chunk of body) {
        isReading = false;
        yield chunk;
        isReading = true;
      }
    } catch (error) {
      if (!isReading) throw error;
      throw this.#brokenOff(url, error, 'broke off before the file was complete');
    }
  }

  #brokenOff(url: URL, error: unknown, what: string): DomainError {
    const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
    const seconds = this.limits.timeoutMs / 1000;
    return failed(url, isTimeout ? `took longer than ${seconds} s (IMPORT_URL_TIMEOUT_SECONDS)` : what, error);
  }
}

/** It may work the next time. */
function failed(url: URL, what: string, cause?: unknown): DomainError {
  const message = `The file could not be fetched: ${url.host} ${what}. Nothing was changed.`;
  return new DomainError('remote_file_failed', message, { host: url.host }, { cause });
}

/** It will be the same the next time. */
function notAFile(url: URL, what: string, details: { readonly status?: number } = {}): DomainError {
  return new DomainError('file_not_found', `There is no file at that address: ${url.host} ${what}.`, {
    host: url.host,
    ...details,
  });
}
