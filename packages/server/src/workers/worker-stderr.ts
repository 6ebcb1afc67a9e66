import type { Readable } from 'node:stream';
import type { Logger } from '../lib/logger.js';

const MAX_LINES = 50;
const MAX_LINE_CHARACTERS = 1_000;

/**
 * A worker's standard error as warnings of the service, within bounds: a worker that runs wild must not fill the log or the
 * service's memory. What exceeds them is read and dropped, since a full pipe would stop the worker.
 */
export function logStandardError(stream: Readable, logger: Logger, fields: object): void {
  let lines = 0;
  let unfinished = '';

  const logLine = (line: string): void => {
    if (line.trim() === '') return;
    lines += 1;
    if (lines <= MAX_LINES) logger.warn({ ...fields, stderr: line }, 'engine worker wrote to stderr');
    if (lines === MAX_LINES + 1) logger.warn(fields, 'engine worker writes too much to stderr; the rest is dropped');
  };
  const append = (piece: string): void => {
    unfinished += piece.slice(0, MAX_LINE_CHARACTERS - unfinished.length);
  };

  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split('\n');
    append(first);
    for (const piece of others) {
      logLine(unfinished);
      unfinished = '';
      append(piece);
    }
  });
  stream.on('end', () => logLine(unfinished));
  stream.on('error', (error) => logger.warn({ ...fields, err: error }, 'stderr of an engine worker cannot be read'));
}
