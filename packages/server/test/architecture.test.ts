import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '../src/model/operations.js';

/**
 * The repository tests itself: who may import whom, where things live, and how they are named. A failure lists the
 * places, each as `file: reason`, so that it reads like a list of what to move.
 */
const ROOT = resolve(import.meta.dirname, '../../..');
const SOURCE = join(ROOT, 'packages/server/src');

/** Data flows one way: a layer imports from its own rank and below, for types too. */
const RANK: Readonly<Record<string, number>> = {
  errors: 0,
  model: 0,
  lib: 0,
  config: 0,
  metadata: 1,
  files: 1,
  duckdb: 1,
  workers: 1,
  engine: 1,
  transfer: 1,
  auth: 2,
  observability: 2,
  services: 2,
  jobs: 2,
  protocols: 3,
};

/** What a layer may load at run time beside itself. Types are freer: they only follow the rank. */
const BASE = ['errors', 'model', 'lib'];
const MAY_LOAD: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  model: BASE,
  lib: BASE,
  config: [],
  metadata: BASE,
  files: BASE,
  duckdb: BASE,
  workers: [...BASE, 'duckdb'],
  engine: BASE,
  transfer: [...BASE, 'engine'],
  auth: [...BASE, 'config'],
  observability: BASE,
  services: [...BASE, 'auth', 'observability', 'engine', 'transfer', 'files'],
  jobs: [...BASE, 'observability', 'services'],
  protocols: [...BASE, 'auth', 'observability', 'services'],
};

/** The composition root, the process entry and its commands see everything. */
const SEES_EVERYTHING = new Set(['.', 'commands']);

const PACKAGE_HOMES: readonly { readonly name: RegExp; readonly folders: readonly string[] }[] = [
  { name: /^@duckdb\//, folders: ['duckdb', 'workers'] },
  { name: /^(libpg-query|pgsql-deparser)$/, folders: ['duckdb'] },
  { name: /^(kysely|@photostructure\/sqlite|node:sqlite)$/, folders: ['metadata'] },
  { name: /^(fastify|@fastify\/.*|typebox|typebox\/.*)$/, folders: ['protocols'] },
  { name: /^node:http2?$/, folders: ['protocols'] },
  { name: /^(@bufbuild|@connectrpc)\//, folders: ['protocols'] },
  { name: /^prom-client$/, folders: ['observability'] },
  { name: /^pino$/, folders: ['observability', 'protocols'] },
];

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

interface SourceFile {
  /** Relative to the server's `src`. */
  readonly path: string;
  /** First folder, or `.` for the files beside `main.ts`. */
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly strings: readonly string[];
  readonly readsEnvironment: boolean;
}

function filesUnder(folder: string, keep: (path: string) => boolean): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return ['node_modules', 'dist', '.git', '.clients', 'data', 'coverage', 'results'].includes(entry.name)
        ? []
        : filesUnder(path, keep);
    }
    return entry.isFile() && keep(path) ? [path] : [];
  });
}

const isTest = (path: string): boolean => /\.(test|conformance)\.ts$/.test(path);

function parse(absolutePath: string): SourceFile {
  const path = relative(SOURCE, absolutePath);
  const text = readFileSync(absolutePath, 'utf8');
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const strings: string[] = [];
  let readsEnvironment = false;

  function visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      imports.push({ specifier: node.moduleSpecifier.text, typeOnly: node.importClause?.isTypeOnly === true });
      return;
    }
    if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      imports.push({ specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly });
      return;
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const target = node.arguments[0];
      if (target !== undefined && ts.isStringLiteral(target)) imports.push({ specifier: target.text, typeOnly: false });
    }
    if (ts.isStringLiteralLike(node)) strings.push(node.text);
    if (ts.isTemplateHead(node)) strings.push(node.text);
    if (ts.isPropertyAccessExpression(node) && node.getText(tree) === 'process.env') readsEnvironment = true;
    ts.forEachChild(node, visit);
  }
  visit(tree);
  return {
    path,
    layer: path.includes('/') ? (path.split('/')[0] ?? '.') : '.',
    text,
    imports,
    strings,
    readsEnvironment,
  };
}

const sources = filesUnder(SOURCE, (path) => path.endsWith('.ts') && !isTest(path)).map(parse);
const byPath = new Map(sources.map((file) => [file.path, file]));

/** The source file behind a relative import; undefined for packages. */
function targetOf(file: SourceFile, { specifier }: Import): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return join(dirname(file.path), specifier).replace(/\.js$/, '.ts');
}

function layerOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '.') : '.';
}

/** Every file that loading `start` loads, with the import that led there. */
function loadedFrom(start: readonly string[]): Map<string, string> {
  const reached = new Map(start.map((path) => [path, '']));
  for (const path of reached.keys()) {
    const file = byPath.get(path);
    for (const one of file?.imports ?? []) {
      const target = file && !one.typeOnly ? targetOf(file, one) : undefined;
      if (target !== undefined && !reached.has(target)) reached.set(target, path);
    }
  }
  return reached;
}

describe('import direction', () => {
  it('knows every folder', () => {
    const unknown = sources.filter(({ layer }) => !SEES_EVERYTHING.has(layer) && !(layer in RANK));
    expect(unknown.map(({ path }) => path)).toEqual([]);
  });

  it('goes from protocols down to errors, model and lib, and never back', () => {
    const problems = sources.flatMap((file) =>
      file.imports.flatMap((one) => {
        const target = targetOf(file, one);
        if (target === undefined || SEES_EVERYTHING.has(file.layer)) return [];
        const to = layerOf(target);
        if (to === file.layer) return [];
        const allowed = one.typeOnly
          ? (RANK[to] ?? Number.POSITIVE_INFINITY) <= (RANK[file.layer] ?? -1)
          : MAY_LOAD[file.layer]?.includes(to) === true;
        return allowed ? [] : [`${file.path}: ${one.typeOnly ? 'type of' : 'loads'} ${target}`];
      }),
    );
    expect(problems).toEqual([]);
  });

  it('has an existing file behind every relative import', () => {
    const missing = sources.flatMap((file) =>
      file.imports.flatMap((one) => {
        const target = targetOf(file, one);
        return target === undefined || existsSync(join(SOURCE, target)) ? [] : [`${file.path}: ${one.specifier}`];
      }),
    );
    expect(missing).toEqual([]);
  });

  it('uses each package only in its home', () => {
    const strays = sources.flatMap((file) =>
      file.imports.flatMap(({ specifier }) =>
        PACKAGE_HOMES.some(({ name, folders }) => name.test(specifier) && !folders.includes(file.layer)) &&
        (!SEES_EVERYTHING.has(file.layer) || specifier.startsWith('@duckdb/'))
          ? [`${file.path}: ${specifier}`]
          : [],
      ),
    );
    expect(strays).toEqual([]);
  });

  it('never loads DuckDB into the service process', () => {
    const service = sources
      .filter(({ layer, path }) => path === 'app.ts' || ['protocols', 'services', 'engine', 'transfer'].includes(layer))
      .map(({ path }) => path);
    const reached = loadedFrom(service);
    const offenders = [...reached].flatMap(([path, from]) =>
      byPath.get(path)?.imports.some(({ specifier, typeOnly }) => !typeOnly && specifier.startsWith('@duckdb/'))
        ? [`${path}, loaded by ${from}`]
        : [],
    );
    expect(offenders).toEqual([]);
  });

  it('has no circles', () => {
    const circles = sources.flatMap((file) =>
      file.imports.flatMap((one) => {
        const target = one.typeOnly ? undefined : targetOf(file, one);
        return target !== undefined && loadedFrom([target]).has(file.path) ? [`${file.path} <-> ${target}`] : [];
      }),
    );
    expect(circles).toEqual([]);
  });
});

describe('homes', () => {
  it('writes SQL only beside the database that runs it', () => {
    const statement =
      /^\s*(SELECT\s|WITH\s+\w+\s+AS|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+["\w]+\s+SET|DELETE\s+FROM|MERGE\s+INTO|CREATE\s+(OR\s|TABLE|SCHEMA|UNIQUE|INDEX|TEMP|VIEW)|ALTER\s+TABLE|DROP\s+(TABLE|VIEW|SCHEMA)|ATTACH\s|DETACH\s|COPY\s|PRAGMA\s|CHECKPOINT|BEGIN|COMMIT|ROLLBACK|SET\s+\w+\s*=)/;
    const strays = sources
      .filter(({ layer }) => layer !== 'duckdb' && layer !== 'metadata')
      // Command tags and PostgreSQL's messages begin with words of SQL; the session has nothing that runs text.
      .filter(({ path }) => !path.startsWith('protocols/pgwire/session/'))
      .flatMap(({ path, strings }) => strings.filter((text) => statement.test(text)).map((text) => `${path}: ${text}`));
    expect(strays).toEqual([]);
  });

  it('quotes for SQL only in duckdb/', () => {
    const users = sources.filter((file) => file.imports.some((one) => targetOf(file, one) === 'duckdb/quoting.ts'));
    expect(users.map(({ path }) => path).filter((path) => !path.startsWith('duckdb/'))).toEqual([]);
  });

  it('reads the environment only in config/ and main.ts', () => {
    const readers = sources.filter(({ readsEnvironment }) => readsEnvironment).map(({ path }) => path);
    expect(readers.filter((path) => !path.startsWith('config/') && path !== 'main.ts')).toEqual([]);
  });

  it('has a route for every operation', () => {
    const routes = sources.filter(({ path }) => path.startsWith('protocols/http/'));
    const named = new Set(routes.flatMap(({ strings }) => strings));
    expect(Object.keys(OPERATIONS).filter((operation) => !named.has(operation))).toEqual([]);
  });

  it('keeps each test beside what it tests', () => {
    const folders = new Set(sources.map(({ path }) => dirname(path)));
    const strays = filesUnder(SOURCE, (path) => path.endsWith('.test.ts'))
      .map((path) => relative(SOURCE, path))
      .filter((path) => !folders.has(dirname(path)));
    expect(strays).toEqual([]);
  });
});

describe('form', () => {
  const ownCode = ['packages', 'acceptance', 'bench', 'scripts', 'demo'].flatMap((folder) =>
    filesUnder(
      join(ROOT, folder),
      // The stubs of the driver protocol are written by its generator, in its form.
      (path) => /\.(ts|mjs|js)$/.test(path) && !path.endsWith('.d.ts') && !path.includes('/protocols/driver/gen/'),
    ),
  );

  it('names files in kebab-case', () => {
    const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
    expect(ownCode.filter((path) => !name.test(basename(path))).map((path) => relative(ROOT, path))).toEqual([]);
  });

  it('keeps files below 600 lines', () => {
    const long = ownCode.flatMap((path) => {
      const lines = readFileSync(path, 'utf8').split('\n').length - 1;
      return lines > 600 ? [`${relative(ROOT, path)}: ${lines} lines`] : [];
    });
    expect(long).toEqual([]);
  });

  it('imports files by their full name', () => {
    const bare = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => /^\.(?!.*\.(js|json)$)/.test(specifier))
        .map((one) => `${path}: ${one.specifier}`),
    );
    expect(bare).toEqual([]);
  });

  it('leaves nothing unfinished and no test switched off', () => {
    const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].map((word) => `\\b${word}\\b`).join('|'));
    const switchedOff = new RegExp('\\b(it|test|describe)\\.' + '(only|skip|todo)\\(');
    const found = ownCode.flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      return marks.test(text) || switchedOff.test(text) ? [relative(ROOT, path)] : [];
    });
    expect(found).toEqual([]);
  });

  it('names no path of the machine it was written on', () => {
    const machinePath = new RegExp(['/wo' + 'rk/', '/ho' + 'me/[a-z]', '/Us' + 'ers/[A-Za-z]'].join('|'));
    const text = /\.(ts|mjs|js|json|md|ya?ml|service|html)$|\/(Dockerfile|run|\.dockerignore)$/;
    const all = filesUnder(ROOT, (path) => text.test(path) && basename(path) !== 'package-lock.json');
    const found = all.flatMap((path) => {
      const line = readFileSync(path, 'utf8')
        .split('\n')
        .find((one) => machinePath.test(one));
      return line === undefined ? [] : [`${relative(ROOT, path)}: ${line.trim()}`];
    });
    expect(found).toEqual([]);
  });

  it('locks packages from the public registry only', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    const hosts = [...lock.matchAll(/"resolved": "([a-z+]+:\/\/[^/"]+)/g)].map((match) => match[1] ?? '');
    expect([...new Set(hosts)]).toEqual([]);
  });
});
