import { macro, type Macro } from './macro.js';

/**
 * What the workspace's user may do: everything with what is its own, look at what the project shows, look at the catalogue. Owners are
 * told by object numbers, see `object-numbers.ts`.
 */
const OWNED = (oid: string): string => `(${oid} >= 16384 AND ${oid} < 1000000000)`;
const CREATABLE_SCHEMA = (oid: string): string => `(${OWNED(oid)} OR ${oid} = 2200)`;
/** Nobody's. */
const TOAST_SCHEMA = '99';
const wants = (privilege: string, words: string): string => `regexp_matches(${privilege}, '(${words})( *,|$)', 'i')`;
const HIDDEN_RELATIONS = '1260, 1249001, 2613, 2619, 3381, 3429, 6100, 1418';

const relation = (oid: string, privilege: string): string =>
  `CASE WHEN ${oid} IS NULL THEN NULL WHEN ${OWNED(oid)} THEN true ELSE ${oid} NOT IN (${HIDDEN_RELATIONS}) AND ${wants(privilege, 'select')} END`;

/** With the user in front, which is always the session's own: nobody else is here. */
function privilege(name: string, parameters: string, body: string): Macro {
  return macro(name, `(${parameters}) AS ${body}`, `(role, ${parameters}) AS ${body}`);
}

export const PRIVILEGE_MACROS: readonly Macro[] = [
  privilege('has_table_privilege', 'relation, privilege', relation('__pg.fn.regclass_in(relation)', 'privilege')),
  privilege('has_any_column_privilege', 'relation, privilege', relation('__pg.fn.regclass_in(relation)', 'privilege')),
  privilege('has_sequence_privilege', 'relation, privilege', `${OWNED('__pg.fn.regclass_in(relation)')}`),
  privilege(
    'has_column_privilege',
    'relation, attribute, privilege',
    relation('__pg.fn.regclass_in(relation)', 'privilege'),
  ),
  privilege(
    'has_schema_privilege',
    'namespace, privilege',
    `(${CREATABLE_SCHEMA('__pg.fn.regnamespace_in(namespace)')} OR ${wants('privilege', 'usage')} AND __pg.fn.regnamespace_in(namespace) <> ${TOAST_SCHEMA})`,
  ),
  privilege('has_database_privilege', 'database, privilege', `NOT ${wants('privilege', 'grant option')}`),
  privilege('has_function_privilege', 'function, privilege', `${wants('privilege', 'execute')}`),
  privilege('has_language_privilege', 'language, privilege', `${wants('privilege', 'usage')}`),
  privilege('has_type_privilege', 'type, privilege', `${wants('privilege', 'usage')}`),
  privilege('has_tablespace_privilege', 'tablespace, privilege', 'false'),
  privilege('has_foreign_data_wrapper_privilege', 'wrapper, privilege', 'false'),
  privilege('has_server_privilege', 'server, privilege', 'false'),
  privilege('has_parameter_privilege', 'parameter, privilege', 'false'),
  macro(
    'pg_has_role',
    `(role, privilege) AS CAST(role AS VARCHAR) IN (getvariable('__pg_user'), '16384')`,
    `(member, role, privilege) AS CAST(role AS VARCHAR) IN (getvariable('__pg_user'), '16384')`,
  ),
];
