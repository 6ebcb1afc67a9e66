import { macro, type Macro } from './macro.js';

/** What these read is set per connection by `setSessionVariables`. */
const setting = (name: string): string =>
  `coalesce(map_extract_value(getvariable('__pg_settings'), lower(${name})), (SELECT min(__s.setting) FROM __pg.stored.pg_settings AS __s WHERE lower(__s.name) = lower(${name})))`;

/** About the session and the server. */
export const SESSION_MACROS: readonly Macro[] = [
  macro('version', `() AS getvariable('__pg_version')`),
  macro('current_user', `() AS CAST(getvariable('__pg_user') AS VARCHAR)`),
  macro('current_database', `() AS CAST(getvariable('__pg_database') AS VARCHAR)`),
  macro('current_schema', `() AS CAST(getvariable('__pg_search_path')[1] AS VARCHAR)`),
  macro(
    'current_schemas',
    `(implicit) AS CASE WHEN implicit THEN list_concat(['pg_catalog'], getvariable('__pg_search_path')) ELSE getvariable('__pg_search_path') END`,
  ),
  macro('pg_backend_pid', `() AS CAST(getvariable('__pg_pid') AS INTEGER)`),
  macro(
    'current_setting',
    `(setting_name) AS coalesce(${setting('setting_name')}, error('unrecognized configuration parameter "' || setting_name || '"'))`,
    `(setting_name, missing_ok) AS CASE WHEN missing_ok THEN ${setting('setting_name')} ELSE coalesce(${setting('setting_name')}, error('unrecognized configuration parameter "' || setting_name || '"')) END`,
  ),
  macro(
    'show',
    `(setting_name) AS coalesce(${setting('setting_name')}, error('unrecognized configuration parameter "' || setting_name || '"'))`,
  ),
  // The session carries it out; here it is only the value that the statement returns.
  macro('set_config', `(setting_name, new_value, is_local) AS CAST(new_value AS VARCHAR)`),
  macro('inet_client_addr', `() AS CAST(NULL AS VARCHAR)`),
  macro('inet_client_port', `() AS CAST(NULL AS INTEGER)`),
  macro('inet_server_addr', `() AS CAST(NULL AS VARCHAR)`),
  macro('inet_server_port', `() AS CAST(NULL AS INTEGER)`),
  macro('pg_postmaster_start_time', `() AS CAST(getvariable('__pg_started_at') AS TIMESTAMPTZ)`),
  macro('pg_conf_load_time', `() AS CAST(getvariable('__pg_started_at') AS TIMESTAMPTZ)`),
  macro('pg_is_in_recovery', `() AS false`),
  macro('pg_is_wal_replay_paused', `() AS false`),
  macro('pg_last_wal_receive_lsn', `() AS CAST(NULL AS VARCHAR)`),
  macro('pg_last_wal_replay_lsn', `() AS CAST(NULL AS VARCHAR)`),
  macro('pg_last_xact_replay_timestamp', `() AS CAST(NULL AS TIMESTAMPTZ)`),
  macro('pg_my_temp_schema', `() AS CAST(0 AS UINTEGER)`),
  macro('pg_is_other_temp_schema', `(namespace) AS false`),
  macro('pg_client_encoding', `() AS 'UTF8'`),
  macro('getdatabaseencoding', `() AS 'UTF8'`),
  macro(
    'pg_encoding_to_char',
    `(encoding) AS CASE encoding WHEN 6 THEN 'UTF8' WHEN 0 THEN 'SQL_ASCII' WHEN 8 THEN 'LATIN1' ELSE '' END`,
  ),
  macro(
    'pg_char_to_encoding',
    `(encoding) AS CASE upper(encoding) WHEN 'UTF8' THEN 6 WHEN 'SQL_ASCII' THEN 0 WHEN 'LATIN1' THEN 8 ELSE -1 END`,
  ),
  macro('pg_encoding_max_length', `(encoding) AS CASE encoding WHEN 6 THEN 4 ELSE 1 END`),
  macro('pg_advisory_unlock_all', `() AS CAST(NULL AS VARCHAR)`),
  macro('pg_jit_available', `() AS false`),
  macro('pg_export_snapshot', `() AS error('exporting snapshots is not supported')`),
  macro('pg_blocking_pids', `(pid) AS CAST([] AS INTEGER[])`),
  macro('pg_current_xact_id_if_assigned', `() AS CAST(NULL AS VARCHAR)`),
  macro('pg_control_system', `() AS CAST(NULL AS VARCHAR)`),
  macro('row_security_active', `(relation) AS false`),
  macro('pg_trigger_depth', `() AS 0`),
  macro('txid_current_if_assigned', `() AS CAST(NULL AS BIGINT)`),
];
