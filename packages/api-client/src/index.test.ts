import { expect, it } from 'vitest';
import { createApiClient, fileForm } from './index.js';

it('sends the key and fills the path', async () => {
  const seen: Request[] = [];
  const api = createApiClient({
    baseUrl: 'http://storage.test/api',
    apiKey: 'k',
    fetch: (request) => {
      seen.push(request);
      return Promise.resolve(Response.json({ detail: 'Not Found' }, { status: 404 }));
    },
  });
  const { data, error } = await api.GET('/projects/{project_id}', { params: { path: { project_id: 'a b' } } });
  expect(seen[0]?.url).toBe('http://storage.test/api/projects/a%20b');
  expect(seen[0]?.headers.get('authorization')).toBe('Bearer k');
  expect([data, error]).toEqual([undefined, { detail: 'Not Found' }]);
});

it('makes the form of an upload', () => {
  const file = fileForm(new Blob(['x']), 'd.csv').get('file');
  expect(file instanceof File ? file.name : undefined).toBe('d.csv');
});
