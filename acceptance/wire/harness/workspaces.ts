import { join } from 'node:path';
import { Api, mustSucceed } from '../../helpers/api.js';
import { startServer, type ServerProcess } from '../../helpers/server-process.js';
import { createProject, type Project } from '../../helpers/storage.js';
import { makeCertificate } from './certificates.js';
import { loadFixture } from './fixture.js';
import { freePort } from './free-port.js';
import type { Connection, Target } from './target.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

interface WorkspaceObject {
  readonly id: string;
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly username: string;
    readonly password: string;
  };
}

/** Our server, with a project whose workspaces play the databases. */
export class Workspaces implements Target {
  readonly name = 'workspace';

  private constructor(
    readonly server: ServerProcess,
    readonly project: Project,
    private readonly folder: string,
    private readonly certificates: { readonly own: string; readonly other: string },
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<Workspaces> {
    const folder = await mkdtemp(join(tmpdir(), 'wire-workspaces-'));
    const [own, other] = await Promise.all([makeCertificate(folder, 'own'), makeCertificate(folder, 'other')]);
    const server = await startServer({
      env: {
        PGWIRE_HOST: '127.0.0.1',
        PGWIRE_PORT: String(await freePort()),
        PGWIRE_SSL_CERT: own.certificate,
        PGWIRE_SSL_KEY: own.key,
        ...env,
      },
    });
    const project = await createProject(new Api(server.baseUrl, server.adminKey));
    return new Workspaces(server, project, folder, { own: own.certificate, other: other.certificate });
  }

  async newDatabase(label: string): Promise<Connection> {
    const connection = await this.newWorkspace(this.project, { name: label });
    await loadFixture(connection);
    return connection;
  }

  async newWorkspace(project: Project, request: Readonly<Record<string, unknown>>, base?: string): Promise<Connection> {
    const path = `${base ?? project.path}/workspaces`;
    const { connection } = mustSucceed(await project.api.post<WorkspaceObject>(path, request));
    return {
      PGHOST: '127.0.0.1',
      PGPORT: String(connection.port),
      PGDATABASE: connection.database,
      PGUSER: connection.username,
      PGPASSWORD: connection.password,
      WIRE_ROOT_CERT: this.certificates.own,
      WIRE_OTHER_CERT: this.certificates.other,
    };
  }

  async stop(): Promise<void> {
    try {
      await this.server.stop();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }
}
