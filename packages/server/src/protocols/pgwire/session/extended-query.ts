import { SqlError } from '../../../errors/sql-error.js';
import type { BindMessage, FrontendMessage } from '../codec/frontend-message.js';
import type { FrameQueue } from './frame-queue.js';
import { planStatement } from './plan-statement.js';
import type { Portal } from './portals.js';
import type { SessionState } from './session-state.js';
import type { StatementRunner } from './statement-runner.js';

export type ExtendedMessage = Extract<
  FrontendMessage,
  { readonly kind: 'parse' | 'bind' | 'describe' | 'execute' | 'close' | 'flush' }
>;

/**
 * The extended protocol. Whatever runs until Sync is one transaction, unless a block is open. Most clients send one Execute and the Sync with
 * it: then the statement is alone, and costs no BEGIN and COMMIT.
 */
export class ExtendedQuery {
  constructor(
    private readonly state: SessionState,
    private readonly runner: StatementRunner,
    private readonly queue: FrameQueue,
  ) {}

  async handle(message: ExtendedMessage): Promise<void> {
    const { messages } = this.state.output;
    switch (message.kind) {
      case 'parse':
        await this.#parse(message);
        break;
      case 'bind':
        await this.#bind(message);
        break;
      case 'describe':
        this.#describe(message.target, message.name);
        break;
      case 'execute':
        await this.#execute(message.portal, message.maxRows);
        break;
      case 'close':
        if (message.target === 'statement') this.state.statements.close(message.name);
        else await this.state.portals.close(message.name);
        messages.closeComplete();
        break;
      case 'flush':
        this.state.output.flush();
        break;
    }
  }

  /** The end of a pipeline: its transaction is committed, its portals are gone. */
  async sync(): Promise<void> {
    const { transaction, portals } = this.state;
    if (transaction.isImplicit) await this.runner.timed('COMMIT', (signal) => transaction.commit(signal));
    if (!transaction.isBlock) await portals.closeAll();
  }

  async #parse({ statement: name, sql, parameterTypes }: FrontendMessage & { readonly kind: 'parse' }): Promise<void> {
    const { connection, statements, output } = this.state;
    statements.mustBeNew(name);
    if (name === '') statements.close('');
    const [statement, ...others] = await connection.parse(sql);
    if (statement === undefined || others.length > 0) {
      throw new SqlError('42601', 'cannot insert multiple commands into a prepared statement');
    }
    this.runner.mustBeParsable(statement);
    const executable = await this.runner.timed(statement.loggedText, (signal) =>
      planStatement(statement, parameterTypes, this.state, signal),
    );
    statements.add(name, executable);
    output.messages.parseComplete();
  }

  async #bind(message: BindMessage): Promise<void> {
    const { statements, portals, output } = this.state;
    const executable = statements.get(message.statement);
    this.runner.mustBeParsable(executable.statement);
    const expected = executable.parameterTypes.length;
    if (message.parameters.length !== expected) {
      throw new SqlError(
        '08P01',
        `bind message supplies ${message.parameters.length} parameters, but prepared statement "${message.statement}" requires ${expected}`,
      );
    }
    const columnCount = executable.columns?.length ?? 0;
    const { resultFormats } = message;
    if (resultFormats.length > 1 && resultFormats.length !== columnCount) {
      throw new SqlError(
        '08P01',
        `bind message has ${resultFormats.length} result formats but query has ${columnCount} columns`,
      );
    }
    await portals.add({
      name: message.portal,
      executable,
      parameters: { formats: message.parameterFormats, values: message.parameters },
      formats: resultFormats,
      execution: undefined,
      done: false,
    });
    output.messages.bindComplete();
  }

  #describe(target: 'statement' | 'portal', name: string): void {
    const { statements, portals, cursors, output } = this.state;
    if (target === 'portal') {
      // A cursor of DECLARE is a portal too: psycopg asks for its columns before it fetches.
      const cursor = portals.has(name) ? undefined : cursors.list().find((each) => each.name === name);
      if (cursor !== undefined) {
        this.runner.describeRows(cursor.prepared.columns, cursor.binary ? [1] : []);
        return;
      }
      const { executable, formats } = portals.get(name);
      this.runner.describeRows(executable.columns, formats);
      return;
    }
    const executable = statements.get(name);
    output.messages.parameterDescription(executable.parameterTypes);
    this.runner.describeRows(executable.columns, []);
  }

  async #execute(name: string, maxRows: number): Promise<void> {
    const { portals, output } = this.state;
    const portal = portals.get(name);
    const { statement } = portal.executable;
    if (statement.kind === 'empty') {
      output.messages.emptyQueryResponse();
      return;
    }
    if (portal.done) {
      this.#executeAgain(portal);
      return;
    }
    await this.runner.logged(statement, async (signal, record) => {
      const mayBeAlone = maxRows === 0 && this.queue.peek()?.type === 'S';
      const { parameters, formats } = portal;
      portal.execution ??= await this.runner.start(portal.executable, { parameters, formats, mayBeAlone, signal });
      const { execution } = portal;
      let rows = 0;
      if (execution.rows !== undefined) {
        const limit = maxRows === 0 ? Number.MAX_SAFE_INTEGER : maxRows;
        const sent = await this.runner.sendRows(execution.rows, limit, record, signal);
        if (!sent.end) {
          output.messages.portalSuspended();
          return;
        }
        rows = sent.rows;
      } else if (execution.copyIn !== undefined || execution.copyOut !== undefined) {
        rows = await this.runner.copy(execution, record, signal);
      }
      portal.done = true;
      output.messages.commandComplete(execution.tag(rows));
    });
  }

  /** A query that has answered all its rows has none left; anything else must not happen twice. */
  #executeAgain({ name, execution }: Portal): void {
    if (execution?.rows === undefined) throw new SqlError('55000', `portal "${name}" cannot be run`);
    this.state.output.messages.commandComplete(execution.tag(0));
  }
}
