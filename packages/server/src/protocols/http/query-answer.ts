import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exactly } from './file-download.js';
import type { QueryAnswer } from './services.js';

export type QueryFormat = 'json' | 'ndjson' | 'csv' | 'parquet';

const MEDIA_TYPE: Readonly<Record<Exclude<QueryFormat, 'json'>, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/x-parquet',
};

const NEW_LINE = 0x0a;
const COMMA = 0x2c;

/** Sends the rows as they are in the file, which is removed when they are out or the client is gone. */
export function sendQueryAnswer(
  answer: QueryAnswer,
  format: QueryFormat,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { file } = answer;
  reply.headers({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' });
  if (format === 'json' || file === null) {
    reply.type('application/json; charset=utf-8');
    return reply.send(Readable.from(asJson(answer, request), { objectMode: false }));
  }
  reply.headers({
    'content-type': MEDIA_TYPE[format],
    'content-length': file.sizeBytes,
    'x-row-count': String(answer.rows),
    'x-truncated': String(answer.truncated),
  });
  const content = exactly(file.read(), file.sizeBytes, request);
  content.once('close', () => void file[Symbol.asyncDispose]());
  return reply.send(content);
}

/** Rows come as finished text, one a line: only the ends of lines become commas. Parsing them would round 64-bit integers. */
async function* asJson(answer: QueryAnswer, request: FastifyRequest): AsyncGenerator<Buffer> {
  await using file = answer.file;
  const head = {
    command: answer.commandTag,
    columns: answer.columns.map(({ name, type }) => ({ name, type })),
    row_count: answer.rows,
    truncated: answer.truncated,
    duration_ms: answer.durationMs,
  };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"rows":[`);
  let pendingComma = false;
  if (file !== null) {
    for await (const chunk of file.read() as AsyncIterable<Buffer>) {
      const rows = Buffer.concat([Buffer.from(pendingComma ? ',' : ''), chunk]);
      for (let at = rows.indexOf(NEW_LINE); at >= 0; at = rows.indexOf(NEW_LINE, at + 1)) rows[at] = COMMA;
      pendingComma = chunk.at(-1) === NEW_LINE;
      yield pendingComma ? rows.subarray(0, -1) : rows;
    }
  }
  request.door.answerComplete = true;
  yield Buffer.from(']}');
}
