import { fromBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { authorize } from '../../auth/authorize.js';
import type { Authentication } from '../../auth/authenticator.js';
import type { Principal } from '../../auth/principal.js';
import { isDomainError, type DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { JsonObject } from '../../metadata/records.js';
import { describeOperation, type OperationName } from '../../model/operations.js';
import { DEFAULT_BRANCH_ID, type BucketRef, type TableRef, type WorkspaceRef } from '../../model/refs.js';
import type { Change } from '../../services/change.js';
import type { Answer, IdempotentRequest } from '../../services/idempotency-keys.js';
import { DRIVER_CODES, DriverFailure, invalid } from './driver-failure.js';
import { DriverLog } from './driver-log.js';
import type { DriverServices } from './driver-services.js';
import { answersOfRun, ofCall, ofRun, type CommandIdentity, type Repetition } from './repetition.js';
import { translateFailure } from './translate-failure.js';
import { encodeMessage } from './wire/encode-message.js';

type Repeated = Omit<IdempotentRequest, 'scope'> | undefined;

export interface CallInput {
  readonly command: string;
  readonly services: DriverServices;
  readonly authentication: Authentication;
  readonly principal: Principal;
  readonly requestId: string;
  /** What the credentials call their host: for Connection, the project. */
  readonly host: string;
  readonly runId: string;
  readonly features: readonly string[];
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
  /** What its run has done already is not done again, whoever sends it. */
  readonly isOnceInRun: boolean;
  /** For repeating this very call; empty without one. */
  readonly idempotencyKey: string;
  /** Computed by who needs it. */
  readonly commandDigest: () => string;
}

const BRANCH_RESOURCES: readonly string[] = ['bucket', 'table', 'column'];

/** What is changed, for rights and audit. */
export interface ChangeSubject {
  readonly operation: OperationName;
  readonly projectId: string | null;
  readonly resourceId: string | null;
}

/**
 * One command on its way: who asks, about which project, what is told to the user, and how what it does reaches the services.
 *
 *     read    authorize ─► service
 *     step    authorize ─► change runner ─► service        one of several changes of a command that may be repeated
 *     change  the same, and a repetition gets the answer   the one change of a command
 */
export class DriverCall {
  readonly log = new DriverLog();
  /** What this call is about, for the log: the project it named last. */
  #concerns: string | null = null;
  /** From here on somebody else audits how it ends. */
  #isAudited = false;

  constructor(private readonly input: CallInput) {}

  get services(): DriverServices {
    return this.input.services;
  }

  get signal(): AbortSignal {
    return this.input.signal;
  }

  get principal(): Principal {
    return this.input.principal;
  }

  get isAdmin(): boolean {
    return this.input.principal.kind === 'admin';
  }

  get concerns(): string | null {
    const { principal } = this.input;
    return this.#concerns ?? (principal.kind === 'project' ? principal.projectId : null);
  }

  get isAudited(): boolean {
    return this.#isAudited;
  }

  /** The project of the key. `named` is what the command says, if it says anything: with a project key it can only be that one. */
  projectId(named = ''): string {
    const { principal, host } = this.input;
    if (principal.kind === 'project') {
      if (named !== '' && nameKey(named) !== nameKey(principal.projectId)) throw otherProject(named);
      return principal.projectId;
    }
    const projectId = named === '' ? host : named;
    if (projectId !== '' && !/^https?:\/\//i.test(projectId)) {
      this.#concerns = projectId;
      return projectId;
    }
    throw invalid(
      'The admin key belongs to no project: name the project in the command or as the host of the credentials.',
    );
  }

  /** Whether this key opens the project now. */
  async acceptsKey(projectId: string, key: string): Promise<boolean> {
    const found = await this.services.authenticator.authenticate(`Bearer ${key}`);
    return found.kind === 'known' && found.principal.kind === 'project' && found.principal.projectId === projectId;
  }

  /** The container that a path ends in; what stands before it can only be the project of the caller. */
  bucket(path: readonly string[], projectId = this.projectId()): BucketRef {
    const bucketName = path.at(-1) ?? '';
    if (bucketName === '') throw invalid('The path is empty; it must name a bucket.', { path });
    const [leading] = path;
    if (path.length > 1 && leading !== undefined && nameKey(leading) !== nameKey(projectId)) {
      throw invalid(`The path begins with "${leading}", which is not the project of this key.`, { path });
    }
    return { projectId, branchId: DEFAULT_BRANCH_ID, bucketName };
  }

  table(path: readonly string[], tableName: string): TableRef {
    if (tableName === '') throw invalid('The name of the table is empty.', { path });
    return { ...this.bucket(path), tableName };
  }

  async hasTable(ref: TableRef): Promise<boolean> {
    try {
      await this.services.tables.get(ref);
      return true;
    } catch (error) {
      if (isDomainError(error, 'table_not_found') || isDomainError(error, 'bucket_not_found')) return false;
      throw error;
    }
  }

  /** A workspace by the name of its schema, which is its id. */
  workspace(objectName: string): WorkspaceRef {
    if (objectName === '') throw invalid('The name of the workspace is empty.');
    return { projectId: this.projectId(), branchId: undefined, workspaceId: objectName };
  }

  /** Throws unless the caller may run this read. */
  async mustMayRead(operation: OperationName, projectId: string, bucket?: BucketRef): Promise<void> {
    try {
      this.#authorize(operation, projectId);
      if (bucket !== undefined) await this.services.sharing.mustMayRead(this.principal, operation, bucket);
    } catch (error) {
      this.#isAudited = true;
      this.services.changes.refusedRead(
        this.#refusal({ operation, projectId, resourceId: bucket?.bucketName ?? null }, error),
      );
      throw error;
    }
  }

  /** The one change of a command that answers nothing. */
  async silentChange<R>(subject: ChangeSubject, work: (change: Change<R>) => Promise<R>): Promise<void> {
    await this.#run(
      subject,
      () => this.#repeatedCall(),
      () => ({ status: 204, body: '' }),
      work,
    );
  }

  /** The one change of a command; its answer is kept for repetitions in the transaction of the change. */
  async change<R, D extends DescMessage>(
    subject: ChangeSubject,
    work: (change: Change<R>) => Promise<R>,
    answer: { readonly schema: D; readonly render: (result: R) => MessageShape<D> },
    repetition: Repetition<MessageShape<D>> = {},
  ): Promise<MessageShape<D>> {
    const read = ({ body }: Answer) => fromBinary(answer.schema, Buffer.from(body, 'base64'));
    const { isOnceInRun, idempotencyKey } = this.input;
    let rendered: MessageShape<D> | undefined;
    const render = (result: R): Answer => {
      rendered = answer.render(result);
      // Only what is kept needs a text.
      const isKept = isOnceInRun || idempotencyKey !== '';
      const body = !isKept ? '' : encodeMessage(answer.schema, rendered).toString('base64');
      return { status: 200, body };
    };
    const repeats = async () => {
      if (!isOnceInRun) return this.#repeatedCall();
      const { workOn, stands } = repetition;
      const request = ofRun(this.#identity(), subject.resourceId, (await workOn?.()) ?? '');
      return stands === undefined ? request : { ...request, stands: (kept: Answer) => stands(read(kept)) };
    };
    const outcome = await this.#run(subject, repeats, render, work);
    return rendered ?? read(outcome);
  }

  /** One of several changes of a command; each is whole, and the command may be repeated. */
  async step<R>(subject: ChangeSubject, work: (change: Change<R>) => Promise<R>): Promise<R> {
    const results: R[] = [];
    await this.#run<R>(
      subject,
      () => undefined,
      () => ({ status: 200, body: '' }),
      async (change) => {
        const result = await work(change);
        results.push(result);
        return result;
      },
    );
    return results[0] as R;
  }

  /** What the run did before at a place no longer counts as done: something else happened there. */
  async outdate(place: string): Promise<void> {
    const { runId, principal } = this.input;
    if (runId !== '') await this.services.changes.outdate(principal, answersOfRun(runId, place));
  }

  #identity(): CommandIdentity {
    const { runId, idempotencyKey, commandDigest } = this.input;
    return { runId, idempotencyKey, digest: commandDigest() };
  }

  #repeatedCall(): ReturnType<typeof ofCall> {
    return this.input.idempotencyKey === '' ? undefined : ofCall(this.#identity());
  }

  async #run<R>(
    subject: ChangeSubject,
    repeats: () => Promise<Repeated> | Repeated,
    render: (result: R) => Answer,
    work: (change: Change<R>) => Promise<R>,
  ): Promise<Answer> {
    this.#concerns = subject.projectId;
    this.#isAudited = true;
    try {
      this.#authorize(subject.operation, subject.projectId ?? undefined);
    } catch (error) {
      this.services.changes.refused(this.#refusal(subject, error));
      throw error;
    }
    const { principal, requestId, runId, isOnceInRun } = this.input;
    const idempotency = await repeats();
    const outdates = runId === '' || isOnceInRun ? undefined : answersOfRun(runId, subject.resourceId);
    const audit = { branchId: branchOf(subject.operation), details: auditDetails(this.input) };
    const input = { ...subject, ...audit, principal, requestId, idempotency, outdates, render, renderError };
    const outcome = await this.services.changes.run<R>(input, work);
    if (outcome.replayed && outcome.status >= 400) throw DriverFailure.fromJson(outcome.status, outcome.body);
    // Whoever meant it a second time must be able to see why nothing happened.
    if (outcome.replayed && this.input.isOnceInRun) {
      this.log.notice(
        'This run has done the same command before: nothing was done again, and this is its first answer.',
      );
    }
    return outcome;
  }

  #authorize(operation: OperationName, projectId: string | undefined): void {
    authorize(this.input.authentication, operation, { projectId, branchId: DEFAULT_BRANCH_ID });
  }

  #refusal(subject: ChangeSubject, error: unknown) {
    const { principal, requestId } = this.input;
    const audit = { branchId: branchOf(subject.operation), details: auditDetails(this.input) };
    return { ...subject, ...audit, principal, requestId, error, durationMs: 0 };
  }
}

/** Connection knows this service's main branch only; its own branches are prefixes of bucket names. */
export function branchOf(operation: OperationName): string | null {
  return BRANCH_RESOURCES.includes(describeOperation(operation).resource) ? DEFAULT_BRANCH_ID : null;
}

/** An operation is what REST does as well; the command says what was asked for. */
export function auditDetails({ command, runId }: Pick<CallInput, 'command' | 'runId'>): JsonObject {
  return runId === '' ? { command } : { command, run_id: runId };
}

function renderError(error: DomainError): Answer {
  const failure = translateFailure(error);
  return { status: failure.httpStatus, body: failure.toJson() };
}

function otherProject(projectId: string): DriverFailure {
  return new DriverFailure(
    'permission_denied',
    DRIVER_CODES.permissionDenied,
    `This key does not belong to project ${projectId}`,
    { context: { project_id: projectId } },
  );
}
