import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from './logger.js';

it('writes JSON lines with a level name, and never a credential', () => {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ level: 'info', destination });
  logger.info({ req: { headers: { authorization: 'Bearer secret-1' } }, apiKey: 'secret-2', id: 'x' }, 'hello');
  logger.debug('not written');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/secret/);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'hello', id: 'x' });
});
