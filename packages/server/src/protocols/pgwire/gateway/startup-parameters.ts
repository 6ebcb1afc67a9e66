import { SqlError } from '../../../errors/sql-error.js';

export interface SessionParameters {
  readonly username: string;
  readonly databaseName: string;
  readonly applicationName: string | null;
  /** `user`, `database` and every setting, those from `options` included; names in lower case but for these two. */
  readonly all: Readonly<Record<string, string>>;
}

/**
 * What a startup packet asks for. `options` holds arguments of a command line (`-c name=value`, `--name=value`), of which the
 * session understands settings; what the packet says itself counts more.
 */
export function readStartupParameters(parameters: ReadonlyMap<string, string>): SessionParameters {
  const username = parameters.get('user') ?? '';
  if (username === '') {
    throw new SqlError('28000', 'no PostgreSQL user name specified in startup packet', { severity: 'FATAL' });
  }
  const replication = parameters.get('replication') ?? 'false';
  if (!['false', 'off', 'no', '0'].includes(replication.toLowerCase())) {
    throw new SqlError('0A000', 'replication connections are not supported', { severity: 'FATAL' });
  }
  const databaseName = parameters.get('database') ?? '';
  // A record without prototype: names are the client's.
  const all = Object.create(null) as Record<string, string>;
  for (const [name, value] of settingsOf(parameters.get('options') ?? '')) all[name] = value;
  for (const [name, value] of parameters) {
    if (!['user', 'database', 'options', 'replication'].includes(name)) all[name.toLowerCase()] = value;
  }
  all.user = username;
  all.database = databaseName === '' ? username : databaseName;
  return { username, databaseName: all.database, applicationName: all.application_name ?? null, all };
}

function settingsOf(options: string): [name: string, value: string][] {
  const settings: [string, string][] = [];
  const words = wordsOf(options);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    let setting: string | undefined;
    if (word === '-c') setting = words[(index += 1)];
    else if (word.startsWith('-c')) setting = word.slice(2);
    else if (word.startsWith('--')) setting = word.slice(2);
    else throw invalidOption(`invalid command-line argument for server process: ${word}`);
    if (setting === undefined) throw invalidOption('option requires an argument: -c');
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
    if (name === undefined || value === undefined) throw invalidOption(`-c ${setting} requires a value`);
    // PostgreSQL reads a dash in a name as an underscore here.
    settings.push([name.replaceAll('-', '_').toLowerCase(), value]);
  }
  return settings;
}

/** Words between white space; a backslash takes the next character as it is. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:\\[\s\S]|[^\s\\])+/g)].map(([word]) => word.replaceAll(/\\([\s\S])/g, '$1'));
}

function invalidOption(message: string): SqlError {
  return new SqlError('42601', message, { severity: 'FATAL' });
}
