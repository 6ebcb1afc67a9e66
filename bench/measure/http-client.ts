import { Agent, request } from 'node:http';

export interface TimedAnswer {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

/** Keeps its connections, adds little time of its own, and hides no status. */
export class HttpClient {
  readonly #agent: Agent;

  constructor(
    private readonly baseUrl: string,
    private readonly key: string | undefined,
    connections = 1,
  ) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' });
  }

  get(path: string): Promise<TimedAnswer> {
    return this.send('GET', path);
  }

  post(path: string, json: unknown): Promise<TimedAnswer> {
    return this.send('POST', path, JSON.stringify(json));
  }

  /** For everything whose failure would make the figures worthless. */
  async mustPost(path: string, json: unknown): Promise<TimedAnswer> {
    const answer = await this.post(path, json);
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text.slice(0, 1000)}`);
    return answer;
  }

  send(method: string, path: string, body?: string | Uint8Array, type = 'application/json'): Promise<TimedAnswer> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.baseUrl}${path}`,
        {
          method,
          agent: this.#agent,
          headers: {
            ...(this.key === undefined ? {} : { authorization: `Bearer ${this.key}` }),
            ...(body === undefined ? {} : { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.once('error', reject);
          incoming.once('end', () => {
            const ms = performance.now() - startedAt;
            resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8'), ms });
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
