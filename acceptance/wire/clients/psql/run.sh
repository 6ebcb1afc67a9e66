#!/usr/bin/env bash
# Every psql feature in turn. `=== name` begins a section; what follows is what a person would have seen, standard error included.
set -uo pipefail
cd "$(dirname "$0")"
export LC_ALL=C.UTF-8 PAGER=cat PSQLRC=/dev/null

wanted=("$@")
section() {
  if ((${#wanted[@]})) && [[ " ${wanted[*]} " != *" $1 "* ]]; then return 1; fi
  printf '=== %s\n' "$1"
}
run_psql() { timeout --kill-after=2 "${LIMIT:-30}" psql -X -v VERBOSITY=sqlstate -P pager=off "$@" 2>&1; }
plain() { run_psql -P format=unaligned -P fieldsep='|' -P footer=on "$@"; }
value() { run_psql -At "$@"; }

# --- connecting -------------------------------------------------------------------------------------------------------
if section connect-sslmode; then
  for mode in disable allow prefer require; do
    echo "$mode: $(PGSSLMODE=$mode value -c 'SELECT 1') tls=$(PGSSLMODE=$mode run_psql -c '\conninfo' | grep -c 'SSL connection')"
  done
fi
if section connect-verify-full; then
  PGHOST=localhost PGHOSTADDR=127.0.0.1 PGSSLMODE=verify-full PGSSLROOTCERT=$WIRE_ROOT_CERT value -c 'SELECT 1'
  echo 'another certificate:'
  PGHOST=localhost PGHOSTADDR=127.0.0.1 PGSSLMODE=verify-full PGSSLROOTCERT=$WIRE_OTHER_CERT value -c 'SELECT 1' | grep -o 'certificate verify failed'
fi
if section connect-channel-binding; then
  PGSSLMODE=require PGCHANNELBINDING=require value -c 'SELECT 1'
fi
if section connect-wrong-password; then
  PGSSLMODE=require PGPASSWORD=wrong value -c 'SELECT 1' | sed -n 's/.*FATAL/FATAL/p'
  PGSSLMODE=require PGUSER=nobody_here PGPASSWORD=wrong value -c 'SELECT 1' | sed -n 's/.*FATAL/FATAL/p'
fi
if section connect-unknown-database; then
  PGSSLMODE=require PGDATABASE=nothing_here value -c 'SELECT 1' | sed -n 's/.*FATAL/FATAL/p'
fi
if section connect-options; then
  PGOPTIONS='-c statement_timeout=1234ms -c search_path=reports' PGAPPNAME=wire value <<'SQL'
SHOW statement_timeout;
SHOW application_name;
SHOW search_path;
SELECT current_setting('application_name');
SQL
  PGTZ=Europe/Prague PGDATESTYLE='ISO, DMY' value -c 'SHOW TimeZone' -c 'SHOW DateStyle' -c "SELECT '2024-07-01 12:00:00+00'::timestamptz"
fi
if section connect-settings; then
  value <<'SQL'
SELECT current_setting('server_version_num')::integer / 10000;
SHOW server_encoding;
SHOW client_encoding;
SHOW standard_conforming_strings;
SHOW integer_datetimes;
SHOW IntervalStyle;
SHOW max_identifier_length;
SHOW transaction_isolation;
SELECT current_schema(), current_schemas(false), session_user = current_user, current_database() = :'DBNAME';
SET application_name = 'changed';
SHOW application_name;
RESET application_name;
SHOW application_name;
SET no_such_setting = 1;
SHOW no_such_setting;
SQL
fi

if section connect-other-encoding; then
  value -c "SET client_encoding = 'LATIN1'" -c 'SHOW client_encoding'
fi

# --- queries ----------------------------------------------------------------------------------------------------------
for file in *.sql; do
  name=${file%.sql}
  # Every server words its messages itself and has its own places in its own source.
  if section "$name"; then plain < "$file" | sed -E '/^(HINT|LOCATION|DETAIL):/d; s/^([A-Z]+:  [0-9A-Z]{5}): .*/\1/'; fi
done

if section fetch-count; then
  value -v FETCH_COUNT=1000 -c '\echo not used' > /dev/null
  echo "\\set FETCH_COUNT 1000
SELECT n, label, quarter FROM numbers ORDER BY n;" | value | cksum
  echo "SELECT n, label, quarter FROM numbers ORDER BY n;" | value | cksum
  echo "\\set FETCH_COUNT 7
SELECT n FROM numbers WHERE n <= 21 ORDER BY n;" | value | cksum
fi
if section on-error-stop; then
  printf 'SELECT 1;\nSELECT * FROM missing;\nSELECT 2;\n' | value -v ON_ERROR_STOP=1
  echo "exit $?"
  printf 'SELECT 1;\nSELECT * FROM missing;\nSELECT 2;\n' | value
  echo "exit $?"
  printf 'CREATE TABLE once (a int);\nSELECT * FROM missing;\n' | value -1 -v ON_ERROR_STOP=1
  echo "exit $?"
  value -c 'SELECT * FROM once'
fi
if section one-message; then
  value -c 'SELECT 1 AS a; SELECT 2 AS b, 3 AS c'
  value -c 'CREATE TABLE half (a int); INSERT INTO half VALUES (1); SELECT * FROM missing; SELECT 1'
  value -c 'SELECT * FROM half'
  value -c 'BEGIN; CREATE TABLE whole (a int); INSERT INTO whole VALUES (1), (2); COMMIT; SELECT a FROM whole ORDER BY a'
  value -c ';;'
  value -c 'DROP TABLE whole'
fi
if section interrupt; then
  mkfifo "$WIRE_TMP/started"
  # The interrupt goes to psql alone, which turns it into a cancel request on a connection of its own.
  (
    echo "\\! echo > $WIRE_TMP/started"
    echo 'SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x);'
    echo 'SELECT 1 AS afterwards;'
  ) > "$WIRE_TMP/interrupt.sql"
  began=$(date +%s)
  env --default-signal=INT psql -X -At -v VERBOSITY=sqlstate -f "$WIRE_TMP/interrupt.sql" > "$WIRE_TMP/interrupt.out" 2>&1 &
  client=$!
  read -r < "$WIRE_TMP/started"
  sleep 1
  kill -INT $client
  for _ in $(seq 100); do kill -0 $client 2> /dev/null || break; sleep 0.1; done
  kill -KILL $client 2> /dev/null && echo 'had to be killed'
  wait $client 2> /dev/null
  sed 's/^psql:[^ ]* //' "$WIRE_TMP/interrupt.out"
  (($(date +%s) - began < 8)) && echo 'in time'
fi

# --- files ------------------------------------------------------------------------------------------------------------
both_ways() {
  local options=$1
  printf '\\copy all_types TO '"'$WIRE_TMP/all.out'"' %s\n\\copy (SELECT n, label FROM numbers ORDER BY n) TO '"'$WIRE_TMP/numbers.out'"' %s\n' "$options" "$options" | plain
  if [[ $options != *binary* ]]; then sort "$WIRE_TMP/all.out"; fi
  cksum < "$WIRE_TMP/numbers.out"
  plain <<SQL
CREATE TABLE numbers_back (n integer, label text);
\\copy numbers_back FROM '$WIRE_TMP/numbers.out' $options
SELECT count(*), min(n), max(n), count(DISTINCT label) FROM numbers_back;
CREATE TABLE types_back AS SELECT * FROM all_types WHERE false;
\\copy types_back FROM '$WIRE_TMP/all.out' $options
SELECT count(*) FROM types_back;
SELECT count(*) FROM (SELECT id, flag, small, whole, big, exact, words, bytes, day, clock, moment, instant, ident FROM types_back
  INTERSECT SELECT id, flag, small, whole, big, exact, words, bytes, day, clock, moment, instant, ident FROM all_types) same;
DROP TABLE types_back;
DROP TABLE numbers_back;
SQL
}
if section copy-text; then both_ways ''; fi
if section copy-csv; then both_ways 'WITH (FORMAT csv, HEADER)'; fi
if section copy-binary; then both_ways 'WITH (FORMAT binary)'; fi
if section copy-options; then
  printf "id;name\n7;'it''s'\n8;-\n" > "$WIRE_TMP/options.csv"
  plain <<SQL
CREATE TABLE copied (id integer, name text, extra integer DEFAULT 5);
\\copy copied (id, name) FROM '$WIRE_TMP/options.csv' WITH (FORMAT csv, HEADER, DELIMITER ';', QUOTE '''', NULL '-')
SELECT * FROM copied ORDER BY id;
\\copy copied TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *, NULL 'none')
\\copy copied TO STDOUT WITH (DELIMITER '|', NULL 'none')
COPY copied (name) TO STDOUT;
COPY (SELECT 1 AS one, NULL AS nothing) TO STDOUT WITH (FORMAT csv, HEADER);
COPY copied FROM STDIN;
9	nine	\\N
10	t\\tb\\\\	1
\\.
SELECT * FROM copied ORDER BY id;
DROP TABLE copied;
SQL
fi
if section copy-errors; then
  plain <<SQL
CREATE TABLE copied (id integer PRIMARY KEY, name text NOT NULL);
COPY copied FROM STDIN WITH (FORMAT csv);
1,one
two,two
\\.
SELECT count(*) FROM copied;
COPY copied FROM STDIN WITH (FORMAT csv);
1,one
1,again
\\.
SELECT count(*) FROM copied;
COPY copied FROM STDIN WITH (FORMAT csv);
1
\\.
COPY copied FROM STDIN WITH (FORMAT csv);
1,one,more
\\.
COPY copied FROM STDIN;
1	\\N
\\.
COPY missing FROM STDIN;
COPY missing TO STDOUT;
COPY copied TO STDOUT WITH (FORMAT nothing);
COPY copied (nothing) TO STDOUT;
SELECT count(*) FROM copied;
DROP TABLE copied;
SQL
fi
if section copy-program-and-file; then
  plain -c "COPY customers TO '/tmp/never-written'" -c "COPY customers FROM PROGRAM 'true'" | sed 's/^\(ERROR: *42501\).*/\1/'
fi

# --- describing -------------------------------------------------------------------------------------------------------
script=$WIRE_TMP/describe.psql
: > "$script"
while IFS= read -r command; do
  if ((${#wanted[@]})) && [[ " ${wanted[*]} " != *" $command "* ]]; then continue; fi
  printf "\\\\echo '=== %s'\n%s\n" "${command//\\/\\\\}" "$command" >> "$script"
done < describe.txt
LIMIT=120 plain < "$script"
if section '\l'; then plain -c "\\l $PGDATABASE"; fi
if section '\du'; then plain -c "\\du $PGUSER"; fi
if section 'gdesc'; then
  plain <<'SQL'
SELECT * FROM all_types \gdesc
SELECT 1 AS one, 'x' AS unknown, 1.5 AS exact, now() AS instant, ARRAY[1, 2] AS list \gdesc
SELECT id, amount * 2 AS double, count(*) OVER () AS n FROM orders \gdesc
CREATE TABLE never (a int) \gdesc
SELECT * FROM missing \gdesc
SQL
fi
