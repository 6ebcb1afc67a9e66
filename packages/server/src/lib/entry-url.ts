/**
 * Where a worker thread or child process finds its entry file: beside the caller, given as `./name.js`.
 *
 * Threads and processes run transpiled files only. A test runs the caller from `src/**.ts`, so the entry is looked up
 * in the mirrored place under `dist`; the extension tells the two apart, because an installation path may well contain
 * a folder called `src`.
 */
export function entryUrl(importMetaUrl: string, relativePath: `./${string}.js` | `../${string}.js`): URL {
  const entry = new URL(relativePath, importMetaUrl);
  if (!new URL(importMetaUrl).pathname.endsWith('.ts')) return entry;
  const sourceFolder = entry.pathname.lastIndexOf('/src/');
  if (sourceFolder === -1)
    throw new Error(`${entry.pathname} is not under a src folder, so it has no built counterpart`);
  entry.pathname = `${entry.pathname.slice(0, sourceFolder)}/dist/${entry.pathname.slice(sourceFolder + '/src/'.length)}`;
  return entry;
}
