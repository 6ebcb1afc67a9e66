import { basename, extname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

import { DomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import type { JobHandler } from '../../workers/job-context.js';
import { countChanges, findChangedKeys } from '../compare/changed-keys.js';
import {
  CHANGE,
  comparedShape,
  differentOn,
  equalOn,
  HIT,
  listOf,
  PLACE,
  type ComparedShape,
} from '../compare/compared-shape.js';
import { checksumFile } from '../file-checksum.js';
import { readNumber, readRows } from '../import/query.js';
import { hidesRowNumber } from '../import/table-columns.js';
import { blockSizeFor, buildTableFile } from '../import/table-file.js';
import { quoteIdentifier } from '../quoting.js';
import { createTableSql, dataTable } from '../table-ddl.js';

const SHOWN_CONFLICTS = 20;

interface Tables {
  readonly origin: string;
  readonly changed: string;
  readonly target: string;
  readonly merged: string;
}

/**
 * Three-way merge by key: what changed between the origin and one of its descendants is applied to the other.
 *
 *   origin ──► changed      temp.mine
 *      └─────► target       temp.theirs      a key in both must have come to the same, else it is a conflict
 *
 * Rows of the target keep their order; new ones go to the end, in their own order.
 */
export const mergeVersions: JobHandler<'mergeVersions'> = async (request, { database, signal }) => {
  const { origin, changed, target, shape, stagingPath } = request;
  const targetVersion = { id: basename(target.path, extname(target.path)), path: target.path };
  const built = await database.withVersion(origin, (originAlias) =>
    database.withVersion(changed, (changedAlias) =>
      database.withVersion(targetVersion, (targetAlias) =>
        buildTableFile(
          database,
          stagingPath,
          { blockSizeBytes: blockSizeFor(target.sizeBytes) },
          shape,
          signal,
          async (connection, alias) => {
            await connection.run(createTableSql(dataTable(alias), shape));
            return await merge(connection, shape, {
              origin: dataTable(originAlias),
              changed: dataTable(changedAlias),
              target: dataTable(targetAlias),
              merged: dataTable(alias),
            });
          },
        ),
      ),
    ),
  );
  const file = await checksumFile(stagingPath, signal);
  return { ...built.value, ...file, shape, blockSizeBytes: built.blockSizeBytes };
};

async function merge(connection: DuckDBConnection, shape: TableShape, tables: Tables) {
  const compared = comparedShape(shape, shape);
  await findChangedKeys(connection, 'mine', compared, tables.origin, tables.changed);
  await findChangedKeys(connection, 'theirs', compared, tables.origin, tables.target);
  await mustNotConflict(connection, compared, tables);
  // What the target has come to by itself needs no applying.
  await connection.run(`DELETE FROM temp.mine AS m USING temp.theirs AS t WHERE ${equalOn(compared.key, 'm', 't')}`);
  const counts = await countChanges(connection, 'mine');
  await writeMergedRows(connection, shape, compared, tables);
  return {
    rowCount: await readNumber(connection, `SELECT count(*) FROM ${tables.merged}`),
    insertedRows: counts.added,
    updatedRows: counts.changed,
    deletedRows: counts.removed,
  };
}

async function mustNotConflict(
  connection: DuckDBConnection,
  { key, values }: ComparedShape,
  { changed, target }: Tables,
): Promise<void> {
  const side = (alias: string, table: string): string =>
    `LEFT JOIN (SELECT true AS ${HIT}, * FROM ${table}) AS ${alias} ON ${equalOn(key, alias, 'm')}`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE conflicts AS
     SELECT ${listOf(key, 'm')}
     FROM temp.mine AS m JOIN temp.theirs AS t ON ${equalOn(key, 'm', 't')} ${side('c', changed)} ${side('g', target)}
     WHERE c.${HIT} IS DISTINCT FROM g.${HIT} OR (c.${HIT} AND g.${HIT} AND ${differentOn(values, 'c', 'g')})`,
  );
  const count = await readNumber(connection, 'SELECT count(*) FROM temp.conflicts');
  if (count === 0) return;
  const texts = key.map(({ name }) => `CAST(${quoteIdentifier(name)} AS VARCHAR)`).join(', ');
  const shown = await readRows(
    connection,
    `SELECT ${texts} FROM temp.conflicts ORDER BY ${listOf(key)} LIMIT ${SHOWN_CONFLICTS}`,
  );
  throw new DomainError(
    'merge_conflict',
    `${count} rows were changed on both sides in different ways. Nothing was changed.`,
    {
      conflicting_rows: count,
      conflicting_keys: shown.map((row) => Object.fromEntries(key.map(({ name }, index) => [name, row[index]]))),
    },
  );
}

async function writeMergedRows(
  connection: DuckDBConnection,
  shape: TableShape,
  { key, values }: ComparedShape,
  { changed, target, merged }: Tables,
): Promise<void> {
  const place = hidesRowNumber(shape) ? 'row_number() OVER ()' : 'rowid';
  const columns = listOf(shape.columns);
  const row = shape.columns
    .map(({ name }) => quoteIdentifier(name))
    .map((name, index) =>
      values.includes(shape.columns[index] as (typeof values)[number])
        ? `CASE WHEN m.${CHANGE} = 'changed' THEN c.${name} ELSE g.${name} END`
        : `g.${name}`,
    );
  await connection.run(
    `INSERT INTO ${merged} (${columns}) SELECT ${row.join(', ')}
     FROM (SELECT ${place} AS ${PLACE}, ${columns} FROM ${target}) AS g
     LEFT JOIN temp.mine AS m ON ${equalOn(key, 'm', 'g')}
     LEFT JOIN ${changed} AS c ON m.${CHANGE} = 'changed' AND ${equalOn(key, 'c', 'g')}
     WHERE m.${CHANGE} IS DISTINCT FROM 'removed' ORDER BY g.${PLACE}`,
  );
  await connection.run(
    `INSERT INTO ${merged} (${columns}) SELECT ${listOf(shape.columns, 'c')}
     FROM (SELECT ${place} AS ${PLACE}, ${columns} FROM ${changed}) AS c
     JOIN temp.mine AS m ON ${equalOn(key, 'm', 'c')} WHERE m.${CHANGE} = 'added' ORDER BY c.${PLACE}`,
  );
}
