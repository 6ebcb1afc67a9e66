import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DuckDBResultReader } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wireTypeOf } from '../encoding/wire-type.js';
import { ANALYST, CatalogUnderTest, textOf } from './catalog-under-test.fixture.js';
import type { CatalogStatement } from './translate-catalog-statement.js';

/**
 * Statements that real clients sent to PostgreSQL 15 (psql's backslash commands, SQLAlchemy with four drivers, pandas, JDBC, ODBC, asyncpg,
 * psycopg, Django, dbt), each with PostgreSQL's answer about the same objects. Numbers of objects are written as the objects they are,
 * sizes and estimates as `*`. What is compared is names of columns and every value; the order of rows is not, because few of them fix it.
 */
interface Recorded {
  readonly clients: readonly string[];
  /** Client, and of psql the command. */
  readonly label: string;
  readonly sql: string;
  /** Name and type. */
  readonly columns: readonly (readonly [string, string])[];
  readonly count: number;
  readonly rows?: readonly (readonly (string | null)[])[];
  /** Of the rows as JSON, when they are many. */
  readonly sha256?: string;
}

/** Where the answer is another, and why that is right. */
const OTHERWISE: readonly { readonly statement: RegExp; readonly why: string }[] = [
  { statement: /pg_catalog\.version\(\)/, why: 'the version says which server this is' },
  { statement: /FROM pg_catalog\.pg_database d\s+ORDER BY 1/, why: 'there is one database: the workspace' },
  {
    statement: /^(?!.*\^\(in_c_sales\)\$).*c\.relkind IN \('r','p','t','s',''\)/s,
    why: 'own tables have no TOAST tables',
  },
  { statement: /opf_types|string_agg\(.*opfamily/is, why: 'PostgreSQL leaves the order in the list open' },
  { statement: /s\.source <> 'default'/, why: 'the settings of that server' },
  { statement: /current_setting\('jit'\)/, why: 'the settings of that server' },
];

const MASKED = /size|reltuples|tuples|rows|pages|relfilenode|^xmin$|^age$|frozen|minmxid|cardinality|pid|conforencing/i;

const recorded = readFileSync(new URL('./client-statements.fixture.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Recorded);

const SYMBOLS = `
  SELECT oid, 'r:' || (SELECT nspname FROM __pg.catalog.pg_namespace AS n WHERE n.oid = relnamespace) || '.' || relname FROM __pg.catalog.pg_class
  UNION ALL SELECT oid, 't:' || (SELECT nspname FROM __pg.catalog.pg_namespace AS n WHERE n.oid = typnamespace) || '.' || typname FROM __pg.catalog.pg_type
  UNION ALL SELECT oid, 'n:' || nspname FROM __pg.catalog.pg_namespace
  UNION ALL SELECT oid, 'c:' || __pg.fn.regclass_out(conrelid) || '.' || conname FROM __pg.catalog.pg_constraint
  UNION ALL SELECT oid, 'd:' || datname FROM __pg.catalog.pg_database
  UNION ALL SELECT oid, 'u:' || rolname FROM __pg.catalog.pg_authid
  UNION ALL SELECT oid, 'w:' || __pg.fn.regclass_out(ev_class) FROM __pg.catalog.pg_rewrite
  UNION ALL SELECT oid, 'a:' || __pg.fn.regclass_out(adrelid) || '.' || adnum FROM __pg.catalog.pg_attrdef
  UNION ALL SELECT oid, 'e:' || __pg.fn.regtype_out(enumtypid) || '.' || enumlabel FROM __pg.catalog.pg_enum`;

const SESSION = { ...ANALYST, settings: new Map([['application_name', 'corpus']]) };

let workspace: CatalogUnderTest;
const typesEqual: boolean[] = [];
const numberOf = new Map<string, string>();
const symbolOf = new Map<string, string>();

beforeAll(async () => {
  workspace = await CatalogUnderTest.open();
  const objects = readFileSync(new URL('./objects.fixture.sql', import.meta.url), 'utf8');
  for (const statement of objects.split(/;\n/).filter((one) => one.trim() !== ''))
    await workspace.session.run(statement);
  await workspace.catalog.prepare(workspace.session, {
    ...ANALYST,
    settings: new Map([['application_name', 'corpus']]),
  });
  for (const [oid, symbol] of (await workspace.session.runAndReadAll(SYMBOLS)).getRows()) {
    if (Number(oid) < 16384) continue;
    numberOf.set(String(symbol), String(oid));
    symbolOf.set(String(oid), String(symbol));
  }
});
afterAll(() => workspace.close());

/** What differs between our answer and PostgreSQL's; undefined when nothing does. */
async function difference(one: Recorded, overViews = false): Promise<string | undefined> {
  const sql = one.sql.replace(/\{([a-z]:[^{}]*)\}/g, (_, symbol: string) => numberOf.get(symbol) ?? `no ${symbol}`);
  const statement = workspace.catalog.translate(sql);
  if (statement === undefined) return 'not taken for a statement about the catalogue';
  const fast = await workspace.catalog.prepare(workspace.session, SESSION, statement);
  const result = await workspace.session.runAndReadAll(overViews ? statement.sql : fast);
  typesEqual.push(typesOf(one, statement, result));
  const names = one.columns.map(([name]) => name);
  if (result.columnNames().join() !== names.join()) return `columns ${result.columnNames().join()}`;
  const rows = result
    .getRows()
    .map((row) => row.map((value, index) => shown(textOf(value), names[index] ?? '')))
    .map((row) => JSON.stringify(row))
    .sort();
  if (one.sha256 !== undefined) {
    const digest = createHash('sha256')
      .update(`[${rows.join(',')}]`)
      .digest('hex');
    return digest === one.sha256 ? undefined : `${rows.length} rows, PostgreSQL has ${one.count}`;
  }
  const expected = (one.rows ?? []).map((row) => JSON.stringify(row)).sort();
  const missing = expected.filter((row) => !rows.includes(row));
  const extra = rows.filter((row) => !expected.includes(row));
  if (rows.length === expected.length && missing.length + extra.length === 0) return undefined;
  return `missing ${missing.slice(0, 2).join(' ')}, instead ${extra.slice(0, 2).join(' ')}`;
}

function typesOf(one: Recorded, statement: CatalogStatement, result: DuckDBResultReader): boolean {
  const types = result.columnTypes().map((type, index) => statement.columnTypes?.[index] ?? wireTypeOf(type).name);
  return types.join() === one.columns.map(([, type]) => type).join();
}

function shown(value: string | null, column: string): string | null {
  const text = value?.replace(/(?<![\w.])\d{5,10}(?![\w.])/g, (number) => {
    const symbol = symbolOf.get(number);
    return symbol === undefined ? number : `{${symbol}}`;
  });
  return MASKED.test(column) && text?.startsWith('{') !== true ? '*' : (text ?? null);
}

describe('statements that clients send', () => {
  it('are answered as PostgreSQL answers them', { timeout: 240_000 }, async () => {
    const problems: string[] = [];
    for (const one of recorded) {
      const reason = OTHERWISE.find(({ statement }) => statement.test(one.sql));
      const found = await difference(one).catch((error: unknown) => String(error).slice(0, 300));
      if ((found === undefined) !== (reason === undefined)) {
        problems.push(`${one.label}: ${found ?? 'is equal, though it is said to differ'}\n${one.sql.slice(0, 200)}`);
      }
    }
    expect(problems).toEqual([]);
  });

  it('get the types that PostgreSQL gives, most of them', () => {
    // Lists of names and numbers say text[] and int8[]; a few expressions are not followed.
    expect(typesEqual.filter(Boolean).length / typesEqual.length).toBeGreaterThan(0.89);
  });

  it('are answered the same in a transaction that has made objects', { timeout: 120_000 }, async () => {
    await workspace.session.run('BEGIN; CREATE SCHEMA passing; DROP SCHEMA passing');
    const problems: string[] = [];
    for (const one of recorded.filter((_, index) => index % 12 === 0)) {
      if (OTHERWISE.some(({ statement }) => statement.test(one.sql))) continue;
      const found = await difference(one, true);
      if (found !== undefined) problems.push(`${one.label}: ${found}`);
    }
    await workspace.session.run('ROLLBACK');
    expect(problems).toEqual([]);
  });
});
