// Transpiles every package from src/ to dist/, file by file. Types are checked separately (`npm run types`),
// so that `npm start` from a fresh clone takes a fraction of a second here.
import { build } from 'esbuild';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;

function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter(
      (path) => /\.ts$/.test(path) && !/\.(test|conformance|fixture|d)\.ts$/.test(path) && statSync(path).isFile(),
    );
}

for (const name of ['server', 'api-client']) {
  const source = join(root, 'packages', name, 'src');
  const outdir = join(root, 'packages', name, 'dist');
  const entryPoints = sourcesIn(source);
  if (process.argv.includes('--clean')) rmSync(outdir, { recursive: true, force: true });
  if (entryPoints.length === 0) continue;
  await build({
    entryPoints,
    outdir,
    outbase: source,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    logLevel: 'warning',
  });
}
