import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from './harness/run-program.js';
import type { Connection } from './harness/target.js';
import { Workspaces } from './harness/workspaces.js';

/*
 * What libpq 17 and 18 can do and a PostgreSQL 15 cannot answer, so that there is nothing to compare with: TLS from the first byte,
 * and version 3.2 of the protocol. psycopg's package brings such a libpq.
 */
const CLIENTS_FOLDER = process.env['WIRE_CLIENTS'] ?? fileURLToPath(new URL('.clients', import.meta.url));
const SCRIPT = `
import sys, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    print(psycopg.pq.version() >= 180000, bool(connection.pgconn.ssl_in_use), connection.execute("SELECT 40 + 2").fetchone())
`;

let workspaces: Workspaces;
let connection: Connection;

beforeAll(async () => {
  workspaces = await Workspaces.start();
  connection = await workspaces.newWorkspace(workspaces.project, { name: 'newer' });
});
afterAll(async () => {
  await workspaces.stop();
});

async function connectWith(options: string): Promise<string> {
  const output = await mustRun({
    command: join(CLIENTS_FOLDER, 'venv/bin/python'),
    args: ['-c', SCRIPT, options],
    env: { ...connection },
    cwd: tmpdir(),
    timeoutMs: 30_000,
  });
  return output.trim();
}

describe('libpq 18', () => {
  it('begins with TLS', async () => {
    expect(await connectWith('sslmode=require sslnegotiation=direct')).toBe('True True (42,)');
  });

  it('verifies the certificate and binds the login to it, from the first byte', async () => {
    const options = `host=localhost hostaddr=127.0.0.1 sslmode=verify-full sslrootcert=${connection.WIRE_ROOT_CERT} sslnegotiation=direct channel_binding=require`;
    expect(await connectWith(options)).toBe('True True (42,)');
  });

  it.each(['3.0', '3.2', 'latest'])('may ask for version %s of the protocol', async (version) => {
    expect(await connectWith(`sslmode=disable max_protocol_version=${version}`)).toBe('True False (42,)');
  });
});
