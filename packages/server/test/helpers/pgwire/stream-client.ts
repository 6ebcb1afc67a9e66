import { duplexPair, type Duplex } from 'node:stream';
import type { TestWorkspace } from '../workspace-session.js';
import { AnswerReader } from './answer-grammar.js';
import { SIGN_OF_LIFE, type SentMessage } from './frontend-messages.js';
import type { BackendFrame } from './raw-client.js';

/** A session over a stream in memory, where a chunk arrives as it was sent: nothing in between joins or cuts it. */
export class StreamClient {
  readonly #stream: Duplex;
  readonly ended: Promise<unknown>;
  #received: Buffer[] = [];
  #over = false;
  #wake: (() => void) | undefined;

  private constructor(workspace: TestWorkspace, maxMessageBytes: number) {
    const [client, server] = duplexPair();
    this.#stream = client;
    client.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#wake?.();
    });
    client.on('end', () => {
      this.#over = true;
      this.#wake?.();
    });
    this.ended = workspace.serve(server, { limits: { maxMessageBytes } }).run();
  }

  static async open(workspace: TestWorkspace, maxMessageBytes = 100_000): Promise<StreamClient> {
    const client = new StreamClient(workspace, maxMessageBytes);
    await client.#until((types) => types.endsWith('Z'));
    return client;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /**
   * Sends the messages in chunks that are cut at these bytes, and everything that has a session answer after them; answers what came for the
   * messages, which it has read as a client would.
   */
  async exchange(
    messages: readonly SentMessage[],
    cuts: readonly number[] = [],
  ): Promise<{ readonly answers: readonly BackendFrame[]; readonly sqlStates: readonly string[] }> {
    const bytes = Buffer.concat([...messages, ...SIGN_OF_LIFE].map((message) => message.bytes));
    let from = 0;
    for (const cut of [...cuts, bytes.length]) {
      if (cut <= from) continue;
      if (this.#stream.writable) this.#stream.write(bytes.subarray(from, cut));
      from = cut;
      if (cut < bytes.length) await new Promise((resolve) => setImmediate(resolve));
    }
    const answers = await this.#until((types, last) => types.endsWith('Z') && last.includes('424242'));
    const reader = new AnswerReader(answers);
    reader.read([...messages, ...SIGN_OF_LIFE]);
    if (reader.isOver !== this.#over) throw new Error('the session and its stream have not ended together');
    return { answers, sqlStates: reader.sqlStates };
  }

  async leave(): Promise<void> {
    this.#stream.end();
    await this.ended;
  }

  /** Whole messages until those that have arrived are enough, or the session is over. */
  async #until(enough: (types: string, text: string) => boolean): Promise<BackendFrame[]> {
    for (;;) {
      const bytes = Buffer.concat(this.#received);
      const frames = framesOf(bytes);
      const types = frames.map(({ type }) => type).join('');
      const text = frames
        .filter(({ type }) => type === 'D')
        .map(({ body }) => body.toString('latin1'))
        .join();
      if (this.#over || enough(types, text)) {
        this.#received = [];
        return frames;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** The whole messages at the beginning. */
function framesOf(bytes: Buffer): BackendFrame[] {
  const frames: BackendFrame[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) break;
    frames.push({ type: String.fromCharCode(bytes[at] ?? 0), body: bytes.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}
