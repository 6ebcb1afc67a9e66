import type { Principal } from '../auth/principal.js';
import { DomainError, isDomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { WorkspaceRecord } from '../metadata/workspace-records.js';
import { newSortableId } from '../model/ids.js';
import type { WorkspaceRef } from '../model/refs.js';
import type { StatementEnd } from '../model/workspace-activity.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';
import type { QueryRequest, QueryResult } from '../workers/workspace-messages.js';
import type { DiskGuard } from './disk-guard.js';
import type { ExchangeFiles, TakenFile } from './exchange-files.js';
import type { QueryLog } from './query-log.js';
import { requireLiveWorkspace } from './require-workspace.js';

export interface QueryInput {
  readonly statement: string;
  readonly format: QueryRequest['format'];
  readonly maxRows: number | null;
  /** Null: as long as a statement may take at most. */
  readonly timeoutMs: number | null;
}

export interface QueryAnswer extends Omit<QueryResult, 'file'> {
  readonly durationMs: number;
  /** Null for a statement that returns no rows. Whoever gets it disposes of it. */
  readonly file: TakenFile | null;
}

/** How much longer than the statement its worker has, to start and to write the rest. */
const WORKER_EXTRA_MS = 30_000;

/**
 * SQL over HTTP, for tools without a driver. The rows are complete in a file before the answer begins: an answer that has begun ends
 * well, and a slow reader holds neither the workspace nor memory.
 */
export class WorkspaceQueries {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly hosts: WorkspaceHosts,
    private readonly exchange: ExchangeFiles,
    private readonly guard: DiskGuard,
    private readonly log: Pick<QueryLog, 'started' | 'finished'>,
    private readonly clock: Clock,
    private readonly limits: { readonly statementMs: number },
  ) {}

  async run(principal: Principal, ref: WorkspaceRef, input: QueryInput, signal: AbortSignal): Promise<QueryAnswer> {
    const startedAt = performance.now();
    const workspace = await requireLiveWorkspace(this.metadata, ref, this.clock.now());
    await this.guard.mustHaveRoom();
    const timeoutMs = Math.min(input.timeoutMs ?? this.limits.statementMs, this.limits.statementMs);
    const request: QueryRequest = {
      statement: input.statement,
      format: input.format,
      maxRows: input.maxRows,
      timeoutMs,
      actor: principal.actor,
    };
    const options = { signal, deadlineMs: timeoutMs + WORKER_EXTRA_MS };
    const noteEnd = this.#noteStart(workspace, request);
    try {
      const { file, ...result } = await this.hosts.run(workspace.id, 'query', request, options);
      const taken = file === null ? null : await this.exchange.take(workspace.id, file.fileName);
      noteEnd({ outcome: 'success', rows: result.rows, bytes: taken?.sizeBytes ?? 0 });
      return { ...result, file: taken, durationMs: Math.round(performance.now() - startedAt) };
    } catch (error) {
      const told = isDomainError(error, 'request_cancelled') && !signal.aborted ? tookTooLong(timeoutMs, error) : error;
      noteEnd({ ...failureOf(told), rows: null, bytes: null });
      throw told;
    }
  }

  /** In the query log, like the statements of sessions. */
  #noteStart(
    { id: workspaceId, projectId }: WorkspaceRecord,
    { statement, actor }: QueryRequest,
  ): (end: Pick<StatementEnd, 'outcome' | 'rows' | 'bytes'> & Partial<StatementEnd>) => void {
    const startedAt = this.clock.now();
    const startedAtMs = performance.now();
    const statementId = newSortableId(startedAt);
    this.log.started(projectId, { statementId, workspaceId, sessionId: null, actor, statement, startedAt });
    return (end) => {
      this.log.finished({
        statementId,
        sqlState: null,
        message: null,
        durationMs: performance.now() - startedAtMs,
        ...end,
      });
    };
  }
}

function tookTooLong(timeoutMs: number, cause: unknown): DomainError {
  const message = `The statement took longer than ${timeoutMs / 1000} seconds; nothing was changed`;
  return new DomainError('deadline_exceeded', message, { timeout_seconds: timeoutMs / 1000 }, { cause });
}

function failureOf(error: unknown): Pick<StatementEnd, 'outcome' | 'sqlState' | 'message'> {
  if (!isDomainError(error)) return { outcome: 'failed', sqlState: 'XX000', message: null };
  const { code, message, details } = error;
  if (code === 'request_cancelled') return { outcome: 'cancelled', sqlState: '57014', message };
  if (code === 'deadline_exceeded') return { outcome: 'timeout', sqlState: '57014', message };
  if (code === 'worker_crashed') return { outcome: 'lost', sqlState: null, message };
  const sqlState = typeof details['sqlstate'] === 'string' ? details['sqlstate'] : null;
  return { outcome: 'failed', sqlState, message };
}
