import { DomainError } from '../errors/domain-error.js';
import { nameKey } from '../model/columns.js';
import { describeOperation, type OperationName } from '../model/operations.js';

/**
 * How much one project may do at the same time, so that it leaves room for the others: changes of its data and files, and
 * exports. Reads are not counted, they never wait for these. Managing the project is not either: a leaked key
 * that keeps its project busy can still be revoked.
 */
export class ProjectConcurrency {
  readonly #running = new Map<string, number>();

  constructor(
    /** 0: no limit. */
    private readonly limit: number,
  ) {}

  async run<T>(operation: OperationName, projectId: string | null, work: () => Promise<T>): Promise<T> {
    const { access } = describeOperation(operation);
    if (this.limit === 0 || projectId === null || access === 'manage' || access === 'admin') return await work();
    const project = nameKey(projectId);
    const running = this.#running.get(project) ?? 0;
    if (running >= this.limit) throw this.#busy(projectId);
    this.#running.set(project, running + 1);
    try {
      return await work();
    } finally {
      const left = (this.#running.get(project) ?? 1) - 1;
      if (left === 0) this.#running.delete(project);
      else this.#running.set(project, left);
    }
  }

  #busy(projectId: string): DomainError {
    return new DomainError(
      'project_busy',
      `Project ${projectId} already has ${this.limit} changes or exports running; repeat the request when one has ended`,
      { project_id: projectId, limit: this.limit },
    );
  }
}
