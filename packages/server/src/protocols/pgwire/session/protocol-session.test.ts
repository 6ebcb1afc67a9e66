import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorkspace, type RawClient, type TestWorkspace } from '../../../../test/helpers/workspace-session.js';

describe('a session', () => {
  let workspace: TestWorkspace;
  let client: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
  });

  afterAll(() => workspace.close());

  it('answers a simple query', async () => {
    const answer = await client.query("SELECT 1 AS one, 'a' AS b");
    expect(answer.error).toBeUndefined();
    expect(answer).toMatchObject({
      rows: [['1', 'a']],
      columns: [
        { name: 'one', oid: 23 },
        { name: 'b', oid: 25 },
      ],
      tags: ['SELECT 1'],
      status: 'I',
      flow: ['rowDescription', 'dataRow', 'commandComplete', 'readyForQuery'],
    });
  });

  it('answers the extended protocol', async () => {
    const answer = await client.extended('SELECT a FROM (VALUES (1),(2)) t(a) WHERE a = $1', ['2']);
    expect(answer).toMatchObject({
      error: undefined,
      rows: [['2']],
      tags: ['SELECT 1'],
      flow: ['parseComplete', 'bindComplete', 'rowDescription', 'dataRow', 'commandComplete', 'readyForQuery'],
    });
  });
});
