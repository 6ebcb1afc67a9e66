import { expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import { useServer } from '../helpers/use-server.js';

/** The driver over HTTP, as a client without protocol buffers uses it; `docs/guides/driver.md`. */
const server = useServer();

interface Executed {
  readonly commandResponse: Readonly<Record<string, unknown>> | null;
  readonly messages: readonly { readonly level: string; readonly message: string }[];
}

it('lists its commands to anyone, and runs them with the key of a project', async () => {
  const { supported_commands: listed, total_commands: total } = mustSucceed(
    await server.anonymous.get<{ supported_commands: { type: string }[]; total_commands: number }>('/driver/commands'),
  );
  expect(listed).toHaveLength(total);
  expect(listed.map(({ type }) => type)).toContain('CreateBucketCommand');

  const projectId = uniqueName('driven');
  const created = mustSucceed(
    await server.admin.post<Executed>('/driver/execute', { command: { type: 'CreateProjectCommand', projectId } }),
  );
  const project = server.admin.as(String(created.commandResponse?.['projectPassword']));
  const run = async (command: object) => mustSucceed(await project.post<Executed>('/driver/execute', { command }));
  const bucket = await run({ type: 'CreateBucketCommand', projectId, bucketId: 'in.c-main' });
  expect(bucket.commandResponse).toMatchObject({ createBucketObjectName: 'in_c_main' });
  const gone = await run({ type: 'DropTableCommand', path: ['in_c_main'], tableName: 'none' });
  expect(gone).toEqual({
    commandResponse: null,
    messages: [{ level: 'Info', message: 'Table none was gone already.' }],
  });

  const refused = await project.post('/driver/execute', { command: { type: 'RemoveBackendCommand' } });
  expect([refused.status, refused.body]).toEqual([
    403,
    expect.objectContaining({ error: expect.objectContaining({ code: 1002, retryable: false }) }),
  ]);
  const { status } = await project.post('/driver/execute', { command: { type: 'CreateViewCommand' } });
  expect(status).toBe(501);
});
