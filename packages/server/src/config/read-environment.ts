import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from './load-config.js';
import { ConfigError } from './option.js';

/** The variables of the process on top of those in a `.env` file of the working directory, where there is one. */
export function readEnvironment(directory: string = process.cwd(), processEnv: Environment = process.env): Environment {
  const path = join(directory, '.env');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { ...processEnv };
    throw new ConfigError(`The file .env in the working directory cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  // An empty variable counts as unset (`loadConfig`), so it must not hide what the file says.
  const set = Object.entries(processEnv).filter(([, value]) => value !== undefined && value !== '');
  // Names match without regard to case: a variable of the process also replaces another spelling of it in the file.
  const replaced = new Set(set.map(([name]) => name.toUpperCase()));
  const fromFile = Object.entries(parseEnv(text)).filter(([name]) => !replaced.has(name.toUpperCase()));
  return Object.fromEntries([...fromFile, ...set]);
}
