// Every relative link of the documentation leads to a file, and to a heading of it if it names one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((page) => existsSync(join(root, page)));

const withoutCode = (text) =>
  text.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '));
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchors = (page) =>
  new Set([...readFileSync(join(root, page), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text]) => anchorOf(text)));

let broken = 0;
for (const page of pages) {
  for (const [, target] of withoutCode(readFileSync(join(root, page), 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    const found =
      existsSync(join(root, file)) && (!anchor || (statSync(join(root, file)).isFile() && anchors(file).has(anchor)));
    if (found) continue;
    console.error(`${page}: ${target} leads nowhere`);
    broken += 1;
  }
}
console.log(`${pages.length} pages, ${broken} broken links`);
process.exitCode = broken === 0 ? 0 : 1;
