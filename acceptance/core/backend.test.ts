import { describe, expect, it } from 'vitest';
import { errorCode } from '../helpers/api.js';
import { createProject } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const STORAGE_PATHS = ['data_dir', 'duckdb_dir', 'files_dir', 'snapshots_dir'];

describe('GET /', () => {
  it('introduces the service to anyone', async () => {
    const answer = await server.anonymous.get('/');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ service: 'DuckDB Storage API', health: '/health', docs: '/docs' });
    expect((answer.body as { version: string }).version).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('GET /health', () => {
  it('is healthy from the first moment, without init and without a key', async () => {
    const answer = await server.anonymous.get<{ details: Record<string, unknown> }>('/health');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'healthy', storage_available: true, version: expect.any(String) });
    for (const path of STORAGE_PATHS) expect(answer.body.details[path], path).toBe(true);
  });

  it('tells about disk space, workers and metadata', async () => {
    const { text } = await server.anonymous.get('/health');
    for (const word of ['disk', 'workers', 'metadata']) expect(text).toContain(word);
  });

  it('shows no path of the machine', async () => {
    const { text } = await server.anonymous.get('/health');
    expect(text).not.toContain(server.process.dataDir);
  });
});

describe('POST /backend/init', () => {
  it('is safe to repeat and names the storage paths', async () => {
    for (const attempt of [1, 2]) {
      const answer = await server.admin.post<{ storage_paths: object }>('/backend/init');
      expect(answer.status, `attempt ${attempt}`).toBe(200);
      expect(answer.body).toMatchObject({
        success: true,
        message: expect.stringContaining('Backend initialized successfully'),
      });
      expect(Object.keys(answer.body.storage_paths)).toEqual(STORAGE_PATHS);
    }
  });

  it('makes missing directories again and says which', async () => {
    const { rm } = await import('node:fs/promises');
    await rm(`${server.process.dataDir}/snapshots`, { recursive: true });

    const unhealthy = await server.anonymous.get('/health');
    expect(unhealthy.status).toBe(503);
    expect(unhealthy.body).toMatchObject({
      detail: {
        error: 'storage_unavailable',
        message: 'One or more storage paths are not accessible',
        details: { data_dir: true, duckdb_dir: true, files_dir: true, snapshots_dir: false },
      },
    });

    const answer = await server.admin.post('/backend/init');
    expect(answer.body).toMatchObject({ message: expect.stringContaining('created: snapshots_dir') });
    expect((await server.anonymous.get('/health')).status).toBe(200);
  });

  it.each(['/backend/init', '/backend/remove'])('%s needs the admin key', async (path) => {
    const project = await createProject(server.admin);
    const refused = await project.api.post(path);
    expect(refused.status).toBe(401);
    expect(errorCode(refused)).toBe('unauthorized');
    expect((await server.anonymous.post(path)).status).toBe(401);
  });
});

describe('POST /backend/remove', () => {
  it('acknowledges and removes nothing', async () => {
    const project = await createProject(server.admin);
    const answer = await server.admin.post('/backend/remove');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      success: true,
      message: expect.stringContaining('no-op'),
      storage_paths: null,
    });
    expect((await project.api.get(project.path)).status).toBe(200);
  });
});
