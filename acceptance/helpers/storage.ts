import { createHash, randomUUID } from 'node:crypto';
import { mustSucceed, uniqueName, type Answer, type Api } from './api.js';

export interface Project {
  readonly id: string;
  readonly apiKey: string;
  /** A client with the project's own key. */
  readonly api: Api;
  readonly path: string;
  readonly bucketsPath: string;
  readonly filesPath: string;
}

export interface Table {
  readonly project: Project;
  readonly bucket: string;
  readonly name: string;
  readonly path: string;
}

export interface ColumnInput {
  readonly name: string;
  readonly type: string;
  readonly nullable?: boolean;
  readonly default?: string | null;
}

export interface TableObject {
  readonly name: string;
  readonly bucket: string;
  readonly columns: readonly { name: string; type: string; nullable: boolean; ordinal_position: number }[];
  readonly row_count: number;
  readonly size_bytes: number;
  readonly primary_key: readonly string[];
  readonly created_at: string | null;
  readonly source: string;
}

export interface FileObject {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly path: string;
  readonly size_bytes: number;
  readonly content_type: string | null;
  readonly checksum_sha256: string | null;
  readonly is_staged: boolean;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly tags: Readonly<Record<string, string>> | null;
}

export interface Upload {
  readonly upload_key: string;
  readonly upload_url: string;
  readonly expires_at: string;
}

export interface Preview {
  readonly columns: readonly unknown[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly total_row_count: number;
  readonly preview_row_count: number;
}

export interface ImportAnswer {
  readonly imported_rows: number;
  readonly inserted_rows: number;
  readonly updated_rows: number;
  readonly deleted_rows: number;
  readonly rejected_count: number;
  readonly rejected_rows: readonly { line: number; column: string | null; value: string | null; reason: string }[];
  readonly table_rows_after: number;
  readonly table_size_bytes: number;
  readonly warnings: readonly string[];
  readonly duration_ms: number;
}

export interface ExportAnswer {
  readonly file_id: string;
  readonly file_path: string;
  readonly rows_exported: number;
  readonly file_size_bytes: number;
  readonly checksum_sha256?: string;
}

export interface ImportRequest {
  readonly format?: string;
  readonly csv_options?: unknown;
  readonly import_options?: unknown;
}

export type Content = string | Uint8Array | AsyncIterable<Uint8Array>;

export async function createProject(admin: Api, id: string = uniqueName('proj')): Promise<Project> {
  const created = mustSucceed(await admin.post<{ api_key: string }>('/projects', { id }));
  return projectOf(admin, id, created.api_key);
}

export function projectOf(api: Api, id: string, apiKey: string): Project {
  const path = `/projects/${encodeURIComponent(id)}`;
  return {
    id,
    apiKey,
    api: api.as(apiKey),
    path,
    bucketsPath: `${path}/branches/default/buckets`,
    filesPath: `${path}/files`,
  };
}

export async function createBucket(project: Project, name: string = uniqueName('bucket')): Promise<string> {
  mustSucceed(await project.api.post(project.bucketsPath, { name }));
  return name;
}

export function tablesPath(project: Project, bucket: string): string {
  return `${project.bucketsPath}/${encodeURIComponent(bucket)}/tables`;
}

export function tableOf(project: Project, bucket: string, name: string): Table {
  return { project, bucket, name, path: `${tablesPath(project, bucket)}/${encodeURIComponent(name)}` };
}

/** `columns` may be written as `{ id: 'INTEGER', name: 'VARCHAR' }`. */
export async function createTable(
  project: Project,
  bucket: string,
  columns: readonly ColumnInput[] | Readonly<Record<string, string>>,
  options: { readonly name?: string; readonly primaryKey?: readonly string[] } = {},
): Promise<Table> {
  const name = options.name ?? uniqueName('table');
  const list = isColumnList(columns)
    ? columns
    : Object.entries(columns).map(([column, type]) => ({ name: column, type }));
  const request = {
    name,
    columns: list,
    ...(options.primaryKey === undefined ? {} : { primary_key: options.primaryKey }),
  };
  mustSucceed(await project.api.post(tablesPath(project, bucket), request));
  return tableOf(project, bucket, name);
}

function isColumnList(
  columns: readonly ColumnInput[] | Readonly<Record<string, string>>,
): columns is readonly ColumnInput[] {
  return Array.isArray(columns);
}

/** A project with one bucket, for tests about tables. */
export async function createProjectWithBucket(admin: Api): Promise<{ project: Project; bucket: string }> {
  const project = await createProject(admin);
  return { project, bucket: await createBucket(project) };
}

/** A multipart form with one part, as a stream, so that a large content is never held in memory. */
export function multipart(
  content: Content,
  options: { readonly part?: string; readonly fileName?: string; readonly contentType?: string } = {},
): { readonly headers: Record<string, string>; readonly body: AsyncIterable<Uint8Array> } {
  const boundary = `----acceptance-${randomUUID()}`;
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="${options.part ?? 'file'}"; ` +
    `filename="${options.fileName ?? 'content.bin'}"\r\nContent-Type: ${options.contentType ?? 'application/octet-stream'}\r\n\r\n`;
  async function* body(): AsyncIterable<Uint8Array> {
    yield Buffer.from(head);
    if (typeof content === 'string') content = Buffer.from(content);
    // An empty chunk would stall `fetch`.
    if (!(content instanceof Uint8Array)) yield* content;
    else if (content.length > 0) yield content;
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body: body() };
}

export async function prepareUpload(project: Project, request: Record<string, unknown> = {}): Promise<Upload> {
  return mustSucceed(
    await project.api.post<Upload>(`${project.filesPath}/prepare`, { filename: 'data.csv', ...request }),
  );
}

export async function sendUpload(project: Project, upload: Upload, content: Content): Promise<Answer> {
  const form = multipart(content);
  return await project.api.request('POST', upload.upload_url, { headers: form.headers, body: form.body });
}

/** The three steps: prepare, upload, register. */
export async function uploadFile(
  project: Project,
  content: Content,
  request: Record<string, unknown> = {},
): Promise<FileObject> {
  const upload = await prepareUpload(project, request);
  mustSucceed(await sendUpload(project, upload, content));
  return mustSucceed(await project.api.post<FileObject>(project.filesPath, { upload_key: upload.upload_key }));
}

export async function importFile(
  table: Table,
  fileId: string,
  request: ImportRequest = {},
): Promise<Answer<ImportAnswer>> {
  return await table.project.api.post<ImportAnswer>(`${table.path}/import/file`, { file_id: fileId, ...request });
}

/** Uploads the content and imports it. */
export async function importContent(
  table: Table,
  content: Content,
  request: ImportRequest = {},
): Promise<Answer<ImportAnswer>> {
  const file = await uploadFile(table.project, content);
  return await importFile(table, file.id, request);
}

export async function preview(table: Table, query = ''): Promise<Preview> {
  return mustSucceed(await table.project.api.get<Preview>(`${table.path}/preview${query}`));
}

/** Rows as lists of values in column order. */
export async function rowsOf(table: Table): Promise<unknown[][]> {
  const { rows } = await preview(table, '?limit=10000');
  return rows.map((row) => Object.values(row));
}

export async function getTable(table: Table): Promise<TableObject> {
  return mustSucceed(await table.project.api.get<TableObject>(table.path));
}

export async function exportTable(table: Table, request: Record<string, unknown> = {}): Promise<Answer<ExportAnswer>> {
  return await table.project.api.post<ExportAnswer>(`${table.path}/export`, request);
}

export async function download(project: Project, fileId: string): Promise<Buffer> {
  const answer = await project.api.get(`${project.filesPath}/${fileId}/download`);
  mustSucceed(answer);
  return answer.bytes;
}

export async function exportAndDownload(
  table: Table,
  request: Record<string, unknown> = {},
): Promise<{ readonly report: ExportAnswer; readonly bytes: Buffer }> {
  const report = mustSucceed(await exportTable(table, request));
  return { report, bytes: await download(table.project, report.file_id) };
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
