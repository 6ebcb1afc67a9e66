import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Doors, openAt } from './doors.js';

describe('Doors', () => {
  it('close at the same time, and once', async () => {
    const doors = new Doors();
    const log: string[] = [];
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    doors.opened(async () => {
      log.push('slow begins');
      await slow;
      log.push('slow ends');
    });
    doors.opened(() => {
      log.push('quick');
      return Promise.resolve();
    });
    const closed = doors.close();
    expect(log).toEqual(['slow begins', 'quick']);
    release();
    await closed;
    await doors.close();
    expect(log).toEqual(['slow begins', 'quick', 'slow ends']);
  });

  it('tell of a failure after the others have closed', async () => {
    const doors = new Doors();
    let closed = false;
    doors.opened(() => Promise.reject(new Error('stuck')));
    doors.opened(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      closed = true;
    });
    await expect(doors.close()).rejects.toThrow('stuck');
    expect(closed).toBe(true);
  });
});

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** The port it listens on. */
function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      servers.push(server);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

describe('A door whose port another program has', () => {
  it('opens at a free one when nobody chose the port, and says so', async () => {
    const port = await listen(0);
    let told = 0;
    const opened = await openAt({ port, defaultPort: port }, listen, () => (told += 1));
    expect(opened).not.toBe(port);
    expect(told).toBe(1);
  });

  it('does not open when somebody chose it', async () => {
    const port = await listen(0);
    const opening = openAt({ port, defaultPort: port + 1 }, listen, () => expect.unreachable());
    await expect(opening).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('does not open anywhere else for another reason', async () => {
    const refused = Object.assign(new Error('no'), { code: 'EACCES' });
    const opening = openAt(
      { port: 1, defaultPort: 1 },
      () => Promise.reject(refused),
      () => expect.unreachable(),
    );
    await expect(opening).rejects.toBe(refused);
  });
});
