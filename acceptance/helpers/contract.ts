import { expect } from 'vitest';
import { mustSucceed, type Answer, type Api } from './api.js';

/** A refusal as the contract states it: status, code, and where they are pinned the message and the details. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  /** A whole message, or what it contains. */
  readonly message?: string | RegExp;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The body is `{"detail": {"error", "message", "details"}}` and nothing else. */
export function expectRefusal(answer: Answer, expected: Refusal, label = ''): void {
  const { status, error, message, details } = expected;
  expect([answer.status, answer.body], `${label} ${answer.text}`).toEqual([
    status,
    {
      detail: {
        error,
        message:
          message === undefined
            ? expect.any(String)
            : typeof message === 'string'
              ? message
              : expect.stringMatching(message),
        details: details ?? expect.any(Object),
      },
    },
  ]);
}

/** 422 in the form of the contract, with an issue at this place. */
export function expectInvalid(answer: Answer, loc: readonly (string | number)[], type?: string): void {
  expect(answer.status, answer.text).toBe(422);
  const { detail } = answer.body as { detail: readonly Record<string, unknown>[] };
  const found = detail.find((issue) => JSON.stringify(issue['loc']) === JSON.stringify(loc));
  expect(found, answer.text).toMatchObject({
    type: type ?? expect.any(String),
    loc,
    msg: expect.any(String),
  });
  expect(found, answer.text).toHaveProperty('input');
}

export const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d$/;
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const NOWHERE = 'no_such_thing';

/** A project made with the admin key, and a client with the key of the answer: how a client-level test begins. */
export interface ContractProject {
  readonly id: string;
  readonly key: string;
  readonly api: Api;
  readonly path: string;
  readonly buckets: string;
}

export async function newProject(admin: Api, id: string): Promise<ContractProject> {
  const { api_key: key } = mustSucceed(
    await admin.post<{ api_key: string }>('/projects', { id, name: `Project ${id}` }),
  );
  const path = `/projects/${id}`;
  return { id, key, api: admin.as(key), path, buckets: `${path}/branches/default/buckets` };
}

export async function newBucket(project: ContractProject, name: string): Promise<string> {
  mustSucceed(await project.api.post(project.buckets, { name }));
  return `${project.buckets}/${name}`;
}

const ID_AND_NAME = [
  { name: 'id', type: 'INTEGER' },
  { name: 'name', type: 'VARCHAR' },
];

/** Returns the path of the table. */
export async function newTable(
  project: ContractProject,
  bucket: string,
  name: string,
  more: { columns?: readonly object[]; primary_key?: readonly string[] } = {},
): Promise<string> {
  const tables = `${project.buckets}/${bucket}/tables`;
  mustSucceed(await project.api.post(tables, { name, columns: ID_AND_NAME, ...more }));
  return `${tables}/${name}`;
}

/** Prepare, upload and register, as a client does it; returns the file object. */
export async function newFile(
  project: ContractProject,
  content: string | Uint8Array,
  filename = 'test.csv',
): Promise<Record<string, unknown> & { id: string }> {
  const prepared = mustSucceed(
    await project.api.post<{ upload_key: string; upload_url: string }>(`${project.path}/files/prepare`, { filename }),
  );
  mustSucceed(await upload(project, prepared.upload_url, content, filename));
  return mustSucceed(await project.api.post(`${project.path}/files`, { upload_key: prepared.upload_key }));
}

export async function upload(
  project: ContractProject,
  path: string,
  content: string | Uint8Array,
  filename = 'test.csv',
): Promise<Answer> {
  const form = new FormData();
  form.append('file', new Blob([content]), filename);
  const encoded = new Response(form);
  return await project.api.request('POST', path, {
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: new Uint8Array(await encoded.arrayBuffer()),
  });
}

export async function importRows(
  project: ContractProject,
  table: string,
  csv: string,
  options?: object,
): Promise<Answer> {
  const file = await newFile(project, csv);
  return await project.api.post(`${table}/import/file`, { file_id: file.id, format: 'csv', ...options });
}

export async function previewRows(
  project: ContractProject,
  table: string,
): Promise<readonly Record<string, unknown>[]> {
  return mustSucceed(await project.api.get<{ rows: Record<string, unknown>[] }>(`${table}/preview`)).rows;
}
