import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';

import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';

import { PreparedStatements, type StatementResult } from './prepared-statements.js';
import { failureOf } from './sqlite-failure.js';
import { OPENED_ID, type WriteAnswer, type WriteRequest, type WriteThreadData } from './write-thread-messages.js';

/**
 * Entry of the thread that owns the only write connection. Here, and nowhere else, the process waits for the disk of
 * the metadata database. It exits when told to close, or when the connection is in a state nobody can tell: SQLite
 * then rolls back, and the next transaction starts a new thread.
 */
const BUSY_TIMEOUT_MS = 5000;

function openDatabase(databasePath: string): DatabaseSyncInstance {
  const database = new DatabaseSync(databasePath, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  database.exec('PRAGMA journal_mode = WAL');
  // FULL: a commit returns after the log is on the disk. NORMAL would lose acknowledged commits at a power cut.
  database.exec('PRAGMA synchronous = FULL');
  // The log shrinks back after a large transaction instead of keeping its size for ever.
  database.exec('PRAGMA journal_size_limit = 67108864');
  // SQLite syncs the file but not the directory entry of a database it has just created.
  const directory = openSync(dirname(databasePath), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return database;
}

function execute(
  database: DatabaseSyncInstance,
  statements: PreparedStatements,
  request: WriteRequest,
): StatementResult {
  switch (request.kind) {
    case 'run':
      if (request.begin) database.exec('BEGIN IMMEDIATE');
      else mustBeInTransaction(database);
      return statements.run(request.sql, request.parameters);
    case 'commit':
      mustBeInTransaction(database);
      database.exec('COMMIT');
      break;
    case 'rollback':
      if (database.isTransaction) database.exec('ROLLBACK');
      break;
    case 'close':
      // The binding frees statements only when they are collected, and until then the other connection counts as open;
      // so the log is folded into the database here instead of by the last one to close.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      database.close();
      break;
  }
  return { rows: [], changes: 0 };
}

/** A full disk makes SQLite roll back on its own; what follows must not be committed statement by statement. */
function mustBeInTransaction(database: DatabaseSyncInstance): void {
  if (!database.isTransaction) throw new Error('The transaction was rolled back after an earlier error');
}

function serve(port: MessagePort, database: DatabaseSyncInstance): void {
  const statements = new PreparedStatements(database);
  const answer = (message: WriteAnswer): void => port.postMessage(message);
  port.on('message', (request: WriteRequest) => {
    try {
      const { rows, changes } = execute(database, statements, request);
      answer({ id: request.id, rows, changes });
    } catch (error) {
      answer({ id: request.id, failure: failureOf(error) });
      if (request.kind === 'rollback' || request.kind === 'close') throw error;
    }
    if (request.kind === 'close') port.close();
  });
  answer({ id: OPENED_ID, rows: [], changes: 0 });
}

if (parentPort === null) throw new Error('This file runs as a worker thread of the metadata store');
try {
  serve(parentPort, openDatabase((workerData as WriteThreadData).databasePath));
} catch (error) {
  parentPort.postMessage({ id: OPENED_ID, failure: failureOf(error) } satisfies WriteAnswer);
}
