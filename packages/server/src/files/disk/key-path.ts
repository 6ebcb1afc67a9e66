import { join } from 'node:path';

/** Top directory of files that have no key yet; keys never start with it. */
export const UNFINISHED_DIRECTORY = '_unfinished';

/**
 * Path of a key below the root. Keys are made by this service from checked names, so a key that could leave the root is
 * a defect, not a user's mistake.
 */
export function pathOfKey(root: string, key: string): string {
  const segments = key.split('/');
  const wrong = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (wrong || key.includes('\0') || key.includes('\\') || segments[0] === UNFINISHED_DIRECTORY) {
    throw new Error(`not a key of the file store: ${JSON.stringify(key)}`);
  }
  return join(root, ...segments);
}
