#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { describeStartFailure } from './commands/start-failure.js';
import type { Config } from './config/config.js';
import { loadConfig } from './config/load-config.js';
import { describeMachine } from './config/machine.js';
import { readEnvironment } from './config/read-environment.js';

// Uploads, downloads and results pass through buffers outside the heap, which the collector counts as growth of a heap that should not grow: it
// would mark everything every 20 MB, more work than passing the bytes on.
setFlagsFromString('--heap-growing-percent=100');

/** Commands are loaded when they run, so that `--version` and a configuration mistake answer at once. */
const program = new Command('duckdb-storage')
  .description('On-premise Keboola storage on a plain disk: one service, one DuckDB file per table.')
  .version(describeMachine().packageVersion)
  .addHelpText('after', '\nOptions of the service are environment variables, see docs/configuration.md.');

program
  .command('serve', { isDefault: true })
  .description('run the service until SIGTERM or SIGINT')
  .action(() => run(async (config) => (await import('./commands/serve.js')).serve(config)));

program
  .command('doctor')
  .description('check that metadata and disk agree, without changing anything; the server may be running')
  .option('--json', 'print the report as JSON')
  .action((options: { json?: boolean }) =>
    run(async (config) => (await import('./commands/doctor.js')).doctor(config, options)),
  );

program
  .command('restore')
  .description('put a backup into the data folder, which must be empty; checks everything in the backup first')
  .argument('<backup>', 'directory of the backup, or its name in BACKUP_DIR')
  .option('--link', 'hard links to the files of the backup instead of copies')
  .action((backup: string, options: { link?: boolean }) =>
    run(async (config) => (await import('./commands/restore.js')).restore(config, backup, options)),
  );

async function run(command: (config: Config) => Promise<number>): Promise<never> {
  let debug = false;
  try {
    const config = loadConfig(readEnvironment());
    debug = config.service.debug;
    process.exit(await command(config));
  } catch (error) {
    process.stderr.write(`${describeStartFailure(error)}\n`);
    if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    process.exit(1);
  }
}

await program.parseAsync();
