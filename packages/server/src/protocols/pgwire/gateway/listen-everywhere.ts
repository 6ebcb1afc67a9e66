import { lookup } from 'node:dns/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Listens at every address that a host name has: `localhost` is 127.0.0.1 and ::1, and clients try either. With port 0 the
 * first address picks a free one. An address of the name that this machine does not have is no reason to fail; the first is.
 */
export async function listenEverywhere(
  host: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<{ readonly servers: readonly Server[]; readonly port: number }> {
  const addresses = [...new Set((await lookup(host, { all: true })).map(({ address }) => address))];
  const servers: Server[] = [];
  let chosenPort = port;
  try {
    for (const address of addresses) {
      // A client that has said all it will say may still wait for the answer.
      const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, onConnection);
      try {
        chosenPort = await listen(server, address, chosenPort);
        servers.push(server);
      } catch (error) {
        if (servers.length === 0 || !isAbsentAddress(error, port)) throw error;
      }
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return { servers, port: chosenPort };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** A machine without IPv6; or, when any port would do, one whose other family has this port in use. */
function isAbsentAddress(error: unknown, wantedPort: number): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(code) || (code === 'EADDRINUSE' && wantedPort === 0);
}
