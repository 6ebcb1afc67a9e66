import { SqlError } from '../../../errors/sql-error.js';
import { NO_PARAMETERS, TEXT_FORMATS } from './no-parameters.js';
import type { SqlStatement } from '../../../duckdb/workspace/sql-statement.js';
import { planStatement } from './plan-statement.js';
import type { SessionState } from './session-state.js';
import type { StatementRecord } from './statement-log.js';
import type { StatementRunner } from './statement-runner.js';

/**
 * The simple protocol: a text with any number of statements. Several are one transaction, unless they say BEGIN and COMMIT themselves; an
 * error ends the text. The last statement's tag is sent when that transaction is committed.
 */
export async function simpleQuery(sql: string, state: SessionState, runner: StatementRunner): Promise<void> {
  const { connection, statements, portals, output } = state;
  await portals.close('');
  statements.close('');
  const parsed = await connection.parse(sql);
  const present = parsed.filter(({ kind }) => kind !== 'empty');
  if (present.length === 0) {
    output.messages.emptyQueryResponse();
    return;
  }
  for (const [index, statement] of present.entries()) {
    const isLast = index === present.length - 1;
    await runner.logged(statement, (signal, record) =>
      runStatement(statement, { isOnly: present.length === 1, isLast }, { state, runner, signal, record }),
    );
  }
}

interface Running {
  readonly state: SessionState;
  readonly runner: StatementRunner;
  readonly signal: AbortSignal;
  readonly record: StatementRecord;
}

async function runStatement(
  statement: SqlStatement,
  { isOnly, isLast }: { readonly isOnly: boolean; readonly isLast: boolean },
  { state, runner, signal, record }: Running,
): Promise<void> {
  const { transaction, output } = state;
  runner.mustBeAllowed(statement);
  if (!isOnly && statement.kind === 'engine' && statement.standsAlone) {
    throw new SqlError('25001', `${statement.tag} cannot be executed from a text with several statements`);
  }
  const executable = await planStatement(statement, [], state, signal);
  try {
    if (executable.parameterTypes.length > 0) throw new SqlError('42P02', 'there is no parameter $1');
    const execution = await runner.start(executable, {
      parameters: NO_PARAMETERS,
      formats: columnFormats(statement, state),
      mayBeAlone: isOnly,
      signal,
    });
    let rows = 0;
    if (execution.rows !== undefined) {
      runner.describeRows(executable.columns, columnFormats(statement, state));
      rows = (await runner.sendRows(execution.rows, Number.MAX_SAFE_INTEGER, record, signal)).rows;
    } else if (execution.copyIn !== undefined || execution.copyOut !== undefined) {
      rows = await runner.copy(execution, record, signal);
    }
    if (isLast && transaction.isImplicit) await transaction.commit(signal);
    output.messages.commandComplete(execution.tag(rows));
  } finally {
    executable.close();
  }
}

/** Text, except for what a BINARY cursor answers. */
function columnFormats(statement: SqlStatement, { cursors }: SessionState): readonly (0 | 1)[] {
  return statement.kind === 'fetch' && !statement.move && cursors.get(statement.name).binary ? [1] : TEXT_FORMATS;
}
