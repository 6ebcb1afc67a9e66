import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, mustSucceed, uniqueName, type Answer, type Api } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createTable,
  exportTable,
  importContent,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/;

interface Entry {
  readonly timestamp: string;
  readonly request_id: string;
  readonly project_id: string | null;
  readonly branch_id: string | null;
  readonly operation: string;
  readonly resource_type: string;
  readonly resource_id: string | null;
  readonly actor: string | null;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly details: Record<string, unknown> | null;
  readonly duration_ms: number;
}

interface Listed {
  readonly operations: readonly Entry[];
  readonly total: number;
  readonly total_is_exact: boolean;
}

async function list(api: Api, path: string, filter: Record<string, string> = {}): Promise<Listed> {
  return mustSucceed(await api.get<Listed>(`${path}?${new URLSearchParams(filter).toString()}`));
}

const ofProject = (project: Project, filter: Record<string, string> = {}): Promise<Listed> =>
  list(project.api, `${project.path}/operations`, filter);
const ofAll = (filter: Record<string, string>): Promise<Listed> => list(server.admin, '/operations', filter);

/** The one entry of a request. */
async function entryOf(answer: Answer): Promise<Entry> {
  const { operations } = await ofAll({ request_id: answer.headers.get('x-request-id') ?? '' });
  expect(operations).toHaveLength(1);
  return operations[0] as Entry;
}

async function keyIdOf(project: Project): Promise<string> {
  const keys = await project.api.get<{ api_keys: { id: string }[] }>(`${project.path}/api-keys`);
  return mustSucceed(keys).api_keys.at(-1)?.id ?? '';
}

async function newKey(project: Project, scope: string): Promise<{ id: string; api_key: string }> {
  return mustSucceed(await project.api.post(`${project.path}/api-keys`, { description: scope, scope }));
}

describe('a change', () => {
  it('is there with everything about it', async () => {
    const project = await createProject(server.admin);
    const created = await project.api.post(project.bucketsPath, { name: 'in_c_sales' });
    expect(await entryOf(created)).toEqual({
      timestamp: expect.stringMatching(TIME),
      request_id: created.headers.get('x-request-id'),
      project_id: project.id,
      branch_id: 'default',
      operation: 'bucket.create',
      resource_type: 'bucket',
      resource_id: 'in_c_sales',
      actor: await keyIdOf(project),
      outcome: 'success',
      error_code: null,
      error_message: null,
      details: null,
      duration_ms: expect.any(Number),
    });
  });

  it('is there whatever it is, the newest first; a read is not', async () => {
    const project = await createProject(server.admin);
    const bucket = await createBucket(project, 'b');
    const table = await createTable(project, bucket, { id: 'INTEGER' }, { name: 't' });
    mustSucceed(await importContent(table, 'id\n1\n'));
    mustSucceed(await exportTable(table));
    mustSucceed(await project.api.get(table.path));
    const { id } = await newKey(project, 'project_read');
    mustSucceed(await project.api.post(`${project.path}/api-keys/${id}/rotate`));
    mustSucceed(await project.api.put(project.path, { name: 'x' }));
    mustSucceed(await project.api.delete(table.path));
    mustSucceed(await project.api.delete(`${project.bucketsPath}/${bucket}`));
    const { operations, total } = await ofProject(project);
    expect(operations.map((entry) => [entry.operation, entry.resource_type, entry.outcome])).toEqual([
      ['bucket.delete', 'bucket', 'success'],
      ['table.delete', 'table', 'success'],
      ['project.update', 'project', 'success'],
      ['api_key.rotate', 'api_key', 'success'],
      ['api_key.create', 'api_key', 'success'],
      ['table.export', 'table', 'success'],
      ['table.import', 'table', 'success'],
      ['file.register', 'file', 'success'],
      ['file.upload', 'file', 'success'],
      ['file.prepare', 'file', 'success'],
      ['table.create', 'table', 'success'],
      ['bucket.create', 'bucket', 'success'],
      ['project.create', 'project', 'success'],
    ]);
    expect(total).toBe(13);
    expect(operations.find(({ operation }) => operation === 'table.import')?.resource_id).toBe('b.t');
    expect(operations.find(({ operation }) => operation === 'api_key.rotate')?.resource_id).toBe(id);
  });

  it('is there once, however often it is repeated with one idempotency key', async () => {
    const project = await createProject(server.admin);
    const headers = { 'x-idempotency-key': uniqueName('key') };
    for (let count = 0; count < 3; count++) await project.api.post(project.bucketsPath, { name: 'b' }, { headers });
    expect((await ofProject(project, { operation: 'bucket.create' })).total).toBe(1);
  });
});

describe('a refusal', () => {
  let project: Project;
  let other: Project;
  beforeAll(async () => {
    project = await createProject(server.admin);
    other = await createProject(server.admin);
  });

  const refusalOf = async (answer: Answer): Promise<unknown[]> => {
    const entry = await entryOf(answer);
    expect([entry.project_id, entry.outcome]).toEqual([project.id, 'refused']);
    return [entry.operation, entry.resource_id, entry.actor, entry.error_code, entry.details];
  };
  const create = (api: Api, json: unknown = { name: 'b' }) => api.post(project.bucketsPath, json);

  it('without a key', async () => {
    const answer = await create(server.anonymous);
    expect(await refusalOf(answer)).toEqual(['bucket.create', null, null, 'not_authenticated', null]);
  });

  it('of a key that does not exist', async () => {
    const answer = await create(server.admin.as('nonsense'));
    expect(await refusalOf(answer)).toEqual(['bucket.create', null, null, 'forbidden', null]);
  });

  it('of a revoked key, which it names', async () => {
    const key = await newKey(project, 'project_admin');
    mustSucceed(await project.api.delete(`${project.path}/api-keys/${key.id}`));
    const details = { key_id: key.id, key_state: 'revoked' };
    const answer = await create(server.admin.as(key.api_key));
    expect(await refusalOf(answer)).toEqual(['bucket.create', null, null, 'forbidden', details]);
  });

  it('of the key of another project', async () => {
    const answer = await create(other.api);
    const actor = await keyIdOf(other);
    expect(await refusalOf(answer)).toEqual(['bucket.create', null, actor, 'forbidden', null]);
    expect((await ofProject(other, { operation: 'bucket.create' })).total).toBe(0);
  });

  it('of a key whose scope does not include it', async () => {
    const key = await newKey(project, 'project_read');
    const answer = await create(server.admin.as(key.api_key));
    expect(await refusalOf(answer)).toEqual(['bucket.create', null, key.id, 'forbidden', null]);
  });

  it('of fields that are not as they should be, and of a body that is no JSON', async () => {
    const actor = await keyIdOf(project);
    const fields = await create(project.api, { name: 5 });
    expect(await refusalOf(fields)).toEqual(['bucket.create', null, actor, 'invalid_request', null]);
    const headers = { 'content-type': 'application/json' };
    const broken = await project.api.post(project.bucketsPath, undefined, { body: '{"name": ', headers });
    expect(broken.status).toBe(422);
    expect(await refusalOf(broken)).toEqual(['bucket.create', null, actor, 'invalid_request', null]);
  });

  it('of a name that breaks the rules, and of what is not there', async () => {
    const actor = await keyIdOf(project);
    expect(await refusalOf(await create(project.api, { name: '_x' }))).toEqual([
      'bucket.create',
      '_x',
      actor,
      'invalid_name',
      null,
    ]);
    const missing = await project.api.delete(`${project.bucketsPath}/missing/tables/t`);
    expect(await refusalOf(missing)).toEqual(['table.delete', 'missing.t', actor, 'bucket_not_found', null]);
  });

  it('of an idempotency key that was used for something else', async () => {
    const headers = { 'x-idempotency-key': uniqueName('key') };
    mustSucceed(await project.api.post(project.bucketsPath, { name: 'one' }, { headers }));
    const conflict = await project.api.post(project.bucketsPath, { name: 'two' }, { headers });
    expect(conflict.status).toBe(409);
    const actor = await keyIdOf(project);
    expect(await refusalOf(conflict)).toEqual(['bucket.create', 'two', actor, 'idempotency_conflict', null]);
  });

  it('of a read that its caller may not do', async () => {
    const answer = await other.api.get(`${project.bucketsPath}/b/tables/t/preview`);
    const actor = await keyIdOf(other);
    expect(await refusalOf(answer)).toEqual(['table.preview', 'b.t', actor, 'forbidden', null]);
    const missing = await project.api.get(`${project.bucketsPath}/missing`);
    expect(missing.status).toBe(404);
    expect((await ofAll({ request_id: missing.headers.get('x-request-id') ?? '' })).total).toBe(0);
  });

  it('survives a restart, and changes nothing of what is counted', async () => {
    const before = await ofProject(project);
    await server.process.restart();
    const after = await list(server.admin, `${project.path}/operations`);
    expect(after).toEqual(before);
  });
});

describe('filters and pages', () => {
  let project: Project;
  let actor: string;
  beforeAll(async () => {
    project = await createProject(server.admin);
    actor = await keyIdOf(project);
    for (const name of ['b1', 'b2', 'b3']) await createBucket(project, name);
    await createTable(project, 'b1', { id: 'INTEGER' }, { name: 't' });
    expect((await project.api.post(project.bucketsPath, { name: 'b1' })).status).toBe(409);
    expect((await project.api.delete(`${project.bucketsPath}/b9`)).status).toBe(404);
  });

  it.each([
    [{ operation: 'bucket.create' }, 4],
    [{ resource_type: 'bucket' }, 5],
    [{ resource_type: 'bucket', outcome: 'success' }, 3],
    [{ resource_id: 'b1.T' }, 1],
    [{ outcome: 'refused' }, 2],
    [{ outcome: 'failed' }, 0],
    [{ error_code: 'bucket_exists' }, 1],
    [{ branch_id: 'default' }, 6],
    [{ branch_id: 'default', outcome: 'refused' }, 2],
    [{ branch_id: 'other' }, 0],
    [{ actor: 'admin' }, 1],
    [{ actor: 'nobody' }, 0],
    [{ since: '2100-01-01' }, 0],
    [{ until: '2100-01-01T00:00:00+01:00' }, 7],
    [{ since: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z', operation: 'table.create' }, 1],
  ])('%j finds %i', async (filter, count) => {
    const mine = await ofProject(project, filter);
    expect([mine.operations.length, mine.total, mine.total_is_exact]).toEqual([count, count, true]);
    expect((await ofAll({ ...filter, project_id: project.id.toUpperCase() })).operations).toEqual(mine.operations);
  });

  it('cuts at a moment: since includes it, until does not', async () => {
    const { operations } = await ofProject(project, { operation: 'table.create' });
    const moment = operations[0]?.timestamp ?? '';
    const one = { operation: 'table.create' };
    expect((await ofProject(project, { ...one, since: moment })).total).toBe(1);
    expect((await ofProject(project, { ...one, until: moment })).total).toBe(0);
  });

  it('gives pages that fit together, and counts everything', async () => {
    const all = await ofProject(project);
    const pages = await Promise.all(
      [0, 3, 6, 9].map((offset) => ofProject(project, { limit: '3', offset: String(offset) })),
    );
    expect(pages.flatMap(({ operations }) => operations)).toEqual(all.operations);
    expect(pages.map(({ total }) => total)).toEqual([7, 7, 7, 7]);
    expect(all.operations.every((entry) => entry.actor === actor || entry.operation === 'project.create')).toBe(true);
  });

  it.each([
    ['outcome=maybe', 'literal_error', 'outcome'],
    ['operation=create_bucket', 'literal_error', 'operation'],
    ['resource_type=row', 'literal_error', 'resource_type'],
    ['since=yesterday', 'datetime_parsing', 'since'],
    ['until=2026-13-01', 'datetime_parsing', 'until'],
    ['limit=0', 'greater_than_equal', 'limit'],
    ['limit=1001', 'less_than_equal', 'limit'],
    ['offset=-1', 'greater_than_equal', 'offset'],
  ])('refuses %s', async (query, type, member) => {
    for (const path of [`${project.path}/operations`, '/operations']) {
      const answer = await server.admin.get(`${path}?${query}`);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ detail: [{ type, loc: ['query', member] }] });
    }
  });
});

describe('who may look', () => {
  it('is the admin and the admins of a project', async () => {
    const project = await createProject(server.admin);
    const reader = server.admin.as((await newKey(project, 'project_read')).api_key);
    expect((await reader.get(`${project.path}/operations`)).status).toBe(403);
    expect((await project.api.get('/operations')).status).toBe(401);
    expect((await server.anonymous.get('/operations')).status).toBe(401);
    expect((await server.admin.get('/operations')).status).toBe(200);
    const { operations } = await ofProject(project, { limit: '1000' });
    expect(new Set(operations.map((entry) => entry.project_id))).toEqual(new Set([project.id]));
  });

  it('sees what belongs to no project as admin', async () => {
    const answer = await server.admin.post('/backend/init');
    expect(await entryOf(answer)).toMatchObject({ operation: 'backend.init', project_id: null, actor: 'admin' });
  });

  it('can look at a deleted project, and at tries to reach one that never was', async () => {
    const project = await createProject(server.admin);
    mustSucceed(await project.api.delete(project.path));
    const { operations } = await list(server.admin, `${project.path}/operations`);
    expect(operations.map(({ operation }) => operation)).toEqual(['project.delete', 'project.create']);

    const unknown = await server.admin.get('/projects/never_was/operations');
    expect([unknown.status, errorCode(unknown)]).toEqual([404, 'project_not_found']);
    await project.api.post('/projects/never_was/branches/default/buckets', { name: 'b' });
    expect((await ofAll({ project_id: 'never_was' })).total).toBe(1);
  });
});
