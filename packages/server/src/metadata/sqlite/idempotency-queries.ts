import type { IdempotencyRecord } from '../records.js';
import type { Database } from './database.js';
import type { IdempotencyRow } from './schema.js';

export async function getIdempotencyRecord(
  db: Database,
  scope: string,
  key: string,
  now: Date,
): Promise<IdempotencyRecord | undefined> {
  const row = await db
    .selectFrom('idempotency_records')
    .selectAll()
    .where('scope', '=', scope)
    .where('key', '=', key)
    .where('expires_at', '>', now.getTime())
    .executeTakeFirst();
  return row && toIdempotencyRecord(row);
}

/** One statement, so that of two requests with one key exactly one gets it. `createdAt` is the time it is asked at. */
export async function reserveIdempotencyKey(db: Database, record: Omit<IdempotencyRecord, 'answer'>): Promise<boolean> {
  const row: IdempotencyRow = {
    scope: record.scope,
    key: record.key,
    method: record.method,
    path: record.path,
    body_hash: record.bodyHash,
    answer_status: null,
    answer_body: null,
    created_at: record.createdAt.getTime(),
    expires_at: record.expiresAt.getTime(),
  };
  const reserved = await db
    .insertInto('idempotency_records')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['scope', 'key']).doUpdateSet(row).where('idempotency_records.expires_at', '<=', row.created_at),
    )
    .executeTakeFirst();
  return reserved.numInsertedOrUpdatedRows === 1n;
}

export async function completeIdempotencyKey(
  db: Database,
  scope: string,
  key: string,
  answer: { status: number; body: string },
): Promise<void> {
  await db
    .updateTable('idempotency_records')
    .set({ answer_status: answer.status, answer_body: answer.body })
    .where('scope', '=', scope)
    .where('key', '=', key)
    .execute();
}

export async function releaseIdempotencyKey(db: Database, scope: string, key: string): Promise<void> {
  await db
    .deleteFrom('idempotency_records')
    .where('scope', '=', scope)
    .where('key', '=', key)
    .where('answer_status', 'is', null)
    .execute();
}

export async function forgetIdempotencyAnswer(db: Database, record: IdempotencyRecord): Promise<void> {
  await db
    .deleteFrom('idempotency_records')
    .where('scope', '=', record.scope)
    .where('key', '=', record.key)
    .where('created_at', '=', record.createdAt.getTime())
    .where('answer_body', '=', record.answer?.body ?? null)
    .execute();
}

/** A range of the primary key. */
export async function forgetIdempotencyAnswers(db: Database, scope: string, keyPrefix: string): Promise<void> {
  await db
    .deleteFrom('idempotency_records')
    .where('scope', '=', scope)
    .where('key', '>=', keyPrefix)
    .where('key', '<', `${keyPrefix}\uffff`)
    .where('answer_status', 'is not', null)
    .execute();
}

export async function deleteExpiredIdempotencyKeys(db: Database, now: Date): Promise<number> {
  const deleted = await db
    .deleteFrom('idempotency_records')
    .where('expires_at', '<=', now.getTime())
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

export async function deleteRunningIdempotencyKeys(db: Database): Promise<number> {
  const deleted = await db.deleteFrom('idempotency_records').where('answer_status', 'is', null).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

function toIdempotencyRecord(row: IdempotencyRow): IdempotencyRecord {
  const { answer_status: status, answer_body: body } = row;
  return {
    scope: row.scope,
    key: row.key,
    method: row.method,
    path: row.path,
    bodyHash: row.body_hash,
    answer: status === null || body === null ? null : { status, body },
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
  };
}
