import { beforeEach, describe, expect, it } from 'vitest';
import {
  errorCode,
  errorDetails,
  errorMessage,
  mustSucceed,
  uniqueName,
  type Answer,
  type Api,
} from '../helpers/api.js';
import { createProject, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/;
const DAY_MS = 86_400_000;

interface Issued {
  readonly id: string;
  readonly key_prefix: string;
  readonly scope: string;
  readonly description: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly api_key: string;
}

interface KeyObject {
  readonly id: string;
  readonly is_revoked: boolean;
  readonly last_used_at: string | null;
  readonly description: string;
}

interface KeyList {
  readonly api_keys: readonly KeyObject[];
  readonly count: number;
}

let project: Project;
let keysPath: string;
let firstKeyId: string;

beforeEach(async () => {
  project = await createProject(server.admin, uniqueName('apikey_proj'));
  keysPath = `${project.path}/api-keys`;
  firstKeyId = (await list()).api_keys[0]?.id ?? '';
});

const list = async (api: Api = project.api): Promise<KeyList> => mustSucceed(await api.get<KeyList>(keysPath));
const get = async (id: string): Promise<KeyObject> =>
  mustSucceed(await project.api.get<KeyObject>(`${keysPath}/${id}`));
const create = (request: object = {}): Promise<Answer<Issued>> =>
  project.api.post<Issued>(keysPath, { description: 'ci', ...request });
const rotate = (id: string, api: Api = project.api): Promise<Answer<Issued>> =>
  api.post<Issued>(`${keysPath}/${id}/rotate`);
const works = async (key: string): Promise<boolean> => (await server.admin.as(key).get(project.path)).status === 200;
const outcome = (answer: Answer) => [answer.status, errorCode(answer), errorMessage(answer), errorDetails(answer)];

describe('POST api-keys', () => {
  it('answers the key, once, and nothing of its use', async () => {
    const created = await create({ scope: 'project_admin', expires_in_days: 30 });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f]{8}$/),
      project_id: project.id,
      branch_id: null,
      key_prefix: `proj_${project.id}_admin_...`,
      scope: 'project_admin',
      description: 'ci',
      created_at: expect.stringMatching(TIME),
      expires_at: expect.stringMatching(TIME),
      api_key: expect.stringMatching(new RegExp(`^proj_${project.id}_admin_[0-9a-f]{32}$`)),
    });
    const { created_at: createdAt, expires_at: expiresAt } = created.body;
    expect(Date.parse(expiresAt ?? '') - Date.parse(createdAt)).toBe(30 * DAY_MS);
    expect(await works(created.body.api_key)).toBe(true);
  });

  it('makes a project_admin key without expiry unless told otherwise', async () => {
    const { body } = await create();
    expect([body.scope, body.expires_at]).toEqual(['project_admin', null]);
  });

  it('makes keys that only read', async () => {
    const { body } = await create({ scope: 'project_read' });
    expect(body.api_key).toMatch(new RegExp(`^proj_${project.id}_read_[0-9a-f]{32}$`));
    expect(body.key_prefix).toBe(`proj_${project.id}_read_...`);
    const reader = server.admin.as(body.api_key);
    expect((await reader.get(project.bucketsPath)).status).toBe(200);
    const refused = await reader.post(project.bucketsPath, { name: 'b' });
    expect(outcome(refused)).toEqual([
      403,
      'forbidden',
      'Access denied: a key of scope project_read may not run bucket.create',
      { scope: 'project_read', operation: 'bucket.create' },
    ]);
    expect((await reader.get(keysPath)).status).toBe(403);
  });

  it('accepts an empty description and null for what is optional', async () => {
    const created = await create({ description: '', branch_id: null, expires_in_days: null });
    expect([created.status, created.body.description]).toEqual([201, '']);
  });

  it.each(['branch_admin', 'branch_read'])('needs a branch for %s', async (scope) => {
    expect(outcome(await create({ scope }))).toEqual([
      400,
      'invalid_request',
      `branch_id is required for scope '${scope}'`,
      { scope },
    ]);
  });

  it.each(['project_admin', 'project_read'])('takes no branch for %s', async (scope) => {
    expect(outcome(await create({ scope, branch_id: 'default' }))).toEqual([
      400,
      'invalid_request',
      `branch_id must be null for scope '${scope}'`,
      { scope },
    ]);
  });

  it.each(['8135c4c5', 'default'])('does not know the branch %s', async (branchId) => {
    expect(outcome(await create({ scope: 'branch_admin', branch_id: branchId }))).toEqual([
      404,
      'branch_not_found',
      `Branch ${branchId} not found in project ${project.id}`,
      { project_id: project.id, branch_id: branchId },
    ]);
  });

  it.each([
    ['no description', { description: undefined }, 'missing', ['body', 'description']],
    ['null for it', { description: null }, 'string_type', ['body', 'description']],
    ['a number for it', { description: 5 }, 'string_type', ['body', 'description']],
    ['a novel for it', { description: 'x'.repeat(10_001) }, 'string_too_long', ['body', 'description']],
    ['an unknown scope', { scope: 'root' }, 'literal_error', ['body', 'scope']],
    ['no day', { expires_in_days: 0 }, 'greater_than_equal', ['body', 'expires_in_days']],
    ['more than a year', { expires_in_days: 366 }, 'less_than_equal', ['body', 'expires_in_days']],
    ['a part of a day', { expires_in_days: 1.5 }, 'int_from_float', ['body', 'expires_in_days']],
  ])('refuses %s', async (_, request, type, loc) => {
    const answer = await create(request);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type, loc }] });
    expect((await list()).count).toBe(1);
  });

  it('keeps the answer for a retry with the same idempotency key', async () => {
    const headers = { 'x-idempotency-key': uniqueName('key') };
    const first = await project.api.post<Issued>(keysPath, { description: 'x' }, { headers });
    const second = await project.api.post<Issued>(keysPath, { description: 'x' }, { headers });
    expect(second.body).toEqual(first.body);
    expect((await list()).count).toBe(2);
  });
});

describe('any number of keys', () => {
  it('work side by side', async () => {
    const texts = [project.apiKey];
    for (const scope of ['project_admin', 'project_admin', 'project_read', 'project_read'])
      texts.push(mustSucceed(await create({ scope })).api_key);
    expect(new Set(texts).size).toBe(5);
    for (const text of texts) expect(await works(text)).toBe(true);
  });
});

describe('GET api-keys', () => {
  it('lists the newest first, without revoked keys, and never the key or its hash', async () => {
    const revoked = mustSucceed(await create());
    const kept = mustSucceed(await create({ scope: 'project_read', description: 'kept' }));
    mustSucceed(await project.api.delete(`${keysPath}/${revoked.id}`));
    const answer = await project.api.get<KeyList>(keysPath);
    expect(answer.status).toBe(200);
    expect(answer.body.count).toBe(2);
    expect(answer.body.api_keys.map(({ id }) => id)).toEqual([kept.id, firstKeyId]);
    expect(answer.body.api_keys[0]).toEqual({
      id: kept.id,
      project_id: project.id,
      branch_id: null,
      key_prefix: `proj_${project.id}_read_...`,
      scope: 'project_read',
      description: 'kept',
      created_at: expect.stringMatching(TIME),
      created_by: firstKeyId,
      last_used_at: null,
      expires_at: null,
      is_revoked: false,
    });
    expect(answer.body.api_keys[1]).toMatchObject({
      description: 'Project admin key (created with project)',
      created_by: 'admin',
      last_used_at: expect.stringMatching(TIME),
    });
    for (const secret of [kept.api_key, project.apiKey]) expect(answer.text).not.toContain(secret.slice(-32));
    expect(answer.text).not.toContain('hash');
  });
});

describe('GET api-keys/{id}', () => {
  it('finds a revoked key', async () => {
    const key = mustSucceed(await create());
    expect(await get(key.id)).toMatchObject({ id: key.id, is_revoked: false });
    mustSucceed(await project.api.delete(`${keysPath}/${key.id}`));
    expect(await get(key.id)).toMatchObject({ id: key.id, is_revoked: true });
  });

  it('shows when the key was used last, at once and after a restart', async () => {
    const key = mustSucceed(await create());
    expect((await get(key.id)).last_used_at).toBeNull();
    const before = Date.now();
    expect(await works(key.api_key)).toBe(true);
    const used = (await get(key.id)).last_used_at ?? '';
    expect(Date.parse(used)).toBeGreaterThanOrEqual(before - 1);
    expect(Date.parse(used)).toBeLessThanOrEqual(Date.now());
    await server.process.restart();
    const again = await server.admin.get<KeyObject>(`${keysPath}/${key.id}`);
    expect(again.body.last_used_at).toBe(used);
  });
});

describe('DELETE api-keys/{id}', () => {
  it('ends a key with the next request', async () => {
    const key = mustSucceed(await create());
    expect(await works(key.api_key)).toBe(true);
    const deleted = await project.api.delete(`${keysPath}/${key.id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    const refused = await server.admin.as(key.api_key).get(project.path);
    expect(outcome(refused)).toEqual([403, 'forbidden', `Access denied to project ${project.id}`, {}]);
  });

  it('may be repeated, also when only one live key is left', async () => {
    const [admin, reader] = [mustSucceed(await create()), mustSucceed(await create({ scope: 'project_read' }))];
    for (const { id } of [admin, reader, admin, reader]) {
      expect((await project.api.delete(`${keysPath}/${id}`)).status).toBe(204);
    }
  });

  it('refuses the last live project_admin key, to the admin as well', async () => {
    mustSucceed(await create({ scope: 'project_read' }));
    for (const api of [project.api, server.admin]) {
      expect(outcome(await api.delete(`${keysPath}/${firstKeyId}`))).toEqual([
        400,
        'cannot_revoke_last_admin_key',
        'Cannot revoke the last active project_admin key. Create a new one first.',
        { project_id: project.id, key_id: firstKeyId, active_project_admin_keys: 1 },
      ]);
    }
    mustSucceed(await create());
    expect((await project.api.delete(`${keysPath}/${firstKeyId}`)).status).toBe(204);
    expect(await works(project.apiKey)).toBe(false);
  });
});

describe('POST api-keys/{id}/rotate', () => {
  it('gives a new key for the old one', async () => {
    const old = mustSucceed(await create({ scope: 'project_read', expires_in_days: 30 }));
    const rotated = await rotate(old.id);
    expect(rotated.status).toBe(201);
    expect(Object.keys(rotated.body).sort()).toEqual(Object.keys(old).sort());
    expect(rotated.body).toMatchObject({
      scope: 'project_read',
      branch_id: null,
      description: 'ci (rotated)',
      key_prefix: old.key_prefix,
    });
    expect(rotated.body.id).not.toBe(old.id);
    const days = (Date.parse(rotated.body.expires_at ?? '') - Date.parse(rotated.body.created_at)) / DAY_MS;
    expect(days).toBe(30);
    expect([await works(old.api_key), await works(rotated.body.api_key)]).toEqual([false, true]);
    expect(await get(old.id)).toMatchObject({ is_revoked: true });
  });

  it('works for the only key, with that key', async () => {
    const rotated = mustSucceed(await rotate(firstKeyId));
    expect(rotated).toMatchObject({
      id: expect.stringMatching(/^key_[0-9a-f]{8}$/),
      scope: 'project_admin',
      description: 'Project admin key (created with project) (rotated)',
      expires_at: null,
    });
    expect([await works(project.apiKey), await works(rotated.api_key)]).toEqual([false, true]);
    expect((await list(server.admin.as(rotated.api_key))).count).toBe(1);
  });

  it('refuses a revoked key', async () => {
    const key = mustSucceed(await create());
    mustSucceed(await project.api.delete(`${keysPath}/${key.id}`));
    expect(outcome(await rotate(key.id))).toEqual([
      400,
      'cannot_rotate_revoked_key',
      `API key ${key.id} was revoked; create a new key instead of rotating it.`,
      { key_id: key.id },
    ]);
  });
});

describe('an unknown key', () => {
  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/rotate'],
  ])('%s {id}%s is api_key_not_found, also when another project has it', async (method, rest) => {
    const other = await createProject(server.admin);
    const othersKey = mustSucceed(await server.admin.get<KeyList>(`${other.path}/api-keys`)).api_keys[0]?.id ?? '';
    for (const id of ['key_00000000', othersKey]) {
      expect(outcome(await project.api.request(method, `${keysPath}/${id}${rest}`))).toEqual([
        404,
        'api_key_not_found',
        `API key ${id} not found in project ${project.id}`,
        { project_id: project.id, key_id: id },
      ]);
    }
    expect((await server.admin.as(other.apiKey).get(other.path)).status).toBe(200);
  });
});

describe('an unknown project', () => {
  it.each([
    ['GET', ''],
    ['POST', ''],
    ['GET', '/key_00000000'],
    ['DELETE', '/key_00000000'],
    ['POST', '/key_00000000/rotate'],
  ])('%s api-keys%s is project_not_found for the admin', async (method, rest) => {
    const json = method === 'POST' && rest === '' ? { json: { description: 'x' } } : {};
    const answer = await server.admin.request(method, `/projects/nobody-knows-it/api-keys${rest}`, json);
    expect(outcome(answer)).toEqual([
      404,
      'project_not_found',
      'Project nobody-knows-it not found',
      { project_id: 'nobody-knows-it' },
    ]);
  });
});
