import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { FALL_BACKS, type CountedFigures } from '../model/workspace-figures.js';
import type { StatementEnd } from '../model/workspace-activity.js';
import { BoundedLabels } from './bounded-labels.js';

const MAX_LABELLED_WORKSPACES = 500;
const AUTHENTICATION_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];
const QUERY_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];
const ATTACH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
const WORKER_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How a connection of the PostgreSQL door went. The first four are the contract's. */
export type ConnectionOutcome =
  | 'success'
  | 'auth_failed'
  | 'expired'
  | 'limit_reached'
  | 'banned'
  | 'no_encryption'
  | 'unknown_database'
  | 'protocol_error'
  /** The client left before it had logged in; psql does when it has to ask for the password. */
  | 'abandoned'
  | 'timeout'
  | 'shutting_down'
  | 'failed';

/** What the PostgreSQL gateway and the hosts of workspaces report. */
export interface PgwireObserver {
  connection(outcome: ConnectionOutcome): void;
  /** From the accepted connection to AuthenticationOk. */
  authenticated(durationMs: number): void;
  /** A login that failed too often closed the door to an address or a user. */
  banned(): void;
  sessionOpened(workspaceId: string): void;
  sessionClosed(workspaceId: string): void;
  cancelRequest(matched: boolean): void;
  /** `command`: see `statementCommand`. */
  statementFinished(workspaceId: string, end: Omit<StatementEnd, 'statementId' | 'message'>, command: string): void;
  /** What a worker has counted since the last call. */
  counted(figures: CountedFigures): void;
  workerOpened(durationMs: number): void;
  workerEnded(reason: string): void;
}

/** The contract's names of outcomes; `lost` is a statement whose process died. */
const QUERY_STATUS = { success: 'success', failed: 'error', timeout: 'timeout', cancelled: 'cancelled', lost: 'lost' };

export function pgwireObserver(registry: Registry): PgwireObserver {
  const workspaces = new BoundedLabels(['workspace_id'], MAX_LABELLED_WORKSPACES);
  return {
    ...connectionObserver(registry, workspaces),
    ...statementObserver(registry, workspaces),
    ...engineObserver(registry),
    ...workerObserver(registry),
  };
}

type Workspaces = BoundedLabels<'workspace_id'>;

function connectionObserver(
  registry: Registry,
  workspaces: Workspaces,
): Omit<PgwireObserver, 'statementFinished' | 'counted' | 'workerOpened' | 'workerEnded'> {
  const registers = [registry];
  const connections = new Counter({
    name: 'pgwire_connections_total',
    help: 'Connections to the PostgreSQL door by how they went: a session (`success`), or why there was none',
    labelNames: ['status'],
    registers,
  });
  const active = new Gauge({
    name: 'pgwire_connections_active',
    help: 'Open sessions of each workspace',
    labelNames: ['workspace_id'],
    registers,
  });
  const sessions = new Gauge({ name: 'pgwire_sessions_total', help: 'Open sessions of all workspaces', registers });
  const authentication = new Histogram({
    name: 'pgwire_auth_duration_seconds',
    help: 'Time from the accepted connection to the end of a successful login, encryption included',
    buckets: AUTHENTICATION_SECONDS,
    registers,
  });
  const bans = new Counter({
    name: 'pgwire_login_bans_total',
    help: 'Addresses and users that were shut out for a while after too many failed logins',
    registers,
  });
  const cancels = new Counter({
    name: 'pgwire_cancel_requests_total',
    help: 'Requests to cancel a statement, by whether their session was there (`matched`) or not (`unknown`)',
    labelNames: ['result'],
    registers,
  });
  return {
    connection: (status) => connections.inc({ status }),
    authenticated: (durationMs) => authentication.observe(durationMs / 1000),
    banned: () => bans.inc(),
    sessionOpened: (workspaceId) => {
      sessions.inc();
      active.inc(workspaces.labelsFor({ workspace_id: workspaceId }));
    },
    sessionClosed: (workspaceId) => {
      sessions.dec();
      active.dec(workspaces.labelsFor({ workspace_id: workspaceId }));
    },
    cancelRequest: (matched) => cancels.inc({ result: matched ? 'matched' : 'unknown' }),
  };
}

function statementObserver(registry: Registry, workspaces: Workspaces): Pick<PgwireObserver, 'statementFinished'> {
  const registers = [registry];
  const queries = new Counter({
    name: 'pgwire_queries_total',
    help: 'Statements in workspaces by outcome',
    labelNames: ['workspace_id', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'pgwire_query_duration_seconds',
    help: 'Duration of statements in workspaces, until the client had the last row',
    labelNames: ['workspace_id'],
    buckets: QUERY_SECONDS,
    registers,
  });
  const errors = new Counter({
    name: 'pgwire_query_errors_total',
    help: 'Statements in workspaces that failed, by the class of their SQLSTATE (its first two characters)',
    labelNames: ['sqlstate_class'],
    registers,
  });
  const statements = new Counter({
    name: 'pgwire_statements_total',
    help: 'Statements in workspaces by their first word, their outcome and the class of their SQLSTATE (`00` when they succeeded)',
    labelNames: ['command', 'status', 'sqlstate_class'],
    registers,
  });
  const rows = new Counter({
    name: 'pgwire_query_rows_total',
    help: 'Rows that statements in workspaces returned or changed',
    registers,
  });
  const bytes = new Counter({
    name: 'pgwire_query_bytes_total',
    help: 'Bytes of the answers to statements in workspaces',
    registers,
  });
  return {
    statementFinished: (workspaceId, end, command) => {
      const label = workspaces.labelsFor({ workspace_id: workspaceId });
      queries.inc({ ...label, status: QUERY_STATUS[end.outcome] });
      statements.inc({
        command,
        status: QUERY_STATUS[end.outcome],
        sqlstate_class: end.sqlState?.slice(0, 2) ?? (end.outcome === 'success' ? '00' : ''),
      });
      seconds.observe(label, end.durationMs / 1000);
      if (end.sqlState !== null) errors.inc({ sqlstate_class: end.sqlState.slice(0, 2) });
      rows.inc(end.rows ?? 0);
      bytes.inc(end.bytes ?? 0);
    },
  };
}

/** What the engines of workspaces do beside their statements. */
function engineObserver(registry: Registry): Pick<PgwireObserver, 'counted'> {
  const registers = [registry];
  const copied = new Counter({
    name: 'pgwire_copy_received_bytes_total',
    help: 'Bytes that clients have sent for COPY FROM STDIN',
    registers,
  });
  const spooled = new Counter({
    name: 'pgwire_spooled_bytes_total',
    help: 'Bytes of rows of open cursors and portals that went to a file, because a session keeps only so many in memory',
    registers,
  });
  const attached = new Histogram({
    name: 'pgwire_attach_duration_seconds',
    help: 'Time until a version of a project table was attached to a workspace that had not used it',
    buckets: ATTACH_SECONDS,
    registers,
  });
  const fallBacks = new Counter({
    name: 'pgwire_fallbacks_total',
    help:
      'Statements that ran in a plainer way than meant: without rows composed by the engine (`composed_rows`, slower), ' +
      'or with the types of the engine in divisions and sums (`arithmetic`). Each is a debug line of the log',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of FALL_BACKS) fallBacks.inc({ kind }, 0);
  return {
    counted: (figures) => {
      copied.inc(figures.copiedInBytes);
      spooled.inc(figures.spooledBytes);
      for (const durationMs of figures.attachedInMs) attached.observe(durationMs / 1000);
      for (const { kind, count } of figures.fallBacks) fallBacks.inc({ kind }, count);
    },
  };
}

function workerObserver(registry: Registry): Pick<PgwireObserver, 'workerOpened' | 'workerEnded'> {
  const registers = [registry];
  const opened = new Histogram({
    name: 'pgwire_worker_open_duration_seconds',
    help: 'Time until the process of a workspace was there and had its file open',
    buckets: WORKER_SECONDS,
    registers,
  });
  const ended = new Counter({
    name: 'pgwire_workers_ended_total',
    help: 'Processes of workspaces that ended, by reason; `crashed`, `unresponsive` and `memory` cut sessions off',
    labelNames: ['reason'],
    registers,
  });
  return {
    workerOpened: (durationMs) => opened.observe(durationMs / 1000),
    workerEnded: (reason) => ended.inc({ reason }),
  };
}
