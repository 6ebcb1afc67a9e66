// `node scripts/record-wire-values.mjs`: asks a real PostgreSQL 15 for the text and the binary form of every value in
// `encoding/postgresql-15.json` and writes them there. Where the server is, libpq's variables say (PGHOST, PGPORT, PGUSER).
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../packages/server/src/duckdb/workspace/encoding/postgresql-15.json', import.meta.url);
const { timeZone, values } = JSON.parse(readFileSync(file, 'utf8'));
const HEADER_BYTES = 19;

function psql(statement) {
  return execFileSync('psql', ['-XAtq', '-c', `SET timezone = '${timeZone}'`, '-c', statement]);
}

if (!/^15\./.test(psql('SHOW server_version').toString())) throw new Error('this is not PostgreSQL 15');
for (const value of values) {
  const query = `SELECT ${value.postgresql}`;
  value.text = psql(query).toString().replace(/\n$/, '');
  // Header, number of columns, length, value, end.
  const copied = psql(`COPY (${query}) TO STDOUT (FORMAT binary)`);
  value.binary = copied
    .subarray(HEADER_BYTES + 6, HEADER_BYTES + 6 + copied.readInt32BE(HEADER_BYTES + 2))
    .toString('hex');
}
const rows = values.map((value) => `    ${JSON.stringify(value)}`).join(',\n');
writeFileSync(file, `{\n  "timeZone": ${JSON.stringify(timeZone)},\n  "values": [\n${rows}\n  ]\n}\n`);
