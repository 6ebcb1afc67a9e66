import type { Socket } from 'node:net';
import pg from 'pg';
import { serialize } from 'pg-protocol';
import type { Connection } from '../../acceptance/wire/harness/target.js';

export function clientOf(connection: Connection): pg.Client {
  return new pg.Client({
    host: connection.PGHOST,
    port: Number(connection.PGPORT),
    database: connection.PGDATABASE,
    user: connection.PGUSER,
    password: connection.PGPASSWORD,
  });
}

const HEADER_BYTES = 5;
const [ROW, ERROR, READY, COPY_IN, COPY_DATA] = ['D', 'E', 'Z', 'G', 'd'].map((letter) => letter.charCodeAt(0));

interface Received {
  rows: number;
  bytes: number;
  error: string | undefined;
}

/**
 * A client that throws results away: it hops from message to message and looks at nothing but their kind, so that what is measured is
 * the server and the loopback interface. It logs in with `pg` and takes its socket over.
 */
export class WireSink {
  #received: Received = { rows: 0, bytes: 0, error: undefined };
  #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #bodyBytes = 0;
  #onReady: (() => void) | undefined;
  #onCopyIn: (() => void) | undefined;
  #errorBytes: Buffer[] | undefined;

  private constructor(
    private readonly client: pg.Client,
    private readonly socket: Socket,
  ) {
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  static async connect(connection: Connection): Promise<WireSink> {
    const client = clientOf(connection);
    client.on('error', () => undefined);
    await client.connect();
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    return new WireSink(client, stream);
  }

  /** Simple query: every value as text. */
  async text(statement: string): Promise<Received> {
    return await this.#ask(() => this.socket.write(serialize.query(statement)));
  }

  /** Extended query: every value in binary. */
  async binary(statement: string): Promise<Received> {
    return await this.#ask(() =>
      this.socket.write(
        Buffer.concat([
          serialize.parse({ text: statement, name: '', types: [] }),
          serialize.bind({ binary: true }),
          serialize.execute(),
          serialize.sync(),
        ]),
      ),
    );
  }

  /** `COPY … FROM STDIN`, with the content sent as fast as the socket takes it. */
  async copyIn(statement: string, content: Iterable<Buffer>): Promise<Received> {
    return await this.#ask(() => {
      this.#onCopyIn = () => void this.#sendContent(content);
      this.socket.write(serialize.query(statement));
    });
  }

  /** Reads no more than so many bytes a second for so long; what has not been read by then is left. */
  async readSlowly(statement: string, bytesPerSecond: number, durationMs: number): Promise<Received> {
    const endsAt = performance.now() + durationMs;
    this.#received = { rows: 0, bytes: 0, error: undefined };
    this.socket.write(serialize.query(statement));
    const startedAt = performance.now();
    while (performance.now() < endsAt) {
      const allowed = ((performance.now() - startedAt) / 1000) * bytesPerSecond;
      if (this.#received.bytes > allowed) this.socket.pause();
      else this.socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }

  async end(): Promise<void> {
    this.socket.write(serialize.end());
    await new Promise<void>((resolve) => {
      this.socket.once('close', resolve);
      this.socket.end();
    });
    void this.client;
  }

  async #ask(send: () => void): Promise<Received> {
    this.#received = { rows: 0, bytes: 0, error: undefined };
    await new Promise<void>((resolve, reject) => {
      const lost = (): void => reject(new Error('The server closed the connection'));
      this.socket.once('close', lost);
      this.#onReady = () => {
        this.socket.removeListener('close', lost);
        resolve();
      };
      send();
    });
    if (this.#received.error !== undefined) throw new Error(this.#received.error);
    return this.#received;
  }

  async #sendContent(content: Iterable<Buffer>): Promise<void> {
    for (const part of content) {
      if (!this.socket.write(serialize.copyData(part)))
        await new Promise<void>((resolve) => this.socket.once('drain', resolve));
    }
    this.socket.write(serialize.copyDone());
  }

  #take(chunk: Buffer): void {
    this.#received.bytes += chunk.length;
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#bodyBytes > 0) {
        const taken = Math.min(this.#bodyBytes, chunk.length - offset);
        this.#errorBytes?.push(chunk.subarray(offset, offset + taken));
        this.#bodyBytes -= taken;
        offset += taken;
        if (this.#bodyBytes === 0) this.#endMessage();
        continue;
      }
      let kind: number | undefined;
      if (this.#headerBytes === 0 && chunk.length - offset >= HEADER_BYTES) {
        kind = chunk[offset];
        this.#bodyBytes = chunk.readUInt32BE(offset + 1) - 4;
        offset += HEADER_BYTES;
      } else {
        const taken = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - offset);
        chunk.copy(this.#header, this.#headerBytes, offset, offset + taken);
        this.#headerBytes += taken;
        offset += taken;
        if (this.#headerBytes < HEADER_BYTES) return;
        kind = this.#header[0];
        this.#bodyBytes = this.#header.readUInt32BE(1) - 4;
        this.#headerBytes = 0;
      }
      this.#kind = kind;
      if (kind === ROW || kind === COPY_DATA) this.#received.rows += 1;
      else if (kind === ERROR) this.#errorBytes = [];
      if (this.#bodyBytes === 0) this.#endMessage();
    }
  }

  #kind: number | undefined;

  #endMessage(): void {
    if (this.#kind === READY) this.#onReady?.();
    else if (this.#kind === COPY_IN) this.#onCopyIn?.();
    else if (this.#kind === ERROR && this.#errorBytes !== undefined) {
      this.#received.error = Buffer.concat(this.#errorBytes).toString('utf8').replaceAll('\0', ' ');
      this.#errorBytes = undefined;
    }
  }
}
