import type { Duplex } from 'node:stream';
import { BucketSchemas } from './duckdb/workspace/bucket-schemas.js';
import { WorkspaceCatalog } from './duckdb/workspace/catalog/workspace-catalog.js';
import type { SessionActivity } from './duckdb/workspace/catalog/session-variables.js';
import { postgresql15 } from './duckdb/workspace/catalog/postgresql-15.js';
import { catalogRewriter } from './duckdb/workspace/catalog-rewriter.js';
import { DuckDbSqlEngine } from './duckdb/workspace/duckdb-sql-engine.js';
import { DuckDbWorkspaceDatabase, duckdbVersion } from './duckdb/workspace/duckdb-workspace-database.js';
import { registerSessionSignals, type SessionSignals } from './duckdb/workspace/session-signals.js';
import { StatementGate } from './duckdb/workspace/gate/statement-gate.js';
import type { SqlConnectionOptions } from './duckdb/workspace/sql-engine.js';
import { SqlError } from './errors/sql-error.js';
import { ProtocolSession, type SessionEvents } from './protocols/pgwire/session/protocol-session.js';
import { NotificationHub } from './protocols/pgwire/session/notification-hub.js';
import { SessionSettings } from './protocols/pgwire/session/session-settings.js';
import { SETTING_DEFINITIONS } from './protocols/pgwire/session/setting-definitions.js';
import { runWorkspaceJob } from './workers/workspace-jobs.js';
import type {
  SessionEnding,
  SessionPreamble,
  WorkspaceAssignment,
  WorkspaceWorkerSettings,
} from './workers/workspace-messages.js';
import {
  serveWorkspace,
  type OpenedWorkspace,
  type RunningSession,
  type ServiceLink,
} from './workers/workspace-runtime.js';

/**
 * Entry of a workspace worker and its composition root: one workspace, its sessions and operations.
 *
 *     service ─ channel ─► runtime ─► operations ─► database ─┐
 *             ─ stream ──► protocol session ─► engine ────────┴─► DuckDB
 */

/** Rows of suspended portals and cursors of one session: in memory, and altogether. */
const HELD_ROWS = { heldRowsMemoryBytes: 16_000_000, heldRowsBytes: 4_000_000_000 };

/** Of a statement's text: what the query log keeps, and what `pg_stat_activity` shows. */
const MAX_LOGGED_STATEMENT = 10_000;
const MAX_SHOWN_STATEMENT = 1_024;

/** The engine is asked for its memory at every fifth time that the figures are taken. */
const MEMORY_EVERY = 5;

/** What `pg_terminate_backend` says to the session that it ends. */
const TERMINATED: SessionEnding = {
  sqlState: '57P01',
  message: 'terminating connection due to administrator command',
};

const SETTING_NAMES = SETTING_DEFINITIONS.map(({ name }) => name);

/** Numbers statements of this process for the query log. */
let lastStatement = 0;

async function openWorkspace(
  settings: WorkspaceWorkerSettings,
  assignment: WorkspaceAssignment,
  link: ServiceLink,
): Promise<OpenedWorkspace> {
  const activity = new Map<string, SessionActivity>();
  const sessions = new Map<number, RunningSession>();
  const buckets = new BucketSchemas((knownGeneration) => link.ask('catalog', { knownGeneration }));
  let catalog: WorkspaceCatalog | undefined;
  const database = await DuckDbWorkspaceDatabase.open(
    { ...settings, ...assignment },
    {
      resolveTables: (names) => link.ask('tables', { names }),
      isBucketSchema: (name) => buckets.has(name),
    },
    // A version that cannot be let go is an instance that cannot be trusted.
    (error) => link.giveUp(String(error)),
    async (connection) => {
      registerSessionSignals(connection, signalsTo(sessions));
      catalog = await WorkspaceCatalog.install(
        connection,
        (knownGeneration) => link.ask('catalog', { knownGeneration }),
        (error) => process.stderr.write(`the picture of the catalogue could not be taken: ${String(error)}\n`),
      );
    },
  );
  const installed = catalog;
  if (installed === undefined) throw new Error('the catalogue was not installed');
  const gate = new StatementGate({
    builtInFunctions: database.builtInFunctions,
    databaseName: assignment.databaseName,
    isBucketSchema: (name) => buckets.has(name),
  });
  const rewrite = catalogRewriter(installed, {
    startedAt: new Date().toISOString(),
    settingNames: SETTING_NAMES,
    isBucketSchema: (name) => buckets.has(name),
    activity: () => [...activity.values()],
  });
  const meaning = { gate, rewrite, session: sessionOfHttp(assignment) };
  const hub = new NotificationHub();
  const engine = new DuckDbSqlEngine({
    database,
    gate,
    rewrite,
    projectTableOid: (bucketName, tableName) => installed.tableNumber(bucketName, tableName),
    limits: HELD_ROWS,
    onBroken: (error) => link.giveUp(error.message),
  });
  return {
    startSession: (stream, preamble) => {
      const session = startSession({ engine, hub, link, activity }, stream, preamble);
      sessions.set(preamble.backendPid, session);
      void session.ended.finally(() => sessions.delete(preamble.backendPid));
      return session;
    },
    run: (operation, request, signal) => runWorkspaceJob({ database, meaning, link }, operation, request, signal),
    figures: workerFigures(database, (error) => link.giveUp(String(error))),
    close: async () => {
      await installed.settled();
      await database.checkpoint();
      database.close();
    },
  };
}

function signalsTo(sessions: ReadonlyMap<number, RunningSession>): SessionSignals {
  return {
    cancel: (backendPid) => {
      sessions.get(backendPid)?.cancel();
      return sessions.has(backendPid);
    },
    terminate: (backendPid) => {
      sessions.get(backendPid)?.end(TERMINATED, 'now');
      return sessions.has(backendPid);
    },
  };
}

/** The engine's memory is asked for in between, because the answer may have to wait for a statement of ours. */
function workerFigures(
  database: DuckDbWorkspaceDatabase,
  onDefect: (error: unknown) => void,
): OpenedWorkspace['figures'] {
  let engineMemoryBytes = 0;
  let asking = false;
  let calls = 0;
  return () => {
    if (!asking && calls % MEMORY_EVERY === 0) {
      asking = true;
      database
        .memoryBytes()
        .then((bytes) => (engineMemoryBytes = bytes), onDefect)
        .finally(() => (asking = false));
    }
    calls += 1;
    return { ...database.figures.take(), engineMemoryBytes };
  };
}

/** What statements over HTTP find where others find their session: nothing was set, and there is nobody to tell of a setting. */
function sessionOfHttp({ username, databaseName }: WorkspaceAssignment): SqlConnectionOptions {
  const settings = new SessionSettings({}, { reported: () => undefined, limited: () => undefined });
  settings.start({});
  return {
    user: username,
    database: databaseName,
    backendPid: 0,
    settings,
    notify: () => {
      throw new SqlError('0A000', 'notifications need a session');
    },
    facts: { cursors: () => [], preparedStatements: () => [] },
  };
}

/** What the sessions of the workspace share. */
interface SharedBySessions {
  readonly engine: DuckDbSqlEngine;
  readonly hub: NotificationHub;
  readonly link: ServiceLink;
  readonly activity: Map<string, SessionActivity>;
}

function startSession(
  { engine, hub, link, activity }: SharedBySessions,
  stream: Duplex,
  preamble: SessionPreamble,
): RunningSession {
  const { sessionId, username, databaseName, backendPid, cancelSecret, limits } = preamble;
  const { user: _user, database: _database, ...startupSettings } = preamble.startupParameters;
  const session = new ProtocolSession(
    engine,
    stream,
    {
      backendPid,
      cancelSecret,
      username,
      databaseName,
      startupSettings,
      ...serverVersion(),
      limits: {
        statementTimeoutMs: limits.statementTimeoutMs,
        idleTimeoutMs: limits.idleTimeoutMs,
        maxMessageBytes: limits.maxStatementBytes,
      },
    },
    sessionEvents(preamble, link, activity),
    hub,
  );
  return {
    cancel: () => session.cancel(),
    end: (ending, when) => {
      const reason = new SqlError(ending.sqlState, ending.message, { severity: 'FATAL' });
      if (when === 'now') session.end(reason);
      else session.endAfterStatement(reason);
    },
    ended: session.run().then((reason) => {
      activity.delete(sessionId);
      return reason;
    }),
  };
}

/** Passes on what happens in a session: to the service, and to `pg_stat_activity`. */
function sessionEvents(
  { sessionId, username, backendPid, clientIp }: SessionPreamble,
  link: ServiceLink,
  activity: Map<string, SessionActivity>,
): SessionEvents {
  const now = (): string => new Date().toISOString();
  let known: SessionActivity = {
    pid: backendPid,
    user: username,
    application_name: null,
    client_addr: clientIp,
    client_port: null,
    backend_start: now(),
    xact_start: null,
    query_start: null,
    state_change: now(),
    state: 'active',
    query: '',
  };
  const change = (changes: Partial<SessionActivity>): void => {
    known = { ...known, ...changes };
    activity.set(sessionId, known);
  };
  change({});
  return {
    opened: (applicationName) => {
      change({ application_name: applicationName });
      link.sessionEvent(sessionId, { kind: 'opened', applicationName });
    },
    applicationName: (applicationName) => {
      change({ application_name: applicationName });
      link.sessionEvent(sessionId, { kind: 'applicationName', applicationName });
    },
    state: (state) => {
      if (state === known.state) return;
      change({ state, state_change: now(), ...(state === 'idle' ? { xact_start: null } : {}) });
      link.sessionEvent(sessionId, { kind: 'state', state });
    },
    started: ({ text, deadlineMs }) => {
      const startedAt = now();
      lastStatement += 1;
      change({
        query: text.slice(0, MAX_SHOWN_STATEMENT),
        query_start: startedAt,
        xact_start: known.xact_start ?? startedAt,
      });
      link.statementStarted({
        statementNumber: lastStatement,
        sessionId,
        actor: username,
        statement: text.slice(0, MAX_LOGGED_STATEMENT),
        startedAt,
        deadlineMs,
      });
      return lastStatement;
    },
    finished: (statementNumber, end) => link.statementFinished({ statementNumber, ...end }),
  };
}

function serverVersion(): { serverVersion: string; serverVersionNumber: string } {
  const { version } = postgresql15();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return {
    serverVersion: `${version} (DuckDB ${duckdbVersion()})`,
    serverVersionNumber: String(major * 10_000 + minor),
  };
}

await serveWorkspace(openWorkspace, duckdbVersion());
