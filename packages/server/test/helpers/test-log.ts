import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface TestLog {
  readonly logger: Logger;
  readonly lines: readonly LogLine[];
  /** Warnings and errors that no test said it expects. */
  unexpected(expected?: RegExp): readonly LogLine[];
}

const WARN = 40;

/** Collects the log of a test application, so that a test fails when something went wrong beside its assertions. */
export function createTestLogger(): TestLog {
  const lines: LogLine[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString('utf8').split('\n')) {
        if (line !== '') lines.push(JSON.parse(line) as LogLine);
      }
      done();
    },
  });
  return {
    logger: pino({ level: 'debug' }, sink),
    lines,
    unexpected: (expected) =>
      lines.filter((line) => line.level >= WARN && (expected === undefined || !expected.test(line.msg))),
  };
}
