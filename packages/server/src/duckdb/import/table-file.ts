import { chmod, constants, copyFile, rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { BaseVersion } from '../../workers/messages.js';
import type { TableShape } from '../../model/columns.js';
import {
  LARGE_BLOCK_BYTES,
  LARGE_TABLE_BYTES,
  SMALL_BLOCK_BYTES,
  type EngineDatabase,
  type StagedFileOptions,
} from '../engine-database.js';
import { quoteLiteral } from '../quoting.js';
import { createTableSql, dataTable } from '../table-ddl.js';
import { readNumber, readRows } from './query.js';

/** Smaller files are not worth a rewrite for their free space. */
const WORTH_COMPACTING_BYTES = 8 * 1024 * 1024;

export function blockSizeFor(tableBytes: number): number {
  return tableBytes > LARGE_TABLE_BYTES ? LARGE_BLOCK_BYTES : SMALL_BLOCK_BYTES;
}

/** A private copy to work on; free where the file system shares blocks. Published files are read-only, the copy must not be. */
export async function copyBase(base: BaseVersion, stagingPath: string): Promise<void> {
  await copyFile(base.path, stagingPath, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  await chmod(stagingPath, 0o644);
}

interface FileBlocks {
  readonly blockSizeBytes: number;
  readonly total: number;
  readonly free: number;
  /** Of the rows in the blocks; the others were deleted and only marked so. */
  readonly deletedShare: number;
}

async function blocksOf(connection: DuckDBConnection, alias: string): Promise<FileBlocks> {
  const name = alias.slice(1, -1).replaceAll('""', '"');
  const rows = await readRows(
    connection,
    'SELECT database_name, block_size, total_blocks, free_blocks FROM pragma_database_size()',
  );
  const [, blockSize = 0, total = 0, free = 0] = rows.find(([database]) => database === name) ?? [];
  const stored = await readNumber(
    connection,
    `SELECT estimated_size FROM duckdb_tables() WHERE database_name = ${quoteLiteral(name)} AND table_name = 'data'`,
  );
  const alive = await readNumber(connection, `SELECT count(*) FROM ${dataTable(alias)}`);
  const deletedShare = stored === 0 ? 0 : 1 - alive / stored;
  return { blockSizeBytes: Number(blockSize), total: Number(total), free: Number(free), deletedShare };
}

function isWorthRewriting({ blockSizeBytes, total, free, deletedShare }: FileBlocks): boolean {
  const outgrewSmallBlocks = blockSizeBytes < LARGE_BLOCK_BYTES && (total - free) * blockSizeBytes > LARGE_TABLE_BYTES;
  const isMostlyWaste = free + deletedShare * (total - free) > total / 2;
  const mostlyFree = isMostlyWaste && total * blockSizeBytes > WORTH_COMPACTING_BYTES;
  return outgrewSmallBlocks || mostlyFree;
}

export interface BuiltFile<T> {
  readonly value: T;
  readonly blockSizeBytes: number;
}

/**
 * Builds the table file at `stagingPath` with `build`, and rewrites it row by row when afterwards it is mostly free space and deleted rows or has
 * outgrown its small blocks:
 *
 *   build ─► CHECKPOINT ─► worth it? ─► copy of the rows beside it ─► both detached ─► copy renamed over the first
 */
export async function buildTableFile<T>(
  database: EngineDatabase,
  stagingPath: string,
  options: StagedFileOptions,
  shape: TableShape,
  signal: AbortSignal,
  build: (connection: DuckDBConnection, alias: string) => Promise<T>,
): Promise<BuiltFile<T>> {
  const compactPath = `${stagingPath}.compact`;
  let rewrittenWith: number | undefined;
  try {
    const built = await database.withStagedFile(stagingPath, options, signal, async (connection, alias) => {
      const value = await build(connection, alias);
      await connection.run(`CHECKPOINT ${alias}`);
      const blocks = await blocksOf(connection, alias);
      if (isWorthRewriting(blocks)) {
        const usedBytes = (blocks.total - blocks.free) * blocks.blockSizeBytes;
        rewrittenWith = blockSizeFor(usedBytes * (1 - blocks.deletedShare));
        await copyRows(database, alias, compactPath, rewrittenWith, shape, signal);
      }
      return { value, blockSizeBytes: blocks.blockSizeBytes };
    });
    if (rewrittenWith === undefined) return built;
    await rename(compactPath, stagingPath);
    return { value: built.value, blockSizeBytes: rewrittenWith };
  } catch (error) {
    await Promise.all([rm(compactPath, { force: true }), rm(`${compactPath}.wal`, { force: true })]);
    throw error;
  }
}

async function copyRows(
  database: EngineDatabase,
  fromAlias: string,
  path: string,
  blockSizeBytes: number,
  shape: TableShape,
  signal: AbortSignal,
): Promise<void> {
  await database.withStagedFile(path, { blockSizeBytes }, signal, async (connection, alias) => {
    await connection.run(createTableSql(dataTable(alias), shape));
    await connection.run(`INSERT INTO ${dataTable(alias)} SELECT * FROM ${dataTable(fromAlias)}`);
  });
}
