import type { Duplex } from 'node:stream';
import { SqlError } from '../../../errors/sql-error.js';
import { FrameReader, MAX_AUTHENTICATION_BYTES, type Frame } from '../codec/frame-reader.js';

/** The client went away, or was sent away, before its session began: nothing is left to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/**
 * The packets of a client one at a time, for the dialogue before a session. It reads only when somebody asks, so that whoever
 * takes over the stream, TLS or the relay, finds every byte that was not asked for.
 */
export class MessageSource {
  readonly #reader = new FrameReader({ maxMessageBytes: MAX_AUTHENTICATION_BYTES });

  constructor(private readonly stream: Duplex) {}

  /** The first byte of the connection, which stays unread. */
  async peek(): Promise<number> {
    let chunk = this.stream.read() as Buffer | null;
    while (chunk === null) {
      await this.#readable();
      chunk = this.stream.read() as Buffer | null;
    }
    this.stream.unshift(chunk);
    return chunk[0] ?? 0;
  }

  async startupPacket(): Promise<Buffer> {
    for (;;) {
      const packet = this.#reader.nextStartup();
      if (packet !== undefined) return packet;
      await this.#more();
    }
  }

  /** An answer to a request for authentication. */
  async authenticationAnswer(): Promise<Buffer> {
    const { type, body } = await this.#message();
    if (type === 'p') return body;
    throw new SqlError('08P01', `expected SASL response, got message type ${type.charCodeAt(0)}`, {
      severity: 'FATAL',
    });
  }

  /** The client spoke before it was its turn. */
  get hasUnread(): boolean {
    return this.#reader.bufferedBytes > 0 || this.stream.readableLength > 0;
  }

  /** Gives back what was read too far: from here on somebody else reads. */
  release(): void {
    const rest = this.#reader.takeRest();
    if (rest.length > 0) this.stream.unshift(rest);
  }

  async #message(): Promise<Frame> {
    for (;;) {
      const frame = this.#reader.next();
      if (frame !== undefined) return frame;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    for (;;) {
      const chunk = this.stream.read() as Buffer | null;
      if (chunk !== null) {
        this.#reader.push(chunk);
        return;
      }
      await this.#readable();
    }
  }

  #readable(): Promise<void> {
    const { stream } = this;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => (): void => {
        stream.off('readable', readable).off('end', gone).off('close', gone).off('error', gone);
        settle();
      };
      const readable = finish(resolve);
      const gone = finish(() => reject(new ClientGoneError('the client closed the connection')));
      if (stream.readableEnded || stream.destroyed) {
        gone();
        return;
      }
      stream.on('readable', readable).on('end', gone).on('close', gone).on('error', gone);
    });
  }
}
