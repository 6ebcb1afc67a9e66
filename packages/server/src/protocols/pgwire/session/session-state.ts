import type { SqlConnection, SqlNotice } from '../../../duckdb/workspace/sql-engine.js';
import type { Cursors } from './cursors.js';
import type { Portals } from './portals.js';
import type { PreparedStatements } from './prepared-statements.js';
import type { SessionOutput } from './session-output.js';
import type { SessionNotifications } from './session-notifications.js';
import type { SessionSettings } from './session-settings.js';
import type { StatementClock } from './statement-clock.js';
import type { TransactionBlock } from './transaction-block.js';

/** What the parts of one session share. */
export interface SessionState {
  readonly connection: SqlConnection;
  readonly settings: SessionSettings;
  readonly transaction: TransactionBlock;
  readonly statements: PreparedStatements;
  readonly portals: Portals;
  readonly cursors: Cursors;
  readonly output: SessionOutput;
  readonly clock: StatementClock;
  readonly notifications: SessionNotifications;
}

const SEVERITY_RANK: Readonly<Record<string, number>> = { INFO: 9, NOTICE: 1, WARNING: 2 };
const WANTED_RANK: Readonly<Record<string, number>> = { notice: 1, warning: 2, error: 3 };

/** A notice, unless the client does not want any of its kind. */
export function sendNotice({ settings, output }: Pick<SessionState, 'settings' | 'output'>, notice: SqlNotice): void {
  const wanted = WANTED_RANK[settings.get('client_min_messages') ?? 'notice'] ?? 0;
  if ((SEVERITY_RANK[notice.severity] ?? 1) >= wanted) output.messages.noticeResponse(notice);
}

/** Tells DuckDB which settings have changed. */
export async function applyEngineSettings({ settings, connection }: SessionState): Promise<void> {
  for (const [name, value] of settings.takeEngineChanges()) await connection.applySetting(name, value);
}
