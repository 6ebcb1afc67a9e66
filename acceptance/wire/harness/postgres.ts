import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificates.js';
import { loadFixture } from './fixture.js';
import { freePort } from './free-port.js';
import { mustRun } from './run-program.js';
import type { Connection, Target } from './target.js';

/** Where Debian's package puts the server's programs. */
export const POSTGRES_PROGRAMS = '/usr/lib/postgresql/15/bin';
const SUPERUSER = 'postgres';
const USER = 'wireuser';
const PASSWORD = 'a-password-of-the-tests';
const START_TIMEOUT_MS = 30_000;

export interface PostgresOptions {
  /** Lines of `postgresql.conf`. */
  readonly settings?: readonly string[];
  readonly dataFolderParent?: string;
}

/** A throw-away PostgreSQL 15 on a free port of the loopback interface, in a temporary folder, with TLS and SCRAM as ours. */
export class Postgres implements Target {
  readonly name = 'PostgreSQL 15';

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly owner: { readonly uid: number; readonly gid: number } | undefined,
    private readonly process: ChildProcess,
    private readonly certificates: { readonly own: string; readonly other: string },
  ) {}

  static isInstalled(): boolean {
    return existsSync(join(POSTGRES_PROGRAMS, 'initdb'));
  }

  static async start(options: PostgresOptions = {}): Promise<Postgres> {
    if (!Postgres.isInstalled()) throw new Error(`There is no PostgreSQL 15 in ${POSTGRES_PROGRAMS}`);
    const folder = await mkdtemp(join(options.dataFolderParent ?? tmpdir(), 'wire-postgres-'));
    const owner = await unprivilegedUser();
    const data = join(folder, 'data');
    const certificates = await Promise.all([makeCertificate(folder, 'own'), makeCertificate(folder, 'other')]);
    if (owner !== undefined) {
      for (const path of [folder, certificates[0].key]) await chown(path, owner.uid, owner.gid);
    }
    await mustRun({
      command: join(POSTGRES_PROGRAMS, 'initdb'),
      args: ['-D', data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
      env: {},
      cwd: folder,
      timeoutMs: 60_000,
      ...owner,
    });
    const port = await freePort();
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      'ssl=on',
      `ssl_cert_file=${certificates[0].certificate}`,
      `ssl_key_file=${certificates[0].key}`,
      'password_encryption=scram-sha-256',
      'timezone=UTC',
      'log_timezone=UTC',
      'fsync=off',
      ...(options.settings ?? []),
    ];
    const hba = join(folder, 'hba.conf');
    await writeFile(hba, `local all ${SUPERUSER} trust\nhost all all 127.0.0.1/32 scram-sha-256\n`);
    const child = spawn(
      join(POSTGRES_PROGRAMS, 'postgres'),
      ['-D', data, ...[...settings, `hba_file=${hba}`].flatMap((setting) => ['-c', setting])],
      { cwd: folder, env: { LC_ALL: 'C.UTF-8', TZ: 'UTC' }, stdio: ['ignore', 'ignore', 'pipe'], ...owner },
    );
    const paths = { own: certificates[0].certificate, other: certificates[1].certificate };
    const postgres = new Postgres(folder, port, owner, child, paths);
    try {
      await becomeReady(child);
      await postgres.superuser('postgres', `CREATE ROLE ${USER} LOGIN PASSWORD '${PASSWORD}'`);
    } catch (error) {
      await postgres.stop();
      throw error;
    }
    return postgres;
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('PostgreSQL has no pid');
    return this.process.pid;
  }

  async newDatabase(label: string): Promise<Connection> {
    const connection = await this.newEmptyDatabase(label);
    await loadFixture(connection);
    return connection;
  }

  async newEmptyDatabase(label: string): Promise<Connection> {
    const database = `wiredb_${label.replaceAll(/[^a-z0-9]/g, '_')}`;
    await this.superuser('postgres', `CREATE DATABASE ${database} OWNER ${USER}`);
    return {
      PGHOST: '127.0.0.1',
      PGPORT: String(this.port),
      PGDATABASE: database,
      PGUSER: USER,
      PGPASSWORD: PASSWORD,
      WIRE_ROOT_CERT: this.certificates.own,
      WIRE_OTHER_CERT: this.certificates.other,
    };
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve));
      // Fast shutdown: sessions are ended, data is not in danger.
      this.process.kill('SIGINT');
      const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async superuser(database: string, statement: string): Promise<void> {
    await mustRun({
      command: 'psql',
      args: ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', statement],
      env: { PGHOST: this.folder, PGPORT: String(this.port), PGUSER: SUPERUSER, PGDATABASE: database },
      cwd: this.folder,
      timeoutMs: 30_000,
    });
  }
}

/** PostgreSQL refuses to run as root; its own package brings a user for it. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (userInfo().uid !== 0) return undefined;
  const ask = async (option: string): Promise<number> =>
    Number(await mustRun({ command: 'id', args: [option, 'postgres'], env: {}, cwd: '/', timeoutMs: 5000 }));
  return { uid: await ask('-u'), gid: await ask('-g') };
}

async function becomeReady(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`PostgreSQL is not ready:\n${log}`)), START_TIMEOUT_MS);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`PostgreSQL ended with ${code}:\n${log}`));
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = `${log}${text}`.slice(-10_000);
      if (!log.includes('database system is ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
