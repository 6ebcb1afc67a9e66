// Checks proto/ with buf's rules and writes the TypeScript of the driver protocol from it. With `--check` it writes nothing
// and fails when a committed file differs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const committed = 'packages/server/src/protocols/driver/gen';
const check = process.argv.includes('--check');
const tools = join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: [tools, process.env.PATH].join(delimiter) };

function buf(...args) {
  execFileSync(join(tools, 'buf'), args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

function textsIn(folder) {
  const names = readdirSync(folder, { recursive: true }).map(String);
  return new Map(
    names
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

buf('lint');
if (check) {
  const scratch = mkdtempSync(join(tmpdir(), 'driver-stubs-'));
  try {
    buf('generate', '--output', scratch);
    const fresh = textsIn(join(scratch, committed));
    const there = textsIn(join(root, committed));
    const stale = [...new Set([...fresh.keys(), ...there.keys()])].filter(
      (name) => fresh.get(name) !== there.get(name),
    );
    if (stale.length > 0) {
      process.stderr.write(
        `not fresh in ${committed}: ${stale.join(', ')}; run \`npm run generate\` and commit the result\n`,
      );
      process.exitCode = 1;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
} else {
  rmSync(join(root, committed), { recursive: true, force: true });
  buf('generate');
}
