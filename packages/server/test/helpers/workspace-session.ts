import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { duplexPair, type Duplex } from 'node:stream';
import { parse, serialize } from 'pg-protocol';
import type { BackendMessage } from 'pg-protocol/dist/messages.js';
import { loadPgParser } from '../../src/duckdb/workspace/catalog/pg-parser.js';
import { DuckDbSqlEngine, type SqlEngineLimits } from '../../src/duckdb/workspace/duckdb-sql-engine.js';
import { DuckDbWorkspaceDatabase } from '../../src/duckdb/workspace/duckdb-workspace-database.js';
import { StatementGate } from '../../src/duckdb/workspace/gate/statement-gate.js';
import { NotificationHub } from '../../src/protocols/pgwire/session/notification-hub.js';
import {
  ProtocolSession,
  type SessionEnd,
  type SessionLimits,
} from '../../src/protocols/pgwire/session/protocol-session.js';
import type { StatementEvents, StatementResult } from '../../src/protocols/pgwire/session/statement-log.js';
import { makeTempDir } from './temp-dir.js';

const MEGABYTE = 1024 * 1024;

export interface TestWorkspace {
  readonly database: DuckDbWorkspaceDatabase;
  readonly broken: Error[];
  connect(options?: ClientOptions): Promise<RawClient>;
  /** A session on the other end of somebody else's stream. */
  serve(stream: Duplex, options?: ClientOptions): ProtocolSession;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly limits?: Partial<SessionLimits>;
}

/** A workspace without project tables: the real engine, over a file in a temporary folder. */
export async function openTestWorkspace(limits: Partial<SqlEngineLimits> = {}): Promise<TestWorkspace> {
  const folder = await makeTempDir();
  await loadPgParser();
  const directory = async (name: string): Promise<string> => {
    await mkdir(join(folder.path, name));
    return join(folder.path, name);
  };
  const database = await DuckDbWorkspaceDatabase.open(
    {
      filePath: join(folder.path, 'ws.duckdb'),
      sizeLimitBytes: 1024 * MEGABYTE,
      attachDirectory: await directory('attach'),
      exchangeDirectory: await directory('exchange'),
      tempDirectory: await directory('temp'),
      memoryLimitBytes: 512 * MEGABYTE,
      threads: 2,
      maxTempBytes: 512 * MEGABYTE,
      attachedVersions: 10,
    },
    { resolveTables: (names) => Promise.resolve(names.map(() => null)), isBucketSchema: () => Promise.resolve(false) },
    (error) => broken.push(error instanceof Error ? error : new Error(String(error))),
  );
  const broken: Error[] = [];
  const { builtInFunctions } = database;
  const engine = new DuckDbSqlEngine({
    database,
    gate: new StatementGate({
      builtInFunctions,
      databaseName: 'workspace_ws_1',
      isBucketSchema: database.isBucketSchema,
    }),
    rewrite: (statement) => Promise.resolve({ sql: statement.sql, edits: [] }),
    projectTableOid: () => 0,
    limits: { heldRowsMemoryBytes: MEGABYTE, heldRowsBytes: 256 * MEGABYTE, ...limits },
    onBroken: (error) => broken.push(error),
  });
  const hub = new NotificationHub();
  const clients: RawClient[] = [];
  return {
    database,
    broken,
    async connect(options = {}) {
      const client = new RawClient({ engine, hub }, options);
      clients.push(client);
      await client.until('readyForQuery');
      return client;
    },
    serve: (stream, options = {}) => newSession({ engine, hub }, stream, options),
    async close() {
      for (const client of clients) await client.leave();
      database.close();
      await folder.remove();
    },
  };
}

interface Shared {
  readonly engine: DuckDbSqlEngine;
  readonly hub: NotificationHub;
}

function newSession(
  { engine, hub }: Shared,
  stream: Duplex,
  { settings = {}, limits = {} }: ClientOptions,
  statements: StatementEvents = { started: () => 0, finished: () => undefined },
): ProtocolSession {
  return new ProtocolSession(
    engine,
    stream,
    {
      backendPid: 7,
      cancelSecret: 42,
      username: 'ws_1_user',
      databaseName: 'workspace_ws_1',
      startupSettings: settings,
      serverVersion: '15.18',
      serverVersionNumber: '150018',
      limits: { statementTimeoutMs: 0, idleTimeoutMs: 0, maxMessageBytes: 64 * MEGABYTE, ...limits },
    },
    { opened: () => undefined, applicationName: () => undefined, state: () => undefined, ...statements },
    hub,
  );
}

/** Speaks the protocol message by message, over a stream in memory. */
export class RawClient {
  readonly session: ProtocolSession;
  readonly ended: Promise<SessionEnd>;
  readonly log: (StatementResult & { readonly text: string })[] = [];
  readonly #stream;
  readonly #messages: BackendMessage[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(shared: Shared, { settings = {}, limits = {} }: ClientOptions) {
    const [client, server] = duplexPair();
    this.#stream = client;
    client.on('close', () => this.#close());
    client.on('end', () => this.#close());
    void parse(client, (message) => {
      this.#messages.push(message);
      if (message.name !== 'dataRow') this.#wake?.();
    }).then(() => this.#close());
    const texts = new Map<number, string>();
    let number = 0;
    this.session = newSession(
      shared,
      server,
      { settings, limits },
      {
        started: ({ text }) => {
          texts.set(++number, text);
          return number;
        },
        finished: (statement, result) => this.log.push({ ...result, text: texts.get(statement) ?? '' }),
      },
    );
    this.ended = this.session.run();
  }

  send(...messages: readonly Uint8Array[]): void {
    this.#stream.write(Buffer.concat(messages));
  }

  /** Reading stops: what a slow client does. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** The messages up to and including the next one of that name. */
  async until(name: string): Promise<BackendMessage[]> {
    for (let seen = 0; ;) {
      const at = this.#messages.findIndex((message, index) => index >= seen && message.name === name);
      if (at !== -1) return this.#messages.splice(0, at + 1);
      seen = this.#messages.length;
      if (this.#closed) return this.#messages.splice(0);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async query(sql: string): Promise<Answer> {
    this.send(serialize.query(sql));
    return answerOf(await this.until('readyForQuery'));
  }

  /** Parse, Bind, Describe, Execute, Sync in one go. */
  async extended(sql: string, values: readonly (string | null)[] = [], types: readonly number[] = []): Promise<Answer> {
    this.send(
      serialize.parse({ text: sql, types: [...types] }),
      serialize.bind({ values: [...values] }),
      serialize.describe({ type: 'P' }),
      serialize.execute({}),
      serialize.sync(),
    );
    return answerOf(await this.until('readyForQuery'));
  }

  async leave(): Promise<void> {
    if (!this.#closed) this.#stream.end(serialize.end());
    this.#stream.resume();
    await this.ended;
  }

  #close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}

export interface Answer {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly columns: readonly {
    readonly name: string;
    readonly oid: number;
    readonly modifier: number;
    /** The number of its table, and its own in there; 0 when it is none of a table. */
    readonly origin: readonly [tableOid: number, columnNumber: number];
  }[];
  readonly tags: readonly string[];
  readonly error:
    | { readonly code: string; readonly message: string; readonly position?: string; readonly severity: string }
    | undefined;
  readonly notices: readonly { readonly code: string; readonly message: string }[];
  readonly status: string;
  /** Names of all messages, rows once. */
  readonly flow: readonly string[];
}

interface WireField {
  readonly name: string;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
  readonly tableID: number;
  readonly columnID: number;
}

/** Fields of the messages that are looked at; the package has a class for each kind. */
interface ReadMessage {
  readonly name: string;
  readonly fields: readonly (string | null)[];
  readonly code: string;
  readonly message: string;
  readonly position?: string;
  readonly severity: string;
  readonly text: string;
  readonly status: string;
}

export function answerOf(messages: readonly BackendMessage[]): Answer {
  const read = messages as unknown as readonly ReadMessage[];
  const named = (name: string): readonly ReadMessage[] => read.filter((message) => message.name === name);
  return {
    rows: named('dataRow').map(({ fields }) => fields),
    columns: named('rowDescription')
      .flatMap(({ fields }) => fields as unknown as readonly WireField[])
      .map(({ name, dataTypeID, dataTypeModifier: modifier, tableID, columnID }) => ({
        name,
        oid: dataTypeID,
        modifier,
        origin: [tableID, columnID],
      })),
    tags: named('commandComplete').map(({ text }) => text),
    error: named('error')[0],
    notices: named('notice').map(({ code, message }) => ({ code, message })),
    status: named('readyForQuery')[0]?.status ?? '',
    flow: read.map(({ name }) => name).filter((name, index, all) => name !== 'dataRow' || all[index - 1] !== 'dataRow'),
  };
}
