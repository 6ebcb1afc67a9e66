import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import { createLink, createOwner, linkAs } from '../helpers/sharing.js';
import { createProject } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

const notFound = (error: string, message: string, details: object) => ({ detail: { error, message, details } });

describe('the read-only grant', () => {
  it('answers what it always answered, as often as one likes', async () => {
    const owner = await createOwner(server.admin);
    for (let round = 0; round < 2; round += 1) {
      const answer = await owner.project.api.post(`${owner.sales}/grant-readonly`);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        status: 'success',
        message: 'Readonly access is enforced via ATTACH READ_ONLY when linking buckets',
        bucket_name: 'sales',
      });
      expect((await owner.project.api.get(owner.sales)).body).toMatchObject({ readonly_granted: true });
    }
    for (let round = 0; round < 2; round += 1) {
      expect((await owner.project.api.delete(`${owner.sales}/grant-readonly`)).status).toBe(204);
      expect((await owner.project.api.get(owner.sales)).body).toMatchObject({ readonly_granted: false });
    }
  });

  it('of an unknown bucket is a 404; to revoke it is fine', async () => {
    const project = await createProject(server.admin);
    const path = `${project.bucketsPath}/missing/grant-readonly`;
    const granted = await project.api.post(path);
    expect(granted.status).toBe(404);
    expect(granted.body).toEqual(
      notFound('bucket_not_found', `Bucket missing not found in project ${project.id}`, {
        project_id: project.id,
        bucket_name: 'missing',
      }),
    );
    expect((await project.api.delete(path)).status).toBe(204);
  });

  it('lets keys that may only read look through links, for as long as it is there', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    const created = await target.api.post<{ api_key: string }>(`${target.path}/api-keys`, {
      description: 'analyst',
      scope: 'project_read',
    });
    const analyst = target.api.as(mustSucceed(created).api_key);
    const reads = async () => {
      const paths = [`${linked}/tables`, `${linked}/tables/orders`, `${linked}/tables/orders/preview`];
      const answers = await Promise.all(paths.map((path) => analyst.get(path)));
      return [...answers, await analyst.post(`${linked}/tables/orders/export`, { format: 'csv' })];
    };
    for (const answer of await reads()) {
      expect([answer.status, errorCode(answer)]).toEqual([403, 'forbidden']);
      expect(errorMessage(answer)).toBe(
        `Access denied: bucket linked is linked from ${owner.project.id}.sales, and a key of scope project_read reads ` +
          `it only after project ${owner.project.id} has granted read-only access to the bucket`,
      );
      expect(errorDetails(answer)).toMatchObject({
        scope: 'project_read',
        source_project_id: owner.project.id,
        source_bucket_name: 'sales',
      });
    }
    // What it is called and how large it is, the project may know.
    expect((await analyst.get(linked)).body).toMatchObject({ is_linked: true, readonly_granted: false });

    mustSucceed(await owner.project.api.post(`${owner.sales}/grant-readonly`));
    for (const answer of await reads()) expect(answer.status).toBe(200);
    expect((await analyst.get(linked)).body).toMatchObject({ readonly_granted: true });

    mustSucceed(await owner.project.api.delete(`${owner.sales}/grant-readonly`));
    for (const answer of await reads()) expect(answer.status).toBe(403);
    expect((await target.api.get(`${linked}/tables/orders/preview`)).status).toBe(200);
  });

  it('is not needed within one project', async () => {
    const owner = await createOwner(server.admin);
    mustSucceed(await linkAs('mirror', owner.project, owner.project));
    const created = await owner.project.api.post<{ api_key: string }>(`${owner.project.path}/api-keys`, {
      description: 'analyst',
      scope: 'project_read',
    });
    const analyst = owner.project.api.as(mustSucceed(created).api_key);
    expect((await analyst.get(`${owner.project.bucketsPath}/mirror/tables/orders/preview`)).status).toBe(200);
  });
});
