import type { Writable } from 'node:stream';
import { BackendWriter } from '../codec/backend-writer.js';

/** What is smaller is copied into the buffer of messages, so that a small answer leaves in one write. */
const COPIED_BYTES = 8 * 1024;
/** Messages are collected up to this size, unless the client waits for them. */
const COLLECTED_BYTES = 32 * 1024;

/**
 * The way to the client. `messages` collects; `flush` sends. A client that does not read stops whoever awaits `ready`, and with that the
 * query: memory does not grow with what is waiting to be sent.
 */
export class SessionOutput {
  readonly messages = new BackendWriter();
  #bytes = 0;

  constructor(private readonly stream: Writable) {}

  /** Bytes of rows so far, for the query log. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether everything is with the operating system. */
  get isSent(): boolean {
    return this.messages.byteLength === 0 && this.stream.writableLength === 0;
  }

  /** Whole messages that were encoded elsewhere, mostly rows. */
  rows(batches: readonly Uint8Array[]): void {
    for (const bytes of batches) {
      this.#bytes += bytes.length;
      if (bytes.length <= COPIED_BYTES) this.messages.encoded(bytes);
      else {
        this.flush();
        this.#write(bytes);
      }
    }
    if (this.messages.byteLength > COLLECTED_BYTES) this.flush();
  }

  flush(): void {
    if (this.messages.byteLength > 0) this.#write(this.messages.take());
  }

  /** Resolves when the client has taken enough. */
  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.stream.off('drain', done);
        this.stream.off('close', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.stream.on('drain', done);
      this.stream.on('close', done);
      signal.addEventListener('abort', done, { once: true });
    });
    signal.throwIfAborted();
  }

  #write(bytes: Uint8Array): void {
    if (this.stream.destroyed || this.stream.writableEnded) return;
    this.stream.write(bytes);
  }
}
