import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Area } from '../clients.js';
import type { Difference } from './transcript.js';

/** The outcome of one feature of one client; a difference is what makes it a "no". */
export interface Cell {
  readonly area: Area;
  readonly works: boolean;
  readonly difference?: Difference;
}

/** All that `docs/compatibility.md` says of a client. */
export interface Results {
  readonly title: string;
  readonly features: Readonly<Record<string, Cell>>;
}

const LONGEST_LINE = 160;

const pathOf = (client: string): string => fileURLToPath(new URL(`../results/${client}.json`, import.meta.url));

/** What was true when the results were last recorded. */
export function committedResults(client: string): Results | undefined {
  const path = pathOf(client);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Results) : undefined;
}

export function recordResults(client: string, { title, features }: Results): void {
  const shortened = Object.entries(features).map(([feature, { area, works, difference }]) => [
    feature,
    difference === undefined
      ? { area, works }
      : { area, works, difference: { postgres: cut(difference.postgres), ours: cut(difference.ours) } },
  ]);
  mkdirSync(dirname(pathOf(client)), { recursive: true });
  writeFileSync(pathOf(client), `${JSON.stringify({ title, features: Object.fromEntries(shortened) }, null, 2)}\n`);
}

function cut(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1)}…` : line;
}
