import { DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { ListedOperations, MetadataStore, OperationFilter, Page } from '../metadata/metadata-store.js';
import type { AuditLog } from './audit-log.js';

const DAY_MS = 86_400_000;
const ROWS_PER_TRANSACTION = 500;
/** A round takes its turn among other work; what is left is forgotten in the next ones. */
const TRANSACTIONS_PER_ROUND = 40;

/** Reading the audit, and forgetting it when it is old. */
export class AuditTrail {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly log: Pick<AuditLog, 'flush'>,
    private readonly clock: Clock,
    /** 0 keeps everything for ever. */
    private readonly retentionDays: number,
  ) {}

  /** Everything that was answered before the call is in it. */
  async list(filter: OperationFilter, page: Page): Promise<ListedOperations> {
    await this.log.flush();
    return await this.metadata.listOperations(filter, page);
  }

  /** The audit of a project outlives it. */
  async listOfProject(
    projectId: string,
    filter: Omit<OperationFilter, 'projectId'>,
    page: Page,
  ): Promise<ListedOperations> {
    if ((await this.metadata.getProject(projectId)) === undefined) {
      throw new DomainError('project_not_found', `Project ${projectId} not found`, { project_id: projectId });
    }
    return await this.list({ ...filter, projectId }, page);
  }

  /** Returns how many entries it removed. */
  async forgetOld(): Promise<number> {
    if (this.retentionDays === 0) return 0;
    const moment = new Date(this.clock.now().getTime() - this.retentionDays * DAY_MS);
    let removed = 0;
    for (let count = 0; count < TRANSACTIONS_PER_ROUND; count++) {
      const gone = await this.metadata.transaction((tx) => tx.deleteOperationsBefore(moment, ROWS_PER_TRANSACTION));
      removed += gone;
      if (gone < ROWS_PER_TRANSACTION) break;
    }
    return removed;
  }
}
