import { randomUUID } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** An answer with its body as text and, where it is JSON, parsed. */
export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  readonly body: T;
}

export interface RequestOptions {
  readonly json?: unknown;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Follow redirects; off, so that tests see them. */
  readonly redirect?: 'follow' | 'manual';
}

/** Told of every answer; set by `record-calls.ts` when the coverage of the API is measured. */
export const calls: { onAnswer: ((call: { method: string; path: string; status: number }) => void) | undefined } = {
  onAnswer: undefined,
};

/** A small client of the native REST API that hides nothing: every status is an answer, never an exception. */
export class Api {
  constructor(
    readonly baseUrl: string,
    readonly key: string | undefined,
  ) {}

  as(key: string | undefined): Api {
    return new Api(this.baseUrl, key);
  }

  async request<T = unknown>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    const headers = new Headers(options.headers);
    if (this.key !== undefined && !headers.has('authorization')) headers.set('authorization', `Bearer ${this.key}`);
    let body: RequestInit['body'] | AsyncIterable<Uint8Array> | undefined = options.body as RequestInit['body'];
    if (options.json !== undefined) {
      body = JSON.stringify(options.json);
      if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    }
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers,
      redirect: options.redirect ?? 'manual',
      ...(body === undefined ? {} : { body: body as RequestInit['body'] & {}, duplex: 'half' }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    calls.onAnswer?.({ method, path, status: response.status });
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const text = bytes.toString('utf8');
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : undefined) as T,
    };
  }

  get<T = unknown>(path: string, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('GET', path, options);
  }

  post<T = unknown>(path: string, json?: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('POST', path, { ...options, ...(json === undefined ? {} : { json }) });
  }

  put<T = unknown>(path: string, json?: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('PUT', path, { ...options, ...(json === undefined ? {} : { json }) });
  }

  delete<T = unknown>(path: string, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('DELETE', path, options);
  }
}

/** For the steps a test is not about: anything but success ends the test with the whole answer in the message. */
export function mustSucceed<T>(answer: Answer<T>): T {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`Expected success, got ${answer.status}: ${answer.text.slice(0, 2000)}`);
}

export function errorCode(answer: Answer): string | undefined {
  const body = answer.body as { detail?: { error?: string }; error?: string } | undefined;
  return body?.detail?.error ?? body?.error;
}

export function errorMessage(answer: Answer): string {
  const body = answer.body as { detail?: { message?: string }; message?: string } | undefined;
  return body?.detail?.message ?? body?.message ?? '';
}

export function errorDetails(answer: Answer): Record<string, unknown> {
  const body = answer.body as { detail?: { details?: Record<string, unknown> } } | undefined;
  return body?.detail?.details ?? {};
}

let counter = 0;

/** A name that no other test of this server has. */
export function uniqueName(prefix: string): string {
  counter += 1;
  return `${prefix}_${counter}_${randomUUID().slice(0, 4)}`;
}
