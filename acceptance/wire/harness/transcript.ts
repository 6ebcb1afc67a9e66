import type { Connection } from './target.js';

/** What a client saw, feature by feature. */
export type Transcript = ReadonlyMap<string, string>;

const SECTION = /^=== (.*?) *$/;

/** Splits what a script printed at its `=== feature` lines. Text before the first one belongs to nothing. */
export function readTranscript(output: string, connection: Connection, folder: string): Transcript {
  const sections = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of mask(output, connection, folder).split('\n')) {
    const name = SECTION.exec(line)?.[1];
    if (name === undefined) lines?.push(line.trimEnd());
    else sections.set(name, (lines = []));
  }
  return new Map([...sections].map(([name, content]) => [name, content.join('\n').trim()]));
}

/** Names that differ on purpose, sizes on disk, and the place of the data. */
function mask(output: string, connection: Connection, folder: string): string {
  const names: [string, string][] = [
    [connection.PGDATABASE, '<database>'],
    [connection.PGUSER, '<user>'],
    [folder, '<folder>'],
  ];
  const masked = names
    .sort(([a], [b]) => b.length - a.length)
    .reduce((text, [name, by]) => text.replaceAll(name, by), output);
  return masked.replaceAll(/\b\d+(\.\d+)? (bytes|kB|MB|GB)\b/g, '<size>');
}

export interface Difference {
  readonly postgres: string;
  readonly ours: string;
}

/** The first line in which two sections differ. */
export function firstDifference(postgres: string | undefined, ours: string | undefined): Difference | undefined {
  if (ours === undefined) return { postgres: postgres?.split('\n')[0] ?? '', ours: '(the script did not get here)' };
  const [left, right] = [(postgres ?? '').split('\n'), ours.split('\n')];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one, other] = [left[index], right[index]];
    if (one !== other) return { postgres: one ?? '(nothing more)', ours: other ?? '(nothing more)' };
  }
  return undefined;
}
