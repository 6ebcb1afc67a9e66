import { beforeEach, describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import { expectInvalid, expectRefusal, ISO_TIME, newProject, type ContractProject } from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapter 2.4. Branch keys wait for branches: no branch can be made yet, and `default` takes none. */
const server = useServer();
let project: ContractProject;
let keys: string;

interface Key {
  readonly id: string;
  readonly api_key: string;
  readonly expires_at: string | null;
}

beforeEach(async () => {
  project = await newProject(server.admin, uniqueName('apikey_proj'));
  keys = `${project.path}/api-keys`;
});

const create = async (body: object): Promise<Key> => mustSucceed(await project.api.post<Key>(keys, body));
const listed = async () => mustSucceed(await project.api.get<{ api_keys: Key[]; count: number }>(keys));
const daysAhead = (time: string | null): number => (new Date(time ?? 0).getTime() - Date.now()) / 86_400_000;

describe('2.4 API keys', () => {
  it('POST makes a key that works at once', async () => {
    const answer = await project.api.post<Key>(keys, { description: 'ci', expires_in_days: 30 });
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^key_[0-9a-f]{8}$/),
        project_id: project.id,
        branch_id: null,
        key_prefix: `proj_${project.id}_admin_...`,
        scope: 'project_admin',
        description: 'ci',
        created_at: expect.stringMatching(ISO_TIME),
        expires_at: expect.stringMatching(ISO_TIME),
        api_key: expect.stringMatching(new RegExp(`^proj_${project.id}_admin_[0-9a-f]{32}$`)),
      },
    ]);
    expect(Math.round(daysAhead(answer.body.expires_at))).toBe(30);
    expect((await server.admin.as(answer.body.api_key).get(project.path)).status).toBe(200);
    expect((await project.api.get(project.path)).status).toBe(200);
  });

  it.each([
    [{}, ['body', 'description']],
    [{ description: 'x', expires_in_days: 0 }, ['body', 'expires_in_days']],
    [{ description: 'x', expires_in_days: 366 }, ['body', 'expires_in_days']],
    [{ description: 'x', scope: 'owner' }, ['body', 'scope']],
  ])('POST %j is 422', async (body, loc) => {
    expectInvalid(await project.api.post(keys, body), loc);
  });

  it('GET lists live keys without their text', async () => {
    const made = await create({ description: '' });
    const answer = await project.api.get<{ api_keys: Record<string, unknown>[]; count: number }>(keys);
    expect([answer.status, answer.body.count, answer.body.api_keys.length]).toEqual([200, 2, 2]);
    expect(answer.body.api_keys.map((key) => key['description'])).toEqual([
      '',
      'Project admin key (created with project)',
    ]);
    expect(answer.body.api_keys[0]).toMatchObject({ id: made.id, last_used_at: null, is_revoked: false });
    expect(answer.text).not.toContain(made.api_key);
    expect(answer.text).not.toMatch(/hash/i);
    expect((await project.api.get(`${keys}/${made.id}`)).text).not.toContain(made.api_key);
  });

  it('GET one tells the last use', async () => {
    const made = await create({ description: 'used' });
    await server.admin.as(made.api_key).get(project.path);
    expect((await project.api.get(`${keys}/${made.id}`)).body).toMatchObject({
      id: made.id,
      last_used_at: expect.stringMatching(ISO_TIME),
    });
  });

  it('DELETE revokes: the key stops working, is found but not listed, and may be deleted again', async () => {
    const made = await create({ description: 'short-lived' });
    for (let n = 0; n < 2; n += 1) expect((await project.api.delete(`${keys}/${made.id}`)).status).toBe(204);
    expect((await server.admin.as(made.api_key).get(project.path)).status).toBe(403);
    expect((await project.api.get(`${keys}/${made.id}`)).body).toMatchObject({ id: made.id, is_revoked: true });
    expect((await listed()).api_keys.map(({ id }) => id)).not.toContain(made.id);
  });

  it('refuses to revoke the last live project_admin key', async () => {
    const [only] = (await listed()).api_keys;
    expectRefusal(await project.api.delete(`${keys}/${only?.id}`), {
      status: 400,
      error: 'cannot_revoke_last_admin_key',
      message: 'Cannot revoke the last active project_admin key. Create a new one first.',
      details: { project_id: project.id, key_id: only?.id, active_project_admin_keys: 1 },
    });
    await create({ description: 'second' });
    expect((await project.api.delete(`${keys}/${only?.id}`)).status).toBe(204);
  });

  it('rotate gives a new key of the same kind and ends the old one', async () => {
    const old = await create({ description: 'nightly', expires_in_days: 90 });
    const answer = await project.api.post<Key>(`${keys}/${old.id}/rotate`);
    expect([answer.status, answer.body]).toMatchObject([
      201,
      { description: 'nightly (rotated)', scope: 'project_admin', branch_id: null, project_id: project.id },
    ]);
    expect(answer.body.id).not.toBe(old.id);
    expect(answer.body.api_key).not.toBe(old.api_key);
    expect(Math.abs(daysAhead(answer.body.expires_at) - 90)).toBeLessThanOrEqual(1);
    expect((await server.admin.as(old.api_key).get(project.path)).status).toBe(403);
    expect((await server.admin.as(answer.body.api_key).get(project.path)).status).toBe(200);
    expectRefusal(await project.api.post(`${keys}/${old.id}/rotate`), {
      status: 400,
      error: 'cannot_rotate_revoked_key',
      details: { key_id: old.id },
    });
  });

  it('rotate works for the only key, which has no expiry', async () => {
    const [only] = (await listed()).api_keys;
    const rotated = await project.api.post<Key>(`${keys}/${only?.id}/rotate`);
    expect([rotated.status, rotated.body.expires_at]).toEqual([201, null]);
    expect((await project.api.get(project.path)).status).toBe(403);
  });

  it.each(['branch_admin', 'branch_read'])('scope %s needs a branch', async (scope) => {
    expectRefusal(await project.api.post(keys, { description: 'x', scope }), {
      status: 400,
      error: 'invalid_request',
      message: `branch_id is required for scope '${scope}'`,
      details: { scope },
    });
    for (const branch of ['default', 'deadbeef']) {
      expectRefusal(await project.api.post(keys, { description: 'x', scope, branch_id: branch }), {
        status: 404,
        error: 'branch_not_found',
        message: `Branch ${branch} not found in project ${project.id}`,
        details: { project_id: project.id, branch_id: branch },
      });
    }
  });

  it('project_admin takes no branch', async () => {
    expectRefusal(await project.api.post(keys, { description: 'x', branch_id: 'deadbeef' }), {
      status: 400,
      error: 'invalid_request',
      message: "branch_id must be null for scope 'project_admin'",
    });
  });

  it.each(['GET', 'DELETE', 'POST'])('%s of an unknown key is 404', async (method) => {
    const path = method === 'POST' ? `${keys}/key_00000000/rotate` : `${keys}/key_00000000`;
    expectRefusal(await project.api.request(method, path), {
      status: 404,
      error: 'api_key_not_found',
      message: `API key key_00000000 not found in project ${project.id}`,
      details: { project_id: project.id, key_id: 'key_00000000' },
    });
  });

  it('an unknown project is project_not_found for the admin key', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/k'],
      ['DELETE', '/k'],
      ['POST', '/k/rotate'],
    ] as const) {
      const json = method === 'POST' && path === '' ? { json: { description: 'x' } } : {};
      expectRefusal(await server.admin.request(method, `/projects/nonexistent/api-keys${path}`, json), {
        status: 404,
        error: 'project_not_found',
        message: 'Project nonexistent not found',
        details: { project_id: 'nonexistent' },
      });
    }
  });
});
