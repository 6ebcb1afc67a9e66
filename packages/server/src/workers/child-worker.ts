import type { ChildProcess } from 'node:child_process';
import type { Logger } from '../lib/logger.js';
import { logStandardError } from './worker-stderr.js';

export interface ChildWorkerEvents<FromChild> {
  message(message: FromChild): void;
  /** Last event, once: the process is gone and its channel was read to its end, so what it sent before a crash was delivered. */
  ended(clean: boolean, description: string): void;
}

/**
 * A child process with a channel, whatever it works on. It may die at any moment; its owner knows why it wanted that.
 *
 *   exit ────────┐
 *                ├─► ended
 *   disconnect ──┘
 */
export class ChildWorker<ToChild extends object, FromChild> {
  #exit: { readonly clean: boolean; readonly description: string } | undefined;
  #channelClosed = false;
  #ended = false;

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    private readonly logger: Logger,
    private readonly events: ChildWorkerEvents<FromChild>,
  ) {
    // Absent, whatever its type says, when the process could not be made.
    if (child.stderr) logStandardError(child.stderr, logger, { worker: name });
    child.on('message', (message) => events.message(message as FromChild));
    child.once('exit', (code, signal) => {
      this.#exit = {
        clean: code === 0,
        description: signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`,
      };
      this.#endWhenComplete();
    });
    child.once('disconnect', () => {
      this.#channelClosed = true;
      // Without its channel a worker is of no use; ours ends itself, a hijacked one might not.
      if (this.#exit === undefined) child.kill('SIGKILL');
      this.#endWhenComplete();
    });
    child.on('error', (error) => {
      if (child.pid === undefined) this.#end(false, `it could not be started: ${error.message}`);
      else this.logger.warn({ worker: this.name, err: error }, 'a worker cannot be reached');
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  send(message: ToChild): void {
    // A message that cannot be delivered means that the process is going; its exit tells the rest.
    this.child.send(message, (error) => {
      if (error !== null) this.logger.debug({ worker: this.name, err: error }, 'a worker left before a message');
    });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  #endWhenComplete(): void {
    if (this.#exit !== undefined && this.#channelClosed) this.#end(this.#exit.clean, this.#exit.description);
  }

  #end(clean: boolean, description: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.events.ended(clean, description);
  }
}
