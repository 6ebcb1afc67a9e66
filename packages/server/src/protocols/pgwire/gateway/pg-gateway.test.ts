import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SqlError } from '../../../errors/sql-error.js';
import { systemClock } from '../../../lib/clock.js';
import {
  DATABASE,
  PASSWORD,
  startTestGateway,
  USERNAME,
  type TestGateway,
} from '../../../../test/helpers/pgwire/test-gateway.js';
import type { PgGatewayOptions } from './pg-gateway.js';
import { RawClient } from '../../../../test/helpers/pgwire/raw-client.js';
import { ownTlsIdentity, type TlsIdentity } from './tls/tls-identity.js';

let identity: TlsIdentity;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'storage-test-'));
  ({ identity } = await ownTlsIdentity(directory, ['localhost'], systemClock));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function start(overrides: Partial<PgGatewayOptions> = {}): Promise<TestGateway> {
  const scene = await startTestGateway(overrides);
  onTestFinished(() => scene.stop());
  return scene;
}

async function connect(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  onTestFinished(() => client.destroy());
  return client;
}

const ANA = { user: USERNAME, database: DATABASE };

/** A session, ready for statements. */
async function session(port: number, user = ANA): Promise<RawClient & { key: { pid: number; secret: number } }> {
  const client = await connect(port);
  const key = await client.login(user, PASSWORD);
  return Object.assign(client, { key });
}

/** Waits for what another task does next; the test's own time limit bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const text = (frames: { type: string; body: Buffer }[]): string =>
  frames
    .find(({ type }) => type === 'D')
    ?.body.subarray(6)
    .toString() ?? '';

describe('a session', () => {
  it('begins with SCRAM and passes bytes both ways', async () => {
    const { port, host, opened, ended, metrics } = await start();
    const client = await connect(port);
    await client.login({ ...ANA, application_name: 'test', options: '-c statement_timeout=5s' }, PASSWORD);
    expect(text(await client.query('SELECT 1'))).toBe('SELECT 1');
    const [peer] = host.sessions.values();
    expect(peer?.preamble).toMatchObject({
      username: USERNAME,
      databaseName: DATABASE,
      clientIp: '127.0.0.1',
      encrypted: false,
      startupParameters: { user: USERNAME, database: DATABASE, application_name: 'test', statement_timeout: '5s' },
      limits: { idleTimeoutMs: 60_000 },
    });
    expect(opened).toMatchObject([
      { workspaceId: 'ws_ana_id', clientIp: '127.0.0.1', applicationName: 'test', encrypted: false },
    ]);
    expect(await metrics()).toContain('pgwire_connections_active{workspace_id="ws_ana_id"} 1');
    client.send(serialize.end());
    await client.closed();
    await until(() => ended.length === 1);
    expect(ended[0]?.sessionId).toBe(opened[0]?.sessionId);
    expect(await metrics()).toContain('pgwire_connections_total{status="success"} 1');
    expect(await metrics()).toContain('pgwire_sessions_total 0');
  });

  it('has what the client sent together with its last answer', async () => {
    const { port } = await start();
    const client = await connect(port);
    client.send(serialize.startup(ANA));
    await client.authenticate(PASSWORD);
    client.send(serialize.query('first'), serialize.query('second'));
    await client.until('Z');
    expect(text(await client.until('Z'))).toBe('first');
    expect(text(await client.until('Z'))).toBe('second');
  });

  it('holds the worker back when the client does not read, and nothing is lost', async () => {
    const { port, host } = await start();
    const client = await session(port);
    client.socket.pause();
    const rows = 64_000;
    client.send(serialize.query(`flood ${rows}`));
    const [peer] = host.sessions.values();
    await until(() => (peer?.socket.writableLength ?? 0) > 0);
    // Kernel buffers on the way take some; the rest stays with the worker.
    let written = -1;
    while (written !== peer?.socket.bytesWritten) {
      written = peer?.socket.bytesWritten ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(rows * 1000 * 0.6);
    client.socket.resume();
    const frames = await client.until('Z');
    expect(frames.filter(({ type }) => type === 'D')).toHaveLength(rows);
  });

  it('ends when the client vanishes', async () => {
    const { port, host, ended } = await start();
    const client = await session(port);
    client.socket.resetAndDestroy();
    await until(() => ended.length === 1);
    expect(ended[0]?.end).toBe('disconnected');
    await until(() => host.sessions.size === 0);
  });

  it('answers what was asked before the client closed its side', async () => {
    const { port } = await start();
    const client = await session(port);
    client.send(serialize.query('last words'));
    client.end();
    expect(text(await client.until('Z'))).toBe('last words');
    await client.closed();
  });

  it('is told apart when its worker breaks off', async () => {
    const { port, ended } = await start();
    const client = await session(port);
    client.send(serialize.query('die'));
    await client.closed();
    await until(() => ended.length === 1);
    expect(ended[0]?.end).toBe('failed');
  });
});

describe('who gets in', () => {
  it('refuses a wrong password and an unknown user in the same words', async () => {
    const { port, metrics } = await start();
    const answers = [];
    for (const [user, password] of [
      [USERNAME, 'wrong'],
      ['nobody', PASSWORD],
    ] as const) {
      const client = await connect(port);
      client.send(serialize.startup({ user, database: DATABASE }));
      const answer = await client.authenticate(password).catch((error: unknown) => String(error));
      await client.closed();
      answers.push(String(answer).replaceAll(user, '<user>'));
    }
    expect(answers[0]).toContain('28P01');
    expect(answers[0]).toBe(answers[1]);
    expect(await metrics()).toContain('pgwire_connections_total{status="auth_failed"} 2');
  });

  it('shows an unknown user the same salt each time', async () => {
    const { port } = await start();
    const salts = [];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const client = await connect(port);
      client.send(serialize.startup({ user: 'nobody' }));
      await client.until('R');
      client.send(serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256', 'n,,n=,r=abc'));
      const [challenge] = await client.until('R');
      salts.push(/s=([^,]+),i=4096/.exec(challenge?.body.toString() ?? '')?.[1]);
    }
    expect(salts[0]).toBeTruthy();
    expect(salts[0]).toBe(salts[1]);
  });

  it.each([
    [{ user: 'ws_old', database: 'workspace_o' }, '28000', 'Workspace expired', 'expired'],
    [{ user: 'ws_odd', database: 'workspace_o' }, '28000', 'Workspace not active', 'expired'],
    [{ user: USERNAME, database: 'postgres' }, '3D000', 'database "postgres" does not exist', 'unknown_database'],
  ])('tells %o after the password: %s %s', async (user, code, message, status) => {
    const { port, metrics } = await start();
    const client = await connect(port);
    client.send(serialize.startup(user));
    await client.authenticate(PASSWORD);
    expect(await client.error()).toMatchObject({ S: 'FATAL', V: 'FATAL', C: code, M: message });
    await client.closed();
    expect(await metrics()).toContain(`pgwire_connections_total{status="${status}"} 1`);
  });

  it.each([DATABASE, 'ws_ana_id', USERNAME])('takes %s for the database', async (database) => {
    const { port } = await start();
    await session(port, { user: USERNAME, database });
  });

  it('shuts an address out after too many failures, with a reason and a time', async () => {
    const { port, log, metrics } = await start({ failedLogins: { max: 2, banMs: 60_000 } });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const client = await connect(port);
      client.send(serialize.startup(ANA));
      await expect(client.authenticate('wrong')).rejects.toThrow('28P01');
    }
    const client = await connect(port);
    client.send(serialize.startup(ANA));
    expect(await client.error()).toMatchObject({
      C: '28000',
      M: 'too many failed logins',
      H: 'Try again in 60 seconds.',
    });
    expect(await metrics()).toContain('pgwire_login_bans_total 1');
    expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('limits the sessions of a workspace and lets the next in when one ends', async () => {
    const { port, metrics, ended } = await start({ connections: { total: 3, perWorkspace: 2, perAddress: 0 } });
    const first = await session(port);
    await session(port);
    const refused = await connect(port);
    refused.send(serialize.startup(ANA));
    await refused.authenticate(PASSWORD);
    expect(await refused.error()).toMatchObject({ C: '53300', M: 'too many connections for this workspace' });
    await session(port, { user: 'ws_eva', database: 'workspace_e' });
    first.send(serialize.end());
    await until(() => ended.length === 1);
    await session(port);
    expect(await metrics()).toContain('pgwire_connections_total{status="limit_reached"} 1');
  });

  it('ends a client that does not log in in time', async () => {
    const { port, metrics } = await start({ authenticationTimeoutMs: 50 });
    const silent = await connect(port);
    await silent.closed();
    const slow = await connect(port);
    slow.send(serialize.startup(ANA));
    await slow.until('R');
    expect(await slow.error()).toMatchObject({ C: '57014', M: 'canceling authentication due to timeout' });
    await slow.closed();
    expect(await metrics()).toContain('pgwire_connections_total{status="timeout"} 2');
  });

  it('ends a client that stops in the middle of the handshake', async () => {
    const { port, metrics } = await start({ authenticationTimeoutMs: 50, tls: { identity, required: false } });
    const client = await connect(port);
    client.send(serialize.requestSsl());
    expect(await client.byte()).toBe('S');
    client.send(Buffer.from([0x16, 3, 1, 0, 100]));
    await client.closed();
    expect(client.takeRest()).toHaveLength(0);
    expect(await metrics()).toContain('pgwire_connections_total{status="timeout"} 1');
  });

  it('passes on why a workspace cannot be opened', async () => {
    const { port, host } = await start();
    host.refusal = new SqlError('58030', 'the file of the workspace cannot be opened');
    const client = await connect(port);
    client.send(serialize.startup(ANA));
    await client.authenticate(PASSWORD);
    expect(await client.error()).toMatchObject({ S: 'FATAL', C: '58030' });
    host.refusal = undefined;
    await session(port);
  });
});

describe('encryption', () => {
  it('answers N where there is none', async () => {
    const { port } = await start();
    const client = await connect(port);
    client.send(serialize.requestSsl());
    expect(await client.byte()).toBe('N');
    await client.login(ANA, PASSWORD);
  });

  it('starts after SSLRequest and binds the login to the certificate', async () => {
    const { port, host } = await start({ tls: { identity, required: true } });
    const client = await RawClient.connectTls(port);
    onTestFinished(() => client.destroy());
    client.send(serialize.startup(ANA));
    await client.authenticate(PASSWORD, identity.endPointHash);
    await client.until('Z');
    expect(text(await client.query('secret'))).toBe('secret');
    expect([...host.sessions.values()][0]?.preamble.encrypted).toBe(true);
  });

  it('starts at the first byte when the client asks for the protocol by ALPN', async () => {
    const { port } = await start({ tls: { identity, required: true } });
    const client = await RawClient.connectTls(port, { direct: true });
    onTestFinished(() => client.destroy());
    await client.login(ANA, PASSWORD);
    expect(text(await client.query('direct'))).toBe('direct');
  });

  it.each([[['http/1.1']], [[]]])('refuses direct TLS for %j', async (ALPNProtocols) => {
    const { port } = await start({ tls: { identity, required: false } });
    const client = await connect(port);
    await client.startTls({ ALPNProtocols }).then(
      () => client.closed(),
      () => undefined,
    );
    await client.closed();
  });

  it.each(['TLSv1.1', 'TLSv1'] as const)('refuses %s', async (version) => {
    const { port } = await start({ tls: { identity, required: false } });
    await expect(
      RawClient.connectTls(port, { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow();
  });

  it('is required where the operator says so', async () => {
    const { port, metrics } = await start({ tls: { identity, required: true } });
    const client = await connect(port);
    client.send(serialize.startup(ANA));
    expect(await client.error()).toMatchObject({ C: '28000', M: 'this server accepts encrypted connections only' });
    expect(await metrics()).toContain('pgwire_connections_total{status="no_encryption"} 1');
  });

  it('refuses bytes that were slipped in before the handshake', async () => {
    const { port } = await start({ tls: { identity, required: false } });
    const client = await connect(port);
    client.send(serialize.requestSsl(), serialize.startup(ANA));
    expect(await client.error()).toMatchObject({ C: '08P01', M: 'received unencrypted data after SSL request' });
    await client.closed();
  });

  it('refuses a second request for encryption', async () => {
    const { port } = await start();
    const client = await connect(port);
    client.send(serialize.requestSsl());
    expect(await client.byte()).toBe('N');
    client.send(serialize.requestSsl());
    expect(await client.error()).toMatchObject({ C: '08P01' });
  });

  it('answers N to GSSAPI and goes on with TLS', async () => {
    const { port } = await start({ tls: { identity, required: true } });
    const client = await connect(port);
    client.send(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30]));
    expect(await client.byte()).toBe('N');
    client.send(serialize.requestSsl());
    expect(await client.byte()).toBe('S');
    await client.startTls();
    await client.login(ANA, PASSWORD);
  });
});

describe('startup', () => {
  it('negotiates the protocol down and names what it does not know', async () => {
    const { port } = await start();
    const client = await connect(port);
    const body = Buffer.from(`\0\x03\0\x02user\0${USERNAME}\0database\0${DATABASE}\0_pq_.wish\0on\0\0`, 'latin1');
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    client.send(length, body);
    const answer = await client.read();
    expect(answer.type).toBe('v');
    expect(answer.body.toString('latin1')).toBe('\0\x03\0\0\0\0\0\x01_pq_.wish\0');
    await client.authenticate(PASSWORD);
    await client.until('Z');
  });

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), '08P01'],
    ['protocol 2', Buffer.from([0, 0, 0, 8, 0, 2, 0, 0]), '0A000'],
    ['no user', Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0]), '28000'],
  ])('answers %s with %s', async (_case, bytes, code) => {
    const { port } = await start();
    const client = await connect(port);
    client.send(bytes);
    expect(await client.error()).toMatchObject({ S: 'FATAL', C: code });
    await client.closed();
  });

  it('wants an answer to its question and nothing else', async () => {
    const { port } = await start();
    const client = await connect(port);
    client.send(serialize.startup(ANA));
    await client.until('R');
    client.send(serialize.query('SELECT 1'));
    expect(await client.error()).toMatchObject({ C: '08P01' });
  });
});

describe('cancel', () => {
  it('reaches the session that has number and secret, and no other', async () => {
    const { port, host, metrics } = await start();
    const [mine, other] = [await session(port), await session(port)];
    mine.send(serialize.query('sleep'));
    other.send(serialize.query('sleep'));
    await until(() => [...host.sessions.values()].every(({ sleeping }) => sleeping));
    const stranger = await connect(port);
    stranger.send(serialize.cancel(mine.key.pid, other.key.secret));
    await stranger.closed();
    const cancel = await connect(port);
    cancel.send(serialize.cancel(mine.key.pid, mine.key.secret));
    await cancel.closed();
    expect(await mine.error()).toMatchObject({ C: '57014' });
    expect(host.cancelled).toHaveLength(1);
    expect([...host.sessions.values()].map(({ sleeping }) => sleeping)).toEqual([false, true]);
    expect(await metrics()).toContain('pgwire_cancel_requests_total{result="unknown"} 1');
  });

  it('comes in clear text also where encryption is required', async () => {
    const { port, host } = await start({ tls: { identity, required: true } });
    const client = await RawClient.connectTls(port);
    onTestFinished(() => client.destroy());
    const key = await client.login(ANA, PASSWORD);
    const cancel = await connect(port);
    cancel.send(serialize.cancel(key.pid, key.secret));
    await cancel.closed();
    expect(host.cancelled).toHaveLength(1);
  });

  it('of a session that is over reaches nobody', async () => {
    const { port, host, ended } = await start();
    const gone = await session(port);
    gone.send(serialize.end());
    await gone.closed();
    await until(() => ended.length === 1);
    await session(port);
    const cancel = await connect(port);
    cancel.send(serialize.cancel(gone.key.pid, gone.key.secret));
    await cancel.closed();
    expect(host.cancelled).toEqual([]);
  });
});

describe('administration', () => {
  it('ends a session through its worker, and says so', async () => {
    const { port, host, ended, opened } = await start();
    const client = await session(port);
    const ending = { sqlState: '57P01', message: 'terminating connection due to administrator command' };
    await host.endSessions('ws_ana_id', ending, opened[0]?.sessionId);
    expect(await client.error()).toMatchObject({ S: 'FATAL', C: '57P01' });
    await client.closed();
    await until(() => ended.length === 1);
    expect(ended[0]?.end).toBe('terminated');
  });
});

describe('stop', () => {
  it('tells sessions and those who wait, and leaves no connection', async () => {
    const scene = await startTestGateway();
    const client = await RawClient.connect(scene.port);
    await client.login(ANA, PASSWORD);
    const waiting = await RawClient.connect(scene.port);
    waiting.send(serialize.startup(ANA));
    await waiting.until('R');
    const stopped = scene.stop();
    expect(await waiting.error()).toMatchObject({ C: '57P03', M: 'the database system is shutting down' });
    expect(await client.error()).toMatchObject({ C: '57P01' });
    await Promise.all([client.closed(), waiting.closed(), stopped]);
    await expect(RawClient.connect(scene.port)).rejects.toThrow('ECONNREFUSED');
  });
});
