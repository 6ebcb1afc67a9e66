import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { serialize } from 'pg-protocol';
import { ScramClient } from './scram-client.js';

export interface BackendFrame {
  readonly type: string;
  readonly body: Buffer;
}

/** A client that sends whatever bytes a test wants and reads whole messages. Everything waits for the socket, nothing for time. */
export class RawClient {
  #stream: Duplex;
  #buffer: Buffer = Buffer.alloc(0);
  #waiting: (() => void)[] = [];
  #ended = false;

  private constructor(readonly socket: Socket) {
    this.#stream = socket;
    this.#listen(socket);
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** As `connect`, through SSLRequest or directly. */
  static async connectTls(
    port: number,
    options: ConnectionOptions & { readonly direct?: boolean } = {},
  ): Promise<RawClient> {
    const client = await RawClient.connect(port);
    if (options.direct !== true) {
      client.send(serialize.requestSsl());
      const answer = await client.byte();
      if (answer !== 'S') throw new Error(`the server answered ${answer}`);
    }
    await client.startTls(options);
    return client;
  }

  async startTls(options: ConnectionOptions = {}): Promise<void> {
    this.socket.removeAllListeners('data');
    const secure = connectTls({
      rejectUnauthorized: false,
      ALPNProtocols: ['postgresql'],
      ...options,
      socket: this.socket,
    });
    await once(secure, 'secureConnect');
    secure.on('error', () => undefined);
    this.#stream = secure;
    this.#listen(secure);
  }

  send(...bytes: (Uint8Array | string)[]): void {
    if (this.#stream.writable) this.#stream.write(Buffer.concat(bytes.map((part) => Buffer.from(part as string))));
  }

  /** Half-close: this side says no more. */
  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Resolves when the server has closed. */
  async closed(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  /** What has arrived and was not read. */
  takeRest(): Buffer {
    const rest = this.#buffer;
    this.#buffer = Buffer.alloc(0);
    return rest;
  }

  async byte(): Promise<string> {
    while (this.#buffer.length === 0) await this.#moreOrThrow();
    const byte = this.#buffer.subarray(0, 1).toString('latin1');
    this.#buffer = this.#buffer.subarray(1);
    return byte;
  }

  async read(): Promise<BackendFrame> {
    while (this.#buffer.length < 5 || this.#buffer.length < 1 + this.#buffer.readInt32BE(1)) await this.#moreOrThrow();
    const end = 1 + this.#buffer.readInt32BE(1);
    const frame = { type: this.#buffer.subarray(0, 1).toString('latin1'), body: this.#buffer.subarray(5, end) };
    this.#buffer = this.#buffer.subarray(end);
    return frame;
  }

  /** Every message up to the first of this type, which is the last. */
  async until(type: string): Promise<BackendFrame[]> {
    const frames: BackendFrame[] = [];
    for (;;) {
      const frame = await this.read();
      frames.push(frame);
      if (frame.type === type) return frames;
      if (frame.type === 'E' && type !== 'E') throw new Error(`the server answered ${JSON.stringify(errorOf(frame))}`);
    }
  }

  /** The next message must be an error. */
  async error(): Promise<Record<string, string>> {
    const frame = await this.read();
    if (frame.type !== 'E') throw new Error(`expected an error, got ${frame.type}`);
    return errorOf(frame);
  }

  /** After the startup packet; stops before what follows AuthenticationOk. */
  async authenticate(password: string, binding?: Uint8Array): Promise<void> {
    const [offer] = await this.until('R');
    const mechanisms = offer?.body.subarray(4).toString('latin1').split('\0') ?? [];
    const plus = binding !== undefined;
    const client = new ScramClient(password, plus ? 'p=tls-server-end-point,,' : 'n,,', binding);
    const mechanism = plus ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256';
    if (!mechanisms.includes(mechanism)) throw new Error(`the server offers ${mechanisms.join()}`);
    this.send(serialize.sendSASLInitialResponseMessage(mechanism, client.first));
    const [challenge] = await this.until('R');
    const { message, signature } = client.final(challenge?.body.subarray(4).toString() ?? '');
    this.send(serialize.sendSCRAMClientFinalMessage(message));
    const [final] = await this.until('R');
    if (final?.body.subarray(4).toString() !== signature) throw new Error('the server did not prove itself');
    await this.until('R');
  }

  /** Up to ReadyForQuery; answers the pid and secret. */
  async login(parameters: Record<string, string>, password: string): Promise<{ pid: number; secret: number }> {
    this.send(serialize.startup(parameters));
    await this.authenticate(password);
    const frames = await this.until('Z');
    const key = frames.find(({ type }) => type === 'K')?.body;
    return { pid: key?.readInt32BE(0) ?? 0, secret: key?.readInt32BE(4) ?? 0 };
  }

  async query(sql: string): Promise<BackendFrame[]> {
    this.send(serialize.query(sql));
    return this.until('Z');
  }

  #listen(stream: Duplex): void {
    stream.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    stream.on('end', end).on('close', end);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #moreOrThrow(): Promise<void> {
    if (this.#ended) throw new Error('the server closed the connection');
    await this.#more();
  }
}

export function errorOf({ body }: BackendFrame): Record<string, string> {
  const fields = body.toString('utf8').split('\0');
  return Object.fromEntries(fields.filter((field) => field !== '').map((field) => [field[0] ?? '', field.slice(1)]));
}
