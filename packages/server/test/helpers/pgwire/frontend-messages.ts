import { serialize } from 'pg-protocol';

/** One message of a client whose session is open. `type` is its first byte. */
export interface SentMessage {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

const message = (name: string, bytes: Buffer): SentMessage => ({
  name,
  type: String.fromCharCode(bytes[0] ?? 0),
  bytes,
});

/** Calls function 1234 with a value and a NULL; no client library writes this message any more. */
const functionCallBody = Buffer.from(
  '\0\0\x04\xd2\0\x01\0\x01\0\x02\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff\0\x01',
  'latin1',
);

/** A message of any type around any body; its length is right. */
export function framed(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/**
 * Every message that PostgreSQL's protocol has for a client after its login, each in its usual forms. They fit together in any order: the names
 * `s` and `p`, and the table `kept` of one integer column.
 */
export const FRONTEND_MESSAGES: readonly SentMessage[] = [
  message('Query', serialize.query('SELECT answer FROM kept WHERE answer = 42')),
  message('Query of several statements', serialize.query("SELECT 1; SELECT 'two'; SET application_name = 'x'")),
  message('Query that is empty', serialize.query(' ')),
  message('Query that fails', serialize.query('SELECT nonsense')),
  message('Query BEGIN', serialize.query('BEGIN')),
  message('Query COMMIT', serialize.query('COMMIT')),
  message('Query COPY FROM', serialize.query('COPY kept FROM STDIN')),
  message('Query COPY TO', serialize.query('COPY (SELECT 1) TO STDOUT')),
  message('Parse', serialize.parse({ name: 's', text: 'SELECT $1::int + range FROM range(3)', types: [23] })),
  message('Parse of COPY FROM', serialize.parse({ text: 'COPY kept FROM STDIN' })),
  message('Parse of an INSERT', serialize.parse({ text: 'INSERT INTO kept VALUES (7)' })),
  message('Parse that fails', serialize.parse({ text: 'SELEKT' })),
  message('Bind', serialize.bind({ statement: 's', portal: 'p', values: ['1'] })),
  message('Bind of the unnamed', serialize.bind({})),
  message('Bind in binary', serialize.bind({ statement: 's', values: [Buffer.from([0, 0, 0, 1])], binary: true })),
  message('Describe of a statement', serialize.describe({ type: 'S', name: 's' })),
  message('Describe of a portal', serialize.describe({ type: 'P', name: 'p' })),
  message('Execute', serialize.execute({})),
  message('Execute of one row', serialize.execute({ portal: 'p', rows: 1 })),
  message('Close of a statement', serialize.close({ type: 'S', name: 's' })),
  message('Close of a portal', serialize.close({ type: 'P', name: 'p' })),
  message('Flush', serialize.flush()),
  message('Sync', serialize.sync()),
  message('CopyData', serialize.copyData(Buffer.from('1\n'))),
  message('CopyDone', serialize.copyDone()),
  message('CopyFail', serialize.copyFail('no more')),
  message('FunctionCall', framed('F', functionCallBody)),
  message('an answer to authentication', serialize.password('secret')),
  message('Terminate', serialize.end()),
];

export function frontendMessage(name: string): SentMessage {
  const found = FRONTEND_MESSAGES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no message ${name}`);
  return found;
}

/** Brings a session out of any state in which it may be, and asks it something: it answers `SELECT 424242`, or it is closed. */
export const SIGN_OF_LIFE: readonly SentMessage[] = [
  frontendMessage('CopyFail'),
  frontendMessage('Sync'),
  message('Query ROLLBACK', serialize.query('ROLLBACK')),
  message('Query for a sign of life', serialize.query('SELECT 424242')),
];
