import { DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import type { Listed, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { WireSessionRecord } from '../metadata/workspace-records.js';
import type { WireSessionFilter } from '../metadata/workspace-store.js';
import type { NewWorkspaceSession, SessionEnd } from '../model/workspace-activity.js';

/** A crash forgets at most this much of what sessions did. */
const FLUSH_DELAY_MS = 1_000;
const DAY_MS = 86_400_000;
/** What ended longer ago is forgotten. */
const KEEP_ENDED_DAYS = 30;
const FORGET_AT_ONCE = 500;

/**
 * The connections of PostgreSQL clients. What happens is noted in memory and written in batches, so that connecting never waits for the
 * disk; whoever lists sessions has the batch written first.
 */
export class WireSessions {
  /** Active ones of this process. */
  readonly #active = new Map<string, WireSessionRecord>();
  /** As they are to be written. */
  readonly #unwritten = new Map<string, WireSessionRecord>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  opened(session: NewWorkspaceSession): void {
    this.#note({
      ...session,
      lastActivityAt: session.connectedAt,
      queryCount: 0,
      status: 'active',
      endedAt: null,
    });
  }

  activity(sessionId: string, queries = 1): void {
    const session = this.#active.get(sessionId);
    if (session === undefined) return;
    this.#note({ ...session, lastActivityAt: this.clock.now(), queryCount: session.queryCount + queries });
  }

  /** The endpoints for other servers give reasons of their own. */
  ended(sessionId: string, status: SessionEnd | (string & {})): void {
    const session = this.#active.get(sessionId);
    if (session === undefined) return;
    this.#note({ ...session, status, endedAt: this.clock.now() });
  }

  activeCount(workspaceId: string): number {
    return [...this.#active.values()].filter((session) => session.workspaceId === workspaceId).length;
  }

  async list(filter: WireSessionFilter, page: Page): Promise<Listed<WireSessionRecord>> {
    await this.flush();
    return await this.metadata.listWireSessions(filter, page);
  }

  async isKnown(sessionId: string): Promise<boolean> {
    return this.#active.has(sessionId) || (await this.metadata.getWireSession(sessionId)) !== undefined;
  }

  async get(sessionId: string): Promise<WireSessionRecord> {
    await this.flush();
    const session = await this.metadata.getWireSession(sessionId);
    if (session === undefined) throw sessionNotFound(sessionId);
    return session;
  }

  /** Returns how many it removed. */
  async forgetOld(): Promise<number> {
    const moment = new Date(this.clock.now().getTime() - KEEP_ENDED_DAYS * DAY_MS);
    return await this.metadata.transaction((tx) => tx.deleteWireSessionsEndedBefore(moment, FORGET_AT_ONCE));
  }

  /** Resolves when everything noted before the call is written, or its loss is logged. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  #note(session: WireSessionRecord): void {
    if (session.endedAt === null) this.#active.set(session.sessionId, session);
    else this.#active.delete(session.sessionId);
    this.#unwritten.set(session.sessionId, session);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_DELAY_MS).unref();
  }

  async #write(): Promise<void> {
    const sessions = [...this.#unwritten.values()];
    if (sessions.length === 0) return;
    this.#unwritten.clear();
    try {
      await this.metadata.transaction((tx) => tx.putWireSessions(sessions));
    } catch (error) {
      this.logger.error({ err: error, lost: sessions.length }, 'what happened in sessions could not be written');
    }
  }
}

export function sessionNotFound(sessionId: string): DomainError {
  return new DomainError('session_not_found', `Session ${sessionId} not found`);
}
