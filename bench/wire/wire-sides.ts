import { Api, mustSucceed } from '../../acceptance/helpers/api.js';
import { createProject, type Project } from '../../acceptance/helpers/storage.js';
import { Postgres } from '../../acceptance/wire/harness/postgres.js';
import type { Connection } from '../../acceptance/wire/harness/target.js';
import type { BenchContext } from '../bench-context.js';
import { ServerUnderTest } from '../server-under-test.js';
import { freePort } from '../../acceptance/wire/harness/free-port.js';

interface WorkspaceObject {
  readonly connection: { port: number; database: string; username: string; password: string };
}

/** Our server with a PostgreSQL door that takes enough sessions for the benchmark. */
export async function startDoor(
  { options }: Pick<BenchContext, 'options'>,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerUnderTest> {
  return await ServerUnderTest.start(options, {
    PGWIRE_HOST: '127.0.0.1',
    PGWIRE_PORT: String(await freePort()),
    PGWIRE_MAX_CONNECTIONS_TOTAL: '1000',
    ...env,
  });
}

export async function newWorkspace(server: ServerUnderTest, name: string, project?: Project): Promise<Connection> {
  const owner = project ?? server.project;
  // The project's own client knows the address from before a restart.
  const api = new Api(server.process.baseUrl, owner.apiKey);
  const { connection } = mustSucceed(await api.post<WorkspaceObject>(`${owner.path}/workspaces`, { name }));
  return {
    PGHOST: '127.0.0.1',
    PGPORT: String(connection.port),
    PGDATABASE: connection.database,
    PGUSER: connection.username,
    PGPASSWORD: connection.password,
    WIRE_ROOT_CERT: '',
    WIRE_OTHER_CERT: '',
  };
}

export async function newProject(server: ServerUnderTest): Promise<Project> {
  return await createProject(new Api(server.process.baseUrl, server.process.adminKey));
}

/** Settings of somebody who wants speed from the machine: half a gigabyte of cache, and a log that may grow. */
export async function startPostgres({ options }: Pick<BenchContext, 'options'>): Promise<Postgres | undefined> {
  if (!Postgres.isInstalled()) return undefined;
  return await Postgres.start({
    // Its user has to reach the folder, which it does below the system's own.
    ...(process.getuid?.() === 0 ? {} : { dataFolderParent: options.workFolder }),
    settings: ['fsync=on', 'shared_buffers=512MB', 'work_mem=64MB', 'max_wal_size=8GB', 'max_connections=300'],
  });
}
