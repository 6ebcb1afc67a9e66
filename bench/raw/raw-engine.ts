import { fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { RawAnswers, RawRequest, RawSettings } from './messages.js';

type Reply = { readonly value: unknown; readonly error?: undefined } | { readonly error: string };

/** The service's job workers run at this priority; on a machine with other work raw must not have a better one. */
export const JOB_NICENESS = 5;

/** The raw process, seen from the benchmark. One request at a time. */
export class RawEngine {
  private constructor(private readonly child: ChildProcess) {}

  static async start(settings: RawSettings, niceness: number): Promise<RawEngine> {
    const child = fork(fileURLToPath(new URL('./raw-process.js', import.meta.url)), [JSON.stringify(settings)], {
      execArgv: [],
      env: { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '16' },
    });
    if (child.pid !== undefined && niceness !== 0) setPriority(child.pid, niceness);
    const engine = new RawEngine(child);
    await engine.#reply();
    return engine;
  }

  async request<R extends RawRequest>(request: R): Promise<RawAnswers[R['kind']]> {
    const reply = this.#reply();
    this.child.send(request);
    return (await reply) as RawAnswers[R['kind']];
  }

  async run(...statements: string[]): Promise<void> {
    await this.request({ kind: 'statements', timed: statements });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.disconnect();
    await exited;
  }

  #reply(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        this.child.off('message', onMessage);
        this.child.off('exit', onExit);
        end();
      };
      const onMessage = (message: unknown): void => {
        const reply = message as Reply;
        if (reply.error === undefined) settle(() => resolve(reply.value));
        else settle(() => reject(new Error(`raw DuckDB: ${reply.error}`)));
      };
      const onExit = (code: number | null, signal: string | null): void => {
        settle(() => reject(new Error(`raw DuckDB ended (code ${code}, signal ${signal})`)));
      };
      this.child.on('message', onMessage);
      this.child.on('exit', onExit);
    });
  }
}
