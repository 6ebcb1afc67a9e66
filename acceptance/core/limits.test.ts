import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed, type Answer } from '../helpers/api.js';
import { createBucket, createProject, multipart, prepareUpload } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const retryAfterOf = (answer: Answer): number => Number(answer.headers.get('retry-after'));
const sampleOf = (metrics: string, name: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.split(' ')[1] ?? Number.NaN,
  );

describe('RATE_LIMIT_PER_MINUTE', () => {
  const PER_MINUTE = 6;
  const server = useServer({ env: { RATE_LIMIT_PER_MINUTE: String(PER_MINUTE) } });

  it('refuses a key that sends more, and nobody else', async () => {
    const project = await createProject(server.admin);
    const other = await createProject(server.admin);
    const answers: Answer[] = [];
    for (let count = 0; count < 2 * PER_MINUTE; count++) answers.push(await project.api.get(project.path));
    expect(answers.slice(0, PER_MINUTE).map(({ status }) => status)).toEqual(Array(PER_MINUTE).fill(200));
    const refused = answers.find(({ status }) => status === 429);
    if (refused === undefined) throw new Error('No request was refused');
    const seconds = retryAfterOf(refused);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60 / PER_MINUTE);
    expect([errorCode(refused), errorMessage(refused), errorDetails(refused)]).toEqual([
      'rate_limited',
      `This key may send ${PER_MINUTE} requests per minute; repeat the request in ${seconds} s`,
      { limit_per_minute: PER_MINUTE },
    ]);

    expect((await other.api.get(other.path)).status).toBe(200);
    expect((await server.anonymous.as('nonsense').get(project.path)).status).toBe(403);
    for (const path of ['/', '/health', '/metrics', '/openapi.json'])
      expect((await project.api.get(path)).status, path).toBe(200);

    const metrics = await server.anonymous.get('/metrics');
    const count = answers.filter(({ status }) => status === 429).length;
    expect(sampleOf(metrics.text, 'duckdb_api_refusals_total{code="rate_limited"}')).toBe(count);
  });

  it('comes before the body is read, changes nothing, and is audited once', async () => {
    const project = await createProject(server.admin);
    const statuses: number[] = [];
    for (let count = 0; count < 3 * PER_MINUTE; count++) {
      const headers = { 'content-type': 'application/json' };
      const answer = await project.api.request('POST', project.bucketsPath, { body: '{"name": ', headers });
      statuses.push(answer.status);
    }
    expect(new Set(statuses)).toEqual(new Set([422, 429]));
    const audit = await server.admin.get<{ total: number }>(`${project.path}/operations?error_code=rate_limited`);
    expect(audit.body.total).toBe(1);
  });
});

describe('PROJECT_MAX_CONCURRENT', () => {
  const server = useServer({ env: { PROJECT_MAX_CONCURRENT: '1' } });

  it('refuses a second change while one runs, and only that', async () => {
    const project = await createProject(server.admin);
    const bucket = await createBucket(project);
    const other = await createProject(server.admin);
    const upload = await prepareUpload(project);
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    async function* content(): AsyncIterable<Uint8Array> {
      yield Buffer.from('first half, ');
      await held;
      yield Buffer.from('second half');
    }
    const form = multipart(content());
    const uploading = project.api.request('POST', upload.upload_url, { headers: form.headers, body: form.body });

    // Until the server has begun with the upload, this bucket is refused for being there.
    let refused = await project.api.post(project.bucketsPath, { name: bucket });
    while (refused.status === 409) refused = await project.api.post(project.bucketsPath, { name: bucket });
    expect(refused.status).toBe(429);
    expect(retryAfterOf(refused)).toBeGreaterThanOrEqual(1);
    expect([errorCode(refused), errorMessage(refused), errorDetails(refused)]).toEqual([
      'project_busy',
      `Project ${project.id} already has ${1} changes or exports running; repeat the request when one has ended`,
      { project_id: project.id, limit: 1 },
    ]);
    expect((await project.api.get(project.bucketsPath)).status).toBe(200);
    expect((await other.api.post(other.bucketsPath, { name: 'b' })).status).toBe(201);
    expect((await project.api.post(`${project.path}/api-keys`, { description: 'x' })).status).toBe(201);

    finish();
    mustSucceed(await uploading);
    expect((await project.api.post(project.bucketsPath, { name: 'after' })).status).toBe(201);
    const metrics = await server.anonymous.get('/metrics');
    expect(sampleOf(metrics.text, 'duckdb_api_refusals_total{code="project_busy"}')).toBeGreaterThanOrEqual(1);
  });
});
