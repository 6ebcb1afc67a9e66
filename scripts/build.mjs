// Transpiles every package from src/ to dist/, file by file. Types are checked separately (`npm run types`),
// so that `npm start` from a fresh clone takes a fraction of a second here.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = new URL('..', import.meta.url).pathname;

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile());
}

const isSource = (path) => /\.ts$/.test(path) && !/\.(test|conformance|fixture|d)\.ts$/.test(path);

/** Data that code reads beside itself at run time. */
const isData = (path) => /\.jsonl$/.test(path) && !/\.fixture\.jsonl$/.test(path);

for (const name of ['server', 'api-client']) {
  const source = join(root, 'packages', name, 'src');
  const outdir = join(root, 'packages', name, 'dist');
  const files = filesIn(source);
  const entryPoints = files.filter(isSource);
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
  for (const path of files.filter(isData)) copyFileSync(path, join(outdir, relative(source, path)));
}

// Workers attach the catalogue that PostgreSQL's clients read as a file: making it takes a second, attaching it milliseconds. It
// is made again when the code it comes from changed.
const catalog = join(root, 'packages/server/dist/duckdb/workspace/catalog');
const catalogFile = join(catalog, 'postgresql-15.duckdb');
const madeFrom = createHash('sha256');
for (const path of filesIn(catalog)
  .filter((one) => /\.(js|jsonl)$/.test(one))
  .sort())
  madeFrom.update(readFileSync(path));
const digest = madeFrom.digest('hex');
if (
  !existsSync(catalogFile) ||
  !existsSync(`${catalogFile}.made-from`) ||
  readFileSync(`${catalogFile}.made-from`, 'utf8') !== digest
) {
  const { buildCatalogFile } = await import(join(catalog, 'build-catalog-file.js'));
  await buildCatalogFile(catalogFile);
  writeFileSync(`${catalogFile}.made-from`, digest);
}
