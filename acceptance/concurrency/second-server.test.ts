import { describe, expect, it } from 'vitest';
import { runMain, serverEnvironment } from '../helpers/server-process.js';
import { createProjectWithBucket, createTable, importContent, rowsOf } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

describe('a second server on one data folder', () => {
  it('refuses to start with a sentence, and the first goes on', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    await importContent(table, 'id\n1\n');

    const second = await runMain(['serve'], serverEnvironment(server.process.dataDir));
    expect(second.code).toBe(1);
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    expect(second.stderr).toMatch(/already|another|in use/i);
    expect(second.stderr).not.toMatch(/at .*\.js:\d+/);

    expect(await rowsOf(table)).toEqual([[1]]);
    expect((await importContent(table, 'id\n2\n')).status).toBe(200);
    expect(await rowsOf(table)).toEqual([[2]]);
  });

  it('may start when the first was killed', async () => {
    await server.process.restart('SIGKILL');
    expect((await server.anonymous.get('/health')).status).toBe(200);
  });
});
