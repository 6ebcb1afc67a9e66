import { SqlError } from '../../../errors/sql-error.js';
import type { ParameterValues } from '../../../duckdb/workspace/sql-engine.js';
import type { SqlStatement } from '../../../duckdb/workspace/sql-statement.js';
import { declareExecutable, fetchExecutable, movePortalExecutable } from './cursor-executables.js';
import { copyOutExecutable, engineExecutable } from './engine-executable.js';
import { done, type Executable } from './executable.js';
import type { SessionState } from './session-state.js';
import { textColumn } from './text-rows.js';
import { runUtility } from './utility-statements.js';

/** Plans a statement of any kind; nothing of it runs yet. */
export async function planStatement(
  statement: SqlStatement,
  parameterTypes: readonly number[],
  state: SessionState,
  signal: AbortSignal,
): Promise<Executable> {
  const { connection, cursors, portals, settings } = state;
  switch (statement.kind) {
    case 'engine':
      return engineExecutable(await connection.prepare(statement, parameterTypes, signal));
    case 'declare':
      mustBeQuery(statement.query, statement.tag);
      return declareExecutable(statement, await connection.prepare(statement.query, parameterTypes, signal), cursors);
    case 'fetch':
      return statement.move && !cursors.has(statement.name) && portals.has(statement.name)
        ? movePortalExecutable(statement, portals.get(statement.name))
        : fetchExecutable(statement, cursors);
    case 'copy-out':
      mustBeQuery(statement.query, statement.tag);
      return copyOutExecutable(statement, await connection.prepare(statement.query, parameterTypes, signal));
    case 'copy-in':
      return plain(statement, async ({ alone, signal: running }) => {
        const copyIn = await connection.copyIn(statement, { alone, signal: running });
        return { notices: [], copyIn, tag: (rowCount) => `COPY ${rowCount}` };
      });
    case 'prepare':
      return plain(statement, ({ signal: running }) => prepare(statement, state, running));
    case 'execute':
      return execute(statement, state);
    case 'empty':
      return plain(statement, () => Promise.resolve(done('')));
    case 'show': {
      const columns =
        statement.name === 'all'
          ? [textColumn('name'), textColumn('setting'), textColumn('description')]
          : [textColumn(settings.show(statement.name).name)];
      return { ...plain(statement, ({ signal: running }) => runUtility(statement, state, running)), columns };
    }
    default:
      return plain(statement, ({ signal: running }) => runUtility(statement, state, running));
  }
}

function plain(statement: SqlStatement, start: Executable['start']): Executable {
  return { statement, parameterTypes: [], columns: undefined, start, close: () => undefined };
}

/** What can be kept and run later is a query or changes rows, as in PostgreSQL. */
function mustBeQuery(statement: SqlStatement, command: string): void {
  if (statement.kind === 'engine' && statement.class !== 'definition') return;
  throw new SqlError('42601', `${command} takes a query, not ${statement.tag || 'nothing'}`);
}

/** PREPARE name (types) AS statement. */
async function prepare(
  statement: SqlStatement & { readonly kind: 'prepare' },
  state: SessionState,
  signal: AbortSignal,
): Promise<ReturnType<typeof done>> {
  const { connection, statements } = state;
  mustBeQuery(statement.query, statement.tag);
  statements.mustBeNew(statement.name);
  const types: number[] = [];
  for (const name of statement.types) types.push(await connection.typeOid(name, signal));
  statements.add(statement.name, await planStatement(statement.query, types, state, signal), statement.source);
  return done(statement.tag);
}

/** EXECUTE name (arguments): its rows and its tag are those of the prepared statement. */
function execute(statement: SqlStatement & { readonly kind: 'execute' }, state: SessionState): Executable {
  const { connection, statements } = state;
  const { name, argumentsSql } = statement;
  const prepared = statements.get(name);
  return {
    statement: prepared.statement,
    parameterTypes: [],
    columns: prepared.columns,
    async start(options) {
      const values = argumentsSql === undefined ? [] : await connection.evaluate(argumentsSql, options.signal);
      const expected = prepared.parameterTypes.length;
      if (values.length !== expected) {
        throw new SqlError('42601', `wrong number of parameters for prepared statement "${name}"`, {
          detail: `Expected ${expected} parameters but got ${values.length}.`,
        });
      }
      const parameters: ParameterValues = { formats: [], values };
      return prepared.start({ ...options, parameters });
    },
    close: () => undefined,
  };
}
