import { FrameReader, type Frame } from '../codec/frame-reader.js';

/** Beyond this many bytes the client waits; enough for a pipeline, and for a few COPY messages. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** What the queue needs of the stream it reads. */
export interface FlowControl {
  pause(): void;
  resume(): void;
}

/**
 * Messages of the client, in order, as they are asked for. Reading goes on while a statement runs, up to a limit, because a client that
 * leaves is only noticed by reading.
 */
export class FrameQueue {
  readonly #reader: FrameReader;
  #peeked: Frame | undefined;
  #ended = false;
  #paused = false;
  #wake: (() => void) | undefined;

  constructor(
    limits: { readonly maxMessageBytes: number },
    private readonly flow: FlowControl,
  ) {
    this.#reader = new FrameReader(limits);
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
    if (this.#reader.bufferedBytes > HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.flow.pause();
    }
    this.#wake?.();
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** The next message if all of it is here; it stays in the queue. */
  peek(): Frame | undefined {
    this.#peeked ??= this.#read();
    return this.#peeked;
  }

  /** The next message; undefined when the client is gone. Rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<Frame | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const frame = this.peek();
      this.#peeked = undefined;
      if (frame !== undefined || this.#ended) return frame;
      await this.#more(signal);
    }
  }

  #read(): Frame | undefined {
    const frame = this.#reader.next();
    // A message larger than the limit is only complete when reading goes on.
    if (this.#paused && (frame === undefined || this.#reader.bufferedBytes < HIGH_WATER_BYTES / 2)) {
      this.#paused = false;
      this.flow.resume();
    }
    return frame;
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
