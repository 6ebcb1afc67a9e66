import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import type { MetadataStore, Page } from '../metadata/metadata-store.js';
import type { QueryRecord } from '../metadata/workspace-records.js';
import type { ListedQueries, QueryFilter } from '../metadata/workspace-store.js';
import type { StatementEnd, StatementStart } from '../model/workspace-activity.js';
import { statementCommand } from '../model/statement-command.js';
import { requireActiveProject } from './require-project.js';

/** A crash forgets at most this much of the log. */
const FLUSH_DELAY_MS = 1_000;
/** Statements that wait to be written; beyond it they are counted and left out. */
const MAX_PENDING = 20_000;
const MAX_STATEMENT_LENGTH = 10_000;
const MAX_MESSAGE_LENGTH = 2_000;
/** Between the end of a session and that of what it ran. */
const LOST_AFTER_MS = 5_000;
const DAY_MS = 86_400_000;
const ROWS_PER_TRANSACTION = 500;
/** A round takes its turn among other work; what is left is forgotten in the next ones. */
const TRANSACTIONS_PER_ROUND = 40;

/** Counts what the log hears. */
export interface StatementObserver {
  statementFinished(workspaceId: string, end: Omit<StatementEnd, 'statementId' | 'message'>, command: string): void;
}

/**
 * Who ran what in the workspaces of a project. A statement is noted when it starts and again when it ends; both go to the metadata in
 * batches. One without an end is the only trace of a worker that was killed: it is written as `lost`.
 */
export class QueryLog {
  /** Started and not ended. */
  readonly #running = new Map<string, QueryRecord>();
  #pending = new Map<string, QueryRecord>();
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** 0 keeps everything for ever. */
    private readonly retentionDays: number,
    private readonly observer: StatementObserver,
  ) {}

  started(projectId: string, start: StatementStart): void {
    const query: QueryRecord = {
      id: start.statementId,
      projectId,
      workspaceId: start.workspaceId,
      sessionId: start.sessionId,
      actor: start.actor,
      statement: bounded(withoutSecrets(start.statement), MAX_STATEMENT_LENGTH),
      startedAt: start.startedAt,
      outcome: 'running',
      sqlState: null,
      errorMessage: null,
      rowCount: null,
      resultBytes: null,
      durationMs: null,
    };
    if (this.#note(query)) this.#running.set(query.id, query);
  }

  finished(end: StatementEnd): void {
    const query = this.#running.get(end.statementId);
    if (query === undefined) return;
    this.#running.delete(end.statementId);
    this.observer.statementFinished(query.workspaceId, end, statementCommand(query.statement));
    this.#note({
      ...query,
      outcome: end.outcome,
      sqlState: end.sqlState,
      errorMessage: end.message === null ? null : bounded(end.message, MAX_MESSAGE_LENGTH),
      rowCount: end.rows,
      resultBytes: end.bytes,
      durationMs: Math.round(end.durationMs),
    });
  }

  /**
   * A session is over. Its statement has told how it went, or does so in a moment, by another channel; or its worker died, and nobody
   * will.
   */
  sessionEnded(sessionId: string): void {
    const isRunning = [...this.#running.values()].some((query) => query.sessionId === sessionId);
    if (isRunning) setTimeout(() => this.#lose(sessionId), LOST_AFTER_MS).unref();
  }

  #lose(sessionId: string): void {
    for (const query of this.#running.values()) {
      if (query.sessionId !== sessionId) continue;
      const durationMs = Math.max(0, this.clock.now().getTime() - query.startedAt.getTime());
      this.#running.delete(query.id);
      const end = { outcome: 'lost', sqlState: null, rows: null, bytes: null, durationMs } as const;
      this.observer.statementFinished(query.workspaceId, end, statementCommand(query.statement));
      this.#note({ ...query, outcome: 'lost', durationMs });
    }
  }

  /** Everything that happened before the call is in it. */
  async list(projectId: string, filter: QueryFilter, page: Page): Promise<ListedQueries> {
    await requireActiveProject(this.metadata, projectId);
    await this.flush();
    return await this.metadata.listQueries(projectId, filter, page);
  }

  /** Returns how many it removed. */
  async forgetOld(): Promise<number> {
    if (this.retentionDays === 0) return 0;
    const moment = new Date(this.clock.now().getTime() - this.retentionDays * DAY_MS);
    let removed = 0;
    for (let count = 0; count < TRANSACTIONS_PER_ROUND; count++) {
      const gone = await this.metadata.transaction((tx) => tx.deleteQueriesBefore(moment, ROWS_PER_TRANSACTION));
      removed += gone;
      if (gone < ROWS_PER_TRANSACTION) break;
    }
    return removed;
  }

  /** Resolves when everything noted before the call is written, or its loss is logged. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  #note(query: QueryRecord): boolean {
    if (this.#pending.size >= MAX_PENDING && !this.#pending.has(query.id)) {
      this.#dropped += 1;
      return false;
    }
    this.#pending.set(query.id, query);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_DELAY_MS).unref();
    return true;
  }

  async #write(): Promise<void> {
    if (this.#dropped > 0) {
      this.logger.warn({ dropped: this.#dropped }, 'statements were left out of the query log: there were too many');
      this.#dropped = 0;
    }
    const queries = [...this.#pending.values()];
    if (queries.length === 0) return;
    this.#pending = new Map();
    try {
      await this.metadata.transaction((tx) => tx.putQueries(queries));
    } catch (error) {
      this.logger.error({ err: error, lost: queries.length }, 'the query log could not be written');
    }
  }
}

function bounded(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

/** Statements that speak of secrets lose their literals. They are refused in a workspace, and logged all the same. */
export function withoutSecrets(statement: string): string {
  if (!/\b(password|secret|token|credentials?)\b/i.test(statement)) return statement;
  return statement.replaceAll(/'(?:[^']|'')*'?|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g, "'…'");
}
