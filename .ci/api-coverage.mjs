// Is every operation of the API called by the acceptance suite, and by the file that API_COVERAGE.md names?
//
//   node .ci/api-coverage.mjs FOLDER            FOLDER: what a whole run with ACCEPTANCE_CALLS=FOLDER noted
//   node .ci/api-coverage.mjs FOLDER --write    brings the table up to date: rows that are true stay as they are
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const documentPath = join(root, 'acceptance/API_COVERAGE.md');
const [folder, option] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder of the calls');

/** Concrete segments before parameters: `/files/prepare` is not a file id. */
const { paths } = JSON.parse(readFileSync(join(root, 'openapi/openapi.json'), 'utf8'));
const operations = Object.entries(paths)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      operationId,
      title: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      parameters: (path.match(/\{/g) ?? []).length,
      pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
    })),
  )
  .sort((a, b) => a.parameters - b.parameters);

/** Operation id to the files that called it with success, and how many different calls each made. */
const callers = new Map(operations.map(({ operationId }) => [operationId, new Map()]));
for (const name of readdirSync(folder)) {
  for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
    if (line === '') continue;
    const { file, method, path, status } = JSON.parse(line);
    if (status >= 300) continue;
    const called = operations.find((one) => one.method === method && one.pattern.test(path));
    if (called === undefined) continue;
    const files = callers.get(called.operationId);
    files.set(file, (files.get(file) ?? 0) + 1);
  }
}

const [before, table, after] = readFileSync(documentPath, 'utf8').split(
  /<!-- operations -->|<!-- end of operations -->/,
);
if (after === undefined) throw new Error(`${documentPath} has no table between its marks`);
const rows = new Map(
  [...table.matchAll(/^\| `(\w+)` \| `[^`]+` \| `([^`]+)` \|$/gm)].map((match) => [match[1], match[2]]),
);

const problems = [];
const lines = ['| Operation | | Called, for one, by |', '| --- | --- | --- |'];
for (const { operationId, title } of operations.toSorted((a, b) => (a.operationId < b.operationId ? -1 : 1))) {
  const files = callers.get(operationId);
  const named = rows.get(operationId);
  const most = [...files].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
  if (most === undefined) problems.push(`${operationId}: no test called it with success`);
  else if (named === undefined) problems.push(`${operationId}: has no row`);
  else if (!files.has(named)) problems.push(`${operationId}: ${named} did not call it with success`);
  if (most !== undefined) lines.push(`| \`${operationId}\` | \`${title}\` | \`${files.has(named) ? named : most}\` |`);
}
for (const operationId of rows.keys()) if (!callers.has(operationId)) problems.push(`${operationId}: is no operation`);

if (option === '--write') {
  writeFileSync(
    documentPath,
    `${before}<!-- operations -->\n\n${lines.join('\n')}\n\n<!-- end of operations -->${after}`,
  );
}
for (const problem of problems) console.log(problem);
const covered = [...callers.values()].filter((files) => files.size > 0).length;
console.log(`${covered} of ${callers.size} operations are called by the acceptance suite`);
process.exit(covered === callers.size && (option === '--write' || problems.length === 0) ? 0 : 1);
