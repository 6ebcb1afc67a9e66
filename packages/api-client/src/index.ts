import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

export type { components, operations, paths } from './schema.js';

/** A shape of the API by its name in the OpenAPI document, for example `Schema<'Table'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

export type ApiClient = Client<paths>;

export interface ApiClientOptions {
  /** Where the service is, with its prefix if it has one: `http://localhost:8000`. */
  readonly baseUrl: string;
  /** The admin key or a project key; absent for the open endpoints. */
  readonly apiKey?: string;
  /** Instead of the global `fetch`, for example in tests. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/**
 * A typed client of the native REST API. Answers are `{ data }` or `{ error }`, never an exception for a status:
 *
 *     const api = createApiClient({ baseUrl: 'http://localhost:8000', apiKey });
 *     const { data, error } = await api.GET('/projects/{project_id}', { params: { path: { project_id: 'p1' } } });
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  return createClient<paths>({
    baseUrl: options.baseUrl,
    ...(options.apiKey === undefined ? {} : { headers: { authorization: `Bearer ${options.apiKey}` } }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
}

/** The form that `POST /projects/{project_id}/files/upload/{upload_key}` expects. */
export function fileForm(content: Blob, fileName: string): FormData {
  const form = new FormData();
  form.append('file', content, fileName);
  return form;
}
