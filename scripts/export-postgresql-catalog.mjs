// Writes what every PostgreSQL 15 has in its catalogue (types, functions, operators, the columns of every catalogue relation, the
// definitions of its views) into the data file that workspaces answer catalogue statements from. Run by hand, with PostgreSQL 15
// installed, when the file has to change; neither tests nor the service need PostgreSQL.
//
//   node scripts/export-postgresql-catalog.mjs [folder of initdb and postgres]
//
// initdb refuses to run as root: as root, the server runs as the user `postgres`.
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const binaries = process.argv[2] ?? '/usr/lib/postgresql/15/bin';
const output = new URL('../packages/server/src/duckdb/workspace/catalog/postgresql-15.jsonl', import.meta.url).pathname;

const NOTICE =
  'PostgreSQL Database Management System (also known as Postgres, formerly as Postgres95). Portions Copyright (c) 1996-2022, ' +
  'PostgreSQL Global Development Group. Portions Copyright (c) 1994, The Regents of the University of California. Permission to use, ' +
  'copy, modify, and distribute this software and its documentation for any purpose, without fee, and without a written agreement is ' +
  'hereby granted, provided that the above copyright notice and this paragraph and the following two paragraphs appear in all copies. ' +
  'IN NO EVENT SHALL THE UNIVERSITY OF CALIFORNIA BE LIABLE TO ANY PARTY FOR DIRECT, INDIRECT, SPECIAL, INCIDENTAL, OR CONSEQUENTIAL ' +
  'DAMAGES, INCLUDING LOST PROFITS, ARISING OUT OF THE USE OF THIS SOFTWARE AND ITS DOCUMENTATION, EVEN IF THE UNIVERSITY OF CALIFORNIA ' +
  'HAS BEEN ADVISED OF THE POSSIBILITY OF SUCH DAMAGE. THE UNIVERSITY OF CALIFORNIA SPECIFICALLY DISCLAIMS ANY WARRANTIES, INCLUDING, BUT ' +
  'NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE. THE SOFTWARE PROVIDED HEREUNDER IS ON ' +
  'AN "AS IS" BASIS, AND THE UNIVERSITY OF CALIFORNIA HAS NO OBLIGATIONS TO PROVIDE MAINTENANCE, SUPPORT, UPDATES, ENHANCEMENTS, OR ' +
  'MODIFICATIONS.';

// Rows that are about this server rather than about PostgreSQL, or that nobody asks for, stay out.
const ROWS = {
  'pg_catalog.pg_aggregate': 'true',
  'pg_catalog.pg_am': 'true',
  'pg_catalog.pg_amop': 'true',
  'pg_catalog.pg_amproc': 'true',
  'pg_catalog.pg_attribute':
    "attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace IN (11, 'information_schema'::regnamespace))",
  'pg_catalog.pg_authid': 'oid < 16384',
  'pg_catalog.pg_auth_members': 'true',
  'pg_catalog.pg_cast': 'true',
  'pg_catalog.pg_class': 'oid < 16384',
  'pg_catalog.pg_collation': "collprovider <> 'i'",
  'pg_catalog.pg_constraint': 'oid < 16384',
  'pg_catalog.pg_conversion': 'true',
  'pg_catalog.pg_description':
    "classoid IN ('pg_type'::regclass, 'pg_operator'::regclass, 'pg_am'::regclass, 'pg_language'::regclass, 'pg_collation'::regclass, 'pg_namespace'::regclass, 'pg_extension'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_ts_parser'::regclass, 'pg_ts_template'::regclass, 'pg_conversion'::regclass)",
  'pg_catalog.pg_extension': 'true',
  'pg_catalog.pg_index': 'indexrelid < 16384',
  'pg_catalog.pg_language': 'true',
  'pg_catalog.pg_namespace': "nspname IN ('pg_catalog', 'pg_toast', 'information_schema')",
  'pg_catalog.pg_opclass': 'true',
  'pg_catalog.pg_operator': 'true',
  'pg_catalog.pg_opfamily': 'true',
  'pg_catalog.pg_proc': 'oid < 16384',
  'pg_catalog.pg_range': 'true',
  'pg_catalog.pg_settings': 'true',
  'pg_catalog.pg_tablespace': 'true',
  'pg_catalog.pg_ts_config': 'true',
  'pg_catalog.pg_ts_config_map': 'true',
  'pg_catalog.pg_ts_dict': 'true',
  'pg_catalog.pg_ts_parser': 'true',
  'pg_catalog.pg_ts_template': 'true',
  'pg_catalog.pg_type': 'oid < 16384',
  'information_schema.sql_features': 'true',
  'information_schema.sql_implementation_info': 'true',
  'information_schema.sql_parts': 'true',
  'information_schema.sql_sizing': 'true',
};

// As a server has them that nobody has set up; what initdb wrote into this one's file is about this machine.
const SETTINGS = `(SELECT name, CASE WHEN is_own THEN coalesce(boot_val, '') ELSE setting END AS setting, unit, category, short_desc, extra_desc,
    context, vartype, CASE WHEN is_own THEN 'default' ELSE source END AS source, min_val, max_val, enumvals, boot_val,
    CASE WHEN is_own THEN boot_val ELSE reset_val END AS reset_val, NULL AS sourcefile, NULL::int AS sourceline, false AS pending_restart
  FROM (SELECT *, source IN ('command line', 'configuration file', 'environment variable') AND name NOT LIKE 'lc_%'
      OR category = 'File Locations' OR name LIKE 'unix_socket%' AS is_own FROM pg_settings) AS s) AS s`;

// Functions that list something, as relations of their own.
const FUNCTIONS = {
  pg_get_keywords: 'SELECT * FROM pg_get_keywords()',
  type_formats: 'SELECT oid, format_type(oid, NULL) AS formatted FROM pg_type',
  operator_signatures: 'SELECT oid, oid::regoperator::text AS signature FROM pg_operator',
  index_texts:
    'SELECT indexrelid AS oid, pg_get_indexdef(indexrelid) AS definition, array(SELECT pg_get_indexdef(indexrelid, n, false) FROM generate_series(1, indnatts) AS n) AS keys FROM pg_index WHERE indexrelid < 16384',
  constraint_texts: 'SELECT oid, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE oid < 16384',
  function_signatures:
    'SELECT oid, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result, oid::regprocedure::text AS signature FROM pg_proc WHERE oid < 16384',
};

// Large texts that only the server itself reads.
const EMPTIED = new Set([
  'probin',
  'prosqlbody',
  'relpartbound',
  'rolpassword',
  'proargdefaults',
  'conbin',
  'prosupport',
]);

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), 'postgresql-export-'));
const user = isRoot
  ? { uid: Number(execFileSync('id', ['-u', 'postgres'])), gid: Number(execFileSync('id', ['-g', 'postgres'])) }
  : {};
if (isRoot) chownSync(folder, user.uid, user.gid);

function run(program, args, input) {
  const result = spawnSync(join(binaries, program), args, {
    input,
    ...user,
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) throw new Error(`${program}: ${result.stderr}`);
  return result.stdout;
}

function query(sql) {
  return run('psql', ['-h', folder, '-U', 'postgres', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres'], sql)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const relationsSql = `
  SELECT json_build_object('schema', n.nspname, 'name', c.relname, 'oid', c.oid::bigint, 'kind', c.relkind,
    'definition', CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END,
    'columns', (SELECT json_agg(json_build_array(a.attname, CASE WHEN t.typtype = 'd' THEN b.typname ELSE t.typname END) ORDER BY a.attnum)
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
      WHERE a.attrelid = c.oid AND a.attnum > 0))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') ORDER BY n.nspname DESC, c.relname;`;

// regproc prints as a name, and names are not unique: the number is what is stored.
const valueOf = ([name, type]) => {
  if (EMPTIED.has(name) || type === 'pg_node_tree' || type === 'anyarray') return 'NULL';
  const column = `"${name}"`;
  if (type === 'regproc') return `${column}::oid::bigint`;
  if (type === 'oid') return `${column}::bigint`;
  if (type === 'int2vector') return `${column}::int2[]`;
  if (type === 'oidvector') return `${column}::oid[]::bigint[]`;
  if (type === '_oid') return `${column}::bigint[]`;
  if (/^(bool|int2|int4|int8|float4|float8|_int2|_text|_char|_name|_bool|_float4)$/.test(type)) return column;
  if (type === '_aclitem') return `${column}::text[]`;
  return `${column}::text`;
};

// Always the same file from the same server: by the first two columns.
const orderBy = (columns) =>
  `ORDER BY ${columns
    .slice(0, 2)
    .map(([name]) => `"${name}"`)
    .join(', ')}`;

function columnLines(from, columns, order) {
  const rows = query(`SELECT json_build_array(${columns.map(valueOf).join(', ')}) FROM ${from} ${order};`);
  const constants = {};
  const lines = [];
  columns.forEach(([name], index) => {
    const values = rows.map((row) => row[index]);
    const texts = new Set(values.map((value) => JSON.stringify(value)));
    if (texts.size === 1) constants[name] = values[0];
    else lines.push([name, values]);
  });
  return { rows: rows.length, constants, lines };
}

try {
  run('initdb', [
    '-D',
    join(folder, 'data'),
    '-U',
    'postgres',
    '--locale=C.UTF-8',
    '-E',
    'UTF8',
    '-A',
    'trust',
    '--no-sync',
  ]);
  run('pg_ctl', [
    '-D',
    join(folder, 'data'),
    '-w',
    '-l',
    join(folder, 'log'),
    '-o',
    `-k ${folder} -c listen_addresses= -c fsync=off`,
    'start',
  ]);
  const [{ version }] = query("SELECT json_build_object('version', current_setting('server_version'));");
  const lines = [JSON.stringify({ postgresql: version.split(' ')[0], licence: NOTICE })];
  const write = (head, content) => {
    lines.push(
      JSON.stringify({
        ...head,
        ...(content === undefined
          ? {}
          : { rows: content.rows, constants: content.constants, varying: content.lines.map(([name]) => name) }),
      }),
    );
    for (const [, values] of content?.lines ?? []) lines.push(JSON.stringify(values));
  };
  for (const relation of query(relationsSql)) {
    const name = `${relation.schema}.${relation.name}`;
    const condition = ROWS[name];
    if (condition === undefined || relation.kind === 'v')
      write(
        relation.definition === null ? { ...relation, definition: undefined } : relation,
        name === 'pg_catalog.pg_settings' ? columnLines(SETTINGS, relation.columns, 'ORDER BY name') : undefined,
      );
    else
      write(
        { ...relation, definition: undefined },
        columnLines(`${name} WHERE ${condition}`, relation.columns, orderBy(relation.columns)),
      );
  }
  for (const [name, sql] of Object.entries(FUNCTIONS)) {
    const columns = query(
      `CREATE TEMP VIEW one AS ${sql}; SELECT json_build_array(a.attname, t.typname) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = 'one'::regclass AND attnum > 0 ORDER BY attnum;`,
    );
    write(
      { schema: 'pg_catalog', name, oid: 0, kind: 'f', columns },
      columnLines(`(${sql}) AS one`, columns, orderBy(columns)),
    );
  }
  writeFileSync(output, `${lines.join('\n')}\n`);
} finally {
  spawnSync(join(binaries, 'pg_ctl'), ['-D', join(folder, 'data'), '-m', 'immediate', 'stop'], {
    ...user,
    cwd: folder,
  });
  rmSync(folder, { recursive: true, force: true });
}
