import { chmod, rename, rm } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteLiteral } from '../../quoting.js';
import { installStatements, rowsToLoad } from './definitions/install-statements.js';
import { PROJECT_TABLES } from './definitions/project-tables.js';
import { CATALOG_DATABASE, PROJECT_DATABASE, WORKSPACE_DATABASE } from './names.js';
import { SessionVariables, UNKNOWN_SESSION } from './session-variables.js';

/**
 * Makes the file that workers attach: PostgreSQL's rows, the views over the workspace and the project, the macros. What it depends on
 * is checked while it is made, so everything it will meet in a worker is there, empty.
 */
export async function buildCatalogFile(path: string): Promise<void> {
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { force: true });
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', autoload_known_extensions: 'false' });
  const connection = await instance.connect();
  try {
    await connection.run(
      `ATTACH ${quoteLiteral(unfinished)} AS ${CATALOG_DATABASE} (STORAGE_VERSION 'v1.5.0', BLOCK_SIZE 16384)`,
    );
    await connection.run(`ATTACH ':memory:' AS ${WORKSPACE_DATABASE}`);
    await connection.run(`ATTACH ':memory:' AS ${PROJECT_DATABASE}`);
    for (const statement of PROJECT_TABLES) await connection.run(statement);
    await new SessionVariables().set(connection, UNKNOWN_SESSION);
    for (const statement of installStatements()) await connection.run(statement);
    for (const { sql, json } of rowsToLoad()) await connection.run(sql, [json]);
    await connection.run(`CHECKPOINT ${CATALOG_DATABASE}`);
    await connection.run(`DETACH ${CATALOG_DATABASE}`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  await chmod(unfinished, 0o444);
  // Workers that have the previous file attached keep it.
  await rename(unfinished, path);
}
