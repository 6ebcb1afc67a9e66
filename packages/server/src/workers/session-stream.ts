import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { fatalResponse } from './fatal-response.js';

/** A message longer than this is passed on in pieces: a result row of megabytes must not be kept for its end. */
const MAX_HELD_BYTES = 1_000_000;

/** How long the end of a stream may wait to learn whether the process behind it ended. */
const END_GRACE_MS = 1_000;

/** Why a stream ended that the worker did not end itself. */
export interface StreamFailure {
  readonly sqlState: string;
  readonly message: string;
}

/**
 * The service's end of a session: what the worker writes, and when the worker dies, a FATAL ErrorResponse after it.
 *
 *   worker ──bytes──► whole messages passed on, the piece of an unfinished one kept back ──► gateway
 *                       └─ the worker is gone: the piece is dropped, then the ErrorResponse, then the end
 *
 * An ErrorResponse in the middle of a message would be read as data, so a client whose last message was already passed on in pieces gets a
 * closed connection instead.
 */
export class SessionStream extends Duplex {
  /** Backend messages begin with a type byte and a length that counts itself. */
  readonly #header = Buffer.alloc(5);
  #headerBytes = 0;
  #bodyLeft = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** A part of the current message was passed on. */
  #midMessage = false;
  #finished = false;
  #failure: StreamFailure | undefined;
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    /** The worker said that it ended this session. */
    private readonly endedByWorker: () => boolean,
  ) {
    super({ allowHalfOpen: true });
    socket.pause();
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#streamEnded());
    socket.on('close', () => this.#streamEnded());
    socket.on('error', () => this.#streamEnded());
    socket.on('drain', () => this.#drained?.());
  }

  /** The process is gone, or the session was given up. */
  fail(failure: StreamFailure): void {
    this.#failure ??= failure;
    // What the worker still sent is read first.
    if (this.socket.readableEnded || this.socket.destroyed) this.#finish();
    else this.socket.resume();
  }

  /** The worker ended it in an orderly way. */
  orderlyEnd(): void {
    if (this.socket.readableEnded || this.socket.destroyed) this.#finish();
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // What a client sends to a process that is gone has no reader; the client learns it from the ErrorResponse.
    if (this.socket.destroyed || !this.socket.writable) return callback();
    if (this.socket.write(chunk)) callback();
    else
      this.#drained = () => {
        this.#drained = undefined;
        callback();
      };
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.socket.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#graceTimer);
    this.#finished = true;
    this.socket.destroy();
    callback(error);
  }

  #drained: (() => void) | undefined;

  #receive(chunk: Buffer): void {
    if (this.#finished) return;
    const boundary = this.#lastBoundary(chunk);
    let wantsMore = true;
    if (boundary > 0) {
      for (const piece of this.#held) wantsMore = this.push(piece) && wantsMore;
      this.#held = [];
      this.#heldBytes = 0;
      this.#midMessage = false;
      wantsMore = this.push(chunk.subarray(0, boundary)) && wantsMore;
    }
    if (boundary < chunk.length) {
      const rest = chunk.subarray(boundary);
      this.#held.push(rest);
      this.#heldBytes += rest.length;
      if (this.#heldBytes > MAX_HELD_BYTES) {
        for (const piece of this.#held) wantsMore = this.push(piece) && wantsMore;
        this.#held = [];
        this.#heldBytes = 0;
        this.#midMessage = true;
      }
    }
    if (!wantsMore) this.socket.pause();
  }

  /** Index behind the last message that ends in this chunk; 0 when none does. Keeps track of where messages begin. */
  #lastBoundary(chunk: Buffer): number {
    let at = 0;
    let boundary = 0;
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= taken;
        at += taken;
        if (this.#bodyLeft === 0) boundary = at;
        continue;
      }
      if (this.#headerBytes === 0 && chunk.length - at >= 5) {
        this.#bodyLeft = Math.max(0, chunk.readInt32BE(at + 1) - 4);
        at += 5;
      } else {
        const taken = Math.min(5 - this.#headerBytes, chunk.length - at);
        chunk.copy(this.#header, this.#headerBytes, at, at + taken);
        this.#headerBytes += taken;
        at += taken;
        if (this.#headerBytes < 5) break;
        this.#headerBytes = 0;
        this.#bodyLeft = Math.max(0, this.#header.readInt32BE(1) - 4);
      }
      if (this.#bodyLeft === 0) boundary = at;
    }
    return boundary;
  }

  #streamEnded(): void {
    if (this.#finished) return;
    if (this.#failure !== undefined || this.endedByWorker()) return this.#finish();
    // Channel and stream are not ordered: the reason may be a moment behind.
    this.#graceTimer ??= setTimeout(() => this.#finish(), END_GRACE_MS);
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    clearTimeout(this.#graceTimer);
    this.#drained?.();
    if (!this.endedByWorker()) {
      if (this.#midMessage) {
        this.destroy(new Error('the worker ended in the middle of a message'));
        return;
      }
      const { sqlState, message } = this.#failure ?? {
        sqlState: '57P01',
        message: 'terminating connection because the process of the workspace ended',
      };
      this.push(fatalResponse(sqlState, message));
    } else if (this.#held.length > 0) {
      for (const piece of this.#held) this.push(piece);
    }
    this.push(null);
  }
}
