import { expect, it } from 'vitest';
import { openTestDoor } from '../../../../test/helpers/test-door.js';
import { createOpenApiDocument } from './openapi-document.js';

it('is the same document with and without a running service', async () => {
  const { app } = await openTestDoor();
  const served = (await app.inject({ url: '/openapi.json' })).json<object>();
  await app.close();
  const settings = {
    title: 'DuckDB Storage API',
    version: '1.2.3',
    prefix: '',
    headersTimeoutMs: 1,
    corsAllowedOrigins: '*' as const,
    internalAccess: { secret: null, open: false },
    workspaces: {
      connection: () => ({ host: 'localhost', port: 5432, sslMode: 'prefer' }),
      memoryLimit: '4GB',
      queryTimeoutSeconds: 300,
    },
  };
  expect(JSON.parse(JSON.stringify(await createOpenApiDocument(settings)))).toEqual(served);
});
