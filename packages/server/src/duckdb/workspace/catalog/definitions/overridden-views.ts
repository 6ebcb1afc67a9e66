import { PG_CATALOG } from '../names.js';

export interface OverriddenView {
  readonly schema: string;
  readonly name: string;
  readonly body: string;
}

/**
 * Views of PostgreSQL that read the server's memory, or that a simpler statement answers. The rewriter leaves their names alone; all
 * other views it replaces by PostgreSQL's own definition.
 */
export const OVERRIDDEN_VIEWS: readonly OverriddenView[] = [
  {
    schema: PG_CATALOG,
    name: 'pg_settings',
    body: `SELECT * REPLACE (coalesce(map_extract_value(getvariable('__pg_settings'), lower(name)), setting) AS setting) FROM __pg.stored.pg_settings`,
  },
  {
    schema: PG_CATALOG,
    name: 'pg_stat_activity',
    body: `SELECT CAST(16385 AS UINTEGER) AS datid, CAST(getvariable('__pg_database') AS VARCHAR) AS datname, a.pid, CAST(NULL AS INTEGER) AS leader_pid,
        CAST(16384 AS UINTEGER) AS usesysid, CAST(a."user" AS VARCHAR) AS usename, a.application_name,
        CAST(a.client_addr AS VARCHAR) AS client_addr, CAST(NULL AS VARCHAR) AS client_hostname, a.client_port,
        a.backend_start, a.xact_start, a.query_start, a.state_change, CAST(CASE WHEN a.state = 'active' THEN NULL ELSE 'Client' END AS VARCHAR) AS wait_event_type,
        CASE WHEN a.state = 'active' THEN NULL ELSE 'ClientRead' END AS wait_event, a.state,
        CAST(NULL AS UINTEGER) AS backend_xid, CAST(NULL AS UINTEGER) AS backend_xmin, CAST(NULL AS BIGINT) AS query_id, a.query,
        'client backend' AS backend_type
      FROM (SELECT unnest(from_json(getvariable('__pg_activity'), '[{"pid":"INTEGER","user":"VARCHAR","application_name":"VARCHAR","client_addr":"VARCHAR","client_port":"INTEGER","backend_start":"TIMESTAMPTZ","xact_start":"TIMESTAMPTZ","query_start":"TIMESTAMPTZ","state_change":"TIMESTAMPTZ","state":"VARCHAR","query":"VARCHAR"}]'), max_depth := 2)) AS a`,
  },
  {
    schema: PG_CATALOG,
    name: 'pg_cursors',
    body: `SELECT c.name, c.statement, c.is_holdable, c.is_binary, c.is_scrollable, c.creation_time
      FROM (SELECT unnest(from_json(getvariable('__pg_cursors'), '[{"name":"VARCHAR","statement":"VARCHAR","is_holdable":"BOOLEAN","is_binary":"BOOLEAN","is_scrollable":"BOOLEAN","creation_time":"TIMESTAMPTZ"}]'), max_depth := 2)) AS c`,
  },
  {
    schema: PG_CATALOG,
    name: 'pg_prepared_statements',
    body: `SELECT p.name, p.statement, p.prepare_time, CAST([] AS VARCHAR[]) AS parameter_types, p.from_sql, CAST(0 AS BIGINT) AS generic_plans, CAST(0 AS BIGINT) AS custom_plans
      FROM (SELECT unnest(from_json(getvariable('__pg_prepared'), '[{"name":"VARCHAR","statement":"VARCHAR","prepare_time":"TIMESTAMPTZ","from_sql":"BOOLEAN"}]'), max_depth := 2)) AS p`,
  },
  {
    schema: PG_CATALOG,
    name: 'pg_locks',
    body: `SELECT 'virtualxid' AS locktype, CAST(NULL AS UINTEGER) AS database, CAST(NULL AS UINTEGER) AS relation, CAST(NULL AS INTEGER) AS page,
        CAST(NULL AS SMALLINT) AS tuple, a.pid || '/1' AS virtualxid, CAST(NULL AS UINTEGER) AS transactionid, CAST(NULL AS UINTEGER) AS classid,
        CAST(NULL AS UINTEGER) AS objid, CAST(NULL AS SMALLINT) AS objsubid, a.pid || '/1' AS virtualtransaction, a.pid, 'ExclusiveLock' AS mode,
        true AS granted, true AS fastpath, CAST(NULL AS TIMESTAMPTZ) AS waitstart
      FROM __pg.catalog.pg_stat_activity AS a WHERE a.xact_start IS NOT NULL`,
  },
];
