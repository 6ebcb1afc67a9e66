/**
 * Every error a caller can see: what it means, its usual cause and what to do about it.
 * `docs/errors.md` is generated from this table; each protocol turns a code into its own status.
 * `http` is the status of the native REST API (the reference's, where the contract pins one).
 */
export interface ErrorDescription {
  readonly http: number;
  readonly meaning: string;
  readonly remedy: string;
  /** The request may succeed unchanged later; such answers are never kept for idempotent replay. */
  readonly retryable?: true;
  /** When to try again, where the error itself does not know better. Every 429 and 503 says it. */
  readonly retryAfterSeconds?: number;
}

export const ERROR_CATALOGUE = {
  invalid_request: {
    http: 400,
    meaning: 'The request contradicts itself or asks for something impossible.',
    remedy: 'Read the message; it names the member.',
  },
  invalid_name: {
    http: 422,
    meaning: 'A name breaks the naming rules.',
    remedy: 'The message states the rule in words.',
  },
  unauthorized: {
    http: 401,
    meaning: 'The endpoint needs the admin key.',
    remedy: 'Send the admin key as a bearer token.',
  },
  forbidden: {
    http: 403,
    meaning:
      'The key is unknown, revoked, expired or belongs to another project; or its scope does not include this, see the details.',
    remedy: 'Use a live key of this project with the right scope, or the admin key.',
  },
  not_found: { http: 404, meaning: 'The project does not exist.', remedy: 'List the projects with the admin key.' },
  project_not_found: {
    http: 404,
    meaning: 'The project does not exist.',
    remedy: 'List the projects with the admin key.',
  },
  project_db_not_found: {
    http: 404,
    meaning: 'The project was deleted; its data is gone.',
    remedy: 'Create a project with another id.',
  },
  db_not_found: {
    http: 404,
    meaning: 'The project was deleted; its data is gone.',
    remedy: 'Create a project with another id.',
  },
  branch_not_found: {
    http: 404,
    meaning: 'The branch does not exist in this project.',
    remedy: 'Use `default` for the main branch.',
  },
  api_key_not_found: {
    http: 404,
    meaning: 'The project has no API key of this id.',
    remedy: 'List the API keys of the project.',
  },
  cannot_revoke_last_admin_key: {
    http: 400,
    meaning: 'Without this key, nobody but the operator could get into the project.',
    remedy: 'Create another project_admin key first, or rotate this one.',
  },
  cannot_rotate_revoked_key: {
    http: 400,
    meaning: 'The key was revoked, so there is nothing to hand over.',
    remedy: 'Create a new key.',
  },
  bucket_not_found: { http: 404, meaning: 'The bucket does not exist.', remedy: 'List the buckets of the project.' },
  link_not_found: { http: 404, meaning: 'The bucket is not a linked one.', remedy: 'List the buckets of the project.' },
  table_not_found: { http: 404, meaning: 'The table does not exist.', remedy: 'List the tables of the bucket.' },
  snapshot_not_found: {
    http: 404,
    meaning: 'The snapshot does not exist in this project: it was deleted, it expired, or it never was.',
    remedy: 'List the snapshots of the project.',
  },
  snapshots_disabled: {
    http: 400,
    meaning: 'The snapshot settings of the table, its bucket or its project say `enabled: false`.',
    remedy: 'Set `enabled` to true at that level; the settings show which one it is.',
  },
  invalid_config: {
    http: 400,
    meaning: 'A snapshot setting is out of its range.',
    remedy: 'The details list what is wrong; retention is 1 to 3650 days.',
  },
  version_not_found: {
    http: 404,
    meaning: 'The history of the table does not have this version, or does not reach back to this time.',
    remedy: 'List the versions of the table; the message says how far back they go.',
  },
  file_not_found: {
    http: 404,
    meaning: 'The file does not exist in this project.',
    remedy: 'List the files of the project.',
  },
  file_content_not_found: {
    http: 404,
    meaning: 'The file is known, but its bytes are gone from the disk.',
    remedy: 'Upload it again; run `doctor` to see what else is missing.',
  },
  upload_session_not_found: {
    http: 404,
    meaning: 'The upload key is unknown or was used already.',
    remedy: 'Call prepare again.',
  },
  staged_file_not_found: {
    http: 404,
    meaning: 'The uploaded bytes are gone from the disk.',
    remedy: 'Prepare and upload again.',
  },
  upload_session_mismatch: {
    http: 403,
    meaning: 'The upload key belongs to another project.',
    remedy: 'Use the key that prepare gave for this project.',
  },
  upload_session_expired: {
    http: 410,
    meaning: 'The upload key is older than its lifetime.',
    remedy: 'Prepare and upload again.',
  },
  file_not_uploaded: {
    http: 400,
    meaning: 'Nothing was uploaded for this key yet.',
    remedy: 'Upload first, then register.',
  },
  file_too_large: {
    http: 413,
    meaning: 'The file passes the size limit.',
    remedy: 'Split it, or raise MAX_UPLOAD_BYTES.',
  },
  size_mismatch: {
    http: 400,
    meaning: 'The uploaded size is not the declared one.',
    remedy: 'Upload the whole file; the session stays open.',
  },
  checksum_mismatch: {
    http: 400,
    meaning: 'The uploaded bytes do not have the declared SHA-256.',
    remedy: 'Upload again; the session stays open.',
  },
  request_too_large: {
    http: 413,
    meaning: 'The JSON body of the request is larger than 5 MB.',
    remedy: 'Send smaller requests; upload data as a file.',
  },
  quota_exceeded: {
    http: 413,
    meaning: 'The project has reached its number of files or bytes.',
    remedy: 'Delete files, or raise the quota.',
  },
  backup_not_found: { http: 404, meaning: 'The backup does not exist.', remedy: 'List the backups.' },
  backup_exists: {
    http: 409,
    meaning: 'A backup of this name exists (names are compared without case).',
    remedy: 'Choose another name, or leave it out.',
  },
  backup_running: {
    http: 409,
    meaning: 'Another backup is being made; there is one at a time.',
    remedy: 'Repeat the request when it is complete.',
    retryable: true,
  },
  branch_name_exists: {
    http: 409,
    meaning: 'The project has a branch of this name.',
    remedy: 'Choose another name.',
  },
  project_exists: {
    http: 409,
    meaning: 'The project id is in use, perhaps by a deleted project.',
    remedy: 'Choose another id.',
  },
  bucket_exists: {
    http: 409,
    meaning: 'A bucket of this name exists (names are compared without case).',
    remedy: 'Choose another name.',
  },
  bucket_not_empty: {
    http: 409,
    meaning: 'The bucket still has tables and `cascade=false` was given.',
    remedy: 'Delete the tables first, or pass `cascade=true`.',
  },
  operation_not_allowed: {
    http: 400,
    meaning: 'The operation makes no sense in a development branch: other projects look at what is in main.',
    remedy: 'Use the branch `default`.',
  },
  bucket_is_linked: {
    http: 403,
    meaning: 'The bucket shows the tables of another bucket; through it they can only be read.',
    remedy: 'Change the source bucket, which the details name.',
  },
  bucket_linked: {
    http: 409,
    meaning: 'Other buckets show the tables of what is to be deleted.',
    remedy: 'Have the links of the details removed, or pass `force=true` to close them.',
  },
  bucket_already_linked: {
    http: 409,
    meaning: 'A linked bucket of this name exists (names are compared without case).',
    remedy: 'Choose another name, or remove that link first.',
  },
  already_shared: {
    http: 409,
    meaning: 'The bucket is shared with this project already.',
    remedy: 'Nothing to do.',
  },
  not_shared: {
    http: 403,
    meaning: 'The source bucket is not shared with this project.',
    remedy: 'Ask the owner of the source bucket to share it, or link it with the admin key.',
  },
  snapshot_exists: {
    http: 409,
    meaning: 'A snapshot of this id exists.',
    remedy: 'Repeat the request; the next id differs.',
    retryable: true,
  },
  table_exists: {
    http: 409,
    meaning: 'A table of this name exists (names are compared without case).',
    remedy: 'Choose another name.',
  },
  invalid_primary_key: {
    http: 400,
    meaning: 'The primary key names a column that is not there, or twice.',
    remedy: 'Name columns of the table, each once.',
  },
  invalid_column_type: {
    http: 400,
    meaning: 'The column type is not one the engine has.',
    remedy: 'Use a DuckDB type such as VARCHAR, BIGINT or DECIMAL(18,2).',
  },
  invalid_default: {
    http: 400,
    meaning: 'The default is not a permitted expression.',
    remedy: "Use a literal ('text' in single quotes) or a permitted function such as now().",
  },
  duplicate_column: {
    http: 400,
    meaning: 'Two columns have the same name (compared without case).',
    remedy: 'Rename one of them.',
  },
  column_exists: {
    http: 409,
    meaning: 'The table has a column of this name (compared without case).',
    remedy: 'Choose another name.',
  },
  cannot_drop_last_column: {
    http: 400,
    meaning: 'A table keeps at least one column.',
    remedy: 'Add another column first, or delete the table.',
  },
  column_in_primary_key: {
    http: 400,
    meaning: 'The column belongs to the primary key, which does not permit the change.',
    remedy: 'Drop the primary key first.',
  },
  no_changes_specified: {
    http: 400,
    meaning: 'The request does not say what to change.',
    remedy: 'Give at least one of new_name, new_type, set_not_null and set_default.',
  },
  cast_failed: {
    http: 400,
    meaning: 'Values of the column cannot become values of the new type; nothing was changed.',
    remedy: 'The details list the first ones with their row numbers; mend or delete those rows.',
  },
  not_null_violation: {
    http: 400,
    meaning: 'A column would be NOT NULL, but has rows without a value; nothing was changed.',
    remedy: 'Give those rows a value or delete them; for a new column, give a default.',
  },
  primary_key_exists: {
    http: 409,
    meaning: 'The table has a primary key.',
    remedy: 'Drop it first.',
  },
  no_primary_key: { http: 400, meaning: 'The table has no primary key.', remedy: 'There is nothing to drop.' },
  column_not_found: { http: 404, meaning: 'The column does not exist.', remedy: 'The message lists the columns.' },
  unknown_column: {
    http: 400,
    meaning: 'The request names a column the table does not have.',
    remedy: 'The message lists the columns.',
  },
  invalid_where_clause: {
    http: 400,
    meaning: 'The condition is not a plain expression over the columns of this table.',
    remedy: 'No subqueries, no statements, no file or system functions.',
  },
  invalid_order_by: {
    http: 400,
    meaning: 'The order is not a list of columns of this table.',
    remedy: 'Write `column` or `column desc`, separated by commas.',
  },
  invalid_format: { http: 400, meaning: 'The file format is not supported.', remedy: 'Use csv or parquet.' },
  invalid_compression: {
    http: 400,
    meaning: 'The compression is not available for this format.',
    remedy: 'The details list the valid ones.',
  },
  import_failed: {
    http: 400,
    meaning: 'The file cannot be loaded into the table; nothing was changed.',
    remedy: 'The message names the place and the reason.',
  },
  column_mismatch: {
    http: 400,
    meaning: 'The columns of the file are not those of the table.',
    remedy: 'The details list the missing and the unexpected ones.',
  },
  too_many_bad_rows: {
    http: 400,
    meaning: 'More rows were rejected than `max_bad_rows` allows; nothing was changed.',
    remedy: 'Mend the file or raise the limit.',
  },
  inflated_too_large: {
    http: 413,
    meaning: 'The compressed file inflates beyond its budget.',
    remedy: 'Split it, or raise IMPORT_MAX_INFLATED_BYTES.',
  },
  duplicate_key: {
    http: 409,
    meaning: 'A primary key value occurs twice and the request forbids that.',
    remedy: 'Remove the duplicates; for an import, use dedup_mode update_duplicates.',
  },
  workspace_not_found: {
    http: 404,
    meaning: 'The project or the branch has no workspace of this id.',
    remedy: 'List the workspaces.',
  },
  workspace_expired: {
    http: 410,
    meaning: 'The time that the workspace was made for is over; what was in it is gone.',
    remedy: 'Create another one.',
  },
  workspace_not_active: {
    http: 410,
    meaning: 'The file of the workspace cannot be opened.',
    remedy: 'Run `doctor`; create another workspace.',
  },
  workspace_full: {
    http: 413,
    meaning:
      'The workspace has reached its size limit; the statement that would pass it changed nothing (SQLSTATE 53100).',
    remedy: 'Drop what is not needed any more, or create a workspace with a larger `size_limit_gb`.',
  },
  object_not_found: {
    http: 404,
    meaning: 'The workspace has no table or view of this name.',
    remedy: 'The workspace itself lists its objects.',
  },
  credentials_not_found: {
    http: 404,
    meaning: 'The workspace has no login.',
    remedy: 'Create another workspace.',
  },
  query_failed: {
    http: 400,
    meaning: 'The statement is wrong, or not permitted in a workspace; the details have its SQLSTATE.',
    remedy: 'Read the message; `position` counts characters of the statement from 1.',
  },
  session_not_found: {
    http: 404,
    meaning: 'There is no session of this id, or it is over.',
    remedy: 'List the sessions.',
  },
  session_exists: {
    http: 409,
    meaning: 'The session id is in use.',
    remedy: 'Use another id.',
  },
  invalid_credentials: {
    http: 401,
    meaning: 'No workspace has this user name and password.',
    remedy: 'Reset the credentials of the workspace.',
  },
  connection_limit_reached: {
    http: 429,
    meaning: 'The workspace has as many sessions as PGWIRE_MAX_CONNECTIONS_PER_WORKSPACE allows.',
    remedy: 'Close one.',
    retryable: true,
    retryAfterSeconds: 5,
  },
  idempotency_conflict: {
    http: 409,
    meaning: 'The idempotency key was used for a different request.',
    remedy: 'Use a new key for each different request.',
  },
  merge_conflict: {
    http: 409,
    meaning:
      'Main changed since the branch took its version, and the request does not say which of the two counts; nothing was changed.',
    remedy: 'The details list the tables; pass a strategy, or pull the tables first.',
  },
  version_conflict: {
    http: 409,
    meaning: 'The table changed while the request was running; nothing was changed.',
    remedy: 'Repeat the request.',
    retryable: true,
  },
  rate_limited: {
    http: 429,
    meaning: 'The key has sent more requests than RATE_LIMIT_PER_MINUTE allows.',
    remedy: 'Wait as long as Retry-After says.',
    retryable: true,
    retryAfterSeconds: 1,
  },
  project_busy: {
    http: 429,
    meaning: 'PROJECT_MAX_CONCURRENT changes or exports of this project are running.',
    remedy: 'Wait until one has ended; Retry-After is a guess.',
    retryable: true,
    retryAfterSeconds: 2,
  },
  table_busy: {
    http: 429,
    meaning: 'Too many writes wait for this table.',
    remedy: 'Wait as long as Retry-After says.',
    retryable: true,
    retryAfterSeconds: 5,
  },
  server_busy: {
    http: 503,
    meaning: 'Too many requests wait for the engine.',
    remedy: 'Wait as long as Retry-After says.',
    retryable: true,
    retryAfterSeconds: 1,
  },
  shutting_down: {
    http: 503,
    meaning: 'The server is stopping.',
    remedy: 'Repeat the request after the restart.',
    retryable: true,
    retryAfterSeconds: 5,
  },
  request_cancelled: {
    http: 499,
    meaning: 'The client left before the answer was ready.',
    remedy: 'Nothing to do.',
    retryable: true,
  },
  deadline_exceeded: {
    http: 504,
    meaning: 'The operation did not finish within its time limit; nothing was changed.',
    remedy: 'Use smaller steps, or raise OPERATION_TIMEOUT.',
    retryable: true,
  },
  out_of_memory: {
    http: 507,
    meaning: 'The operation needs more memory than a worker may use; nothing was changed.',
    remedy: 'Use smaller steps, or raise DUCKDB_MEMORY_LIMIT.',
    retryable: true,
  },
  storage_full: {
    http: 507,
    meaning: 'The disk is below its reserve; writes are refused, deletes still work.',
    remedy: 'Delete files, tables or snapshots, or add disk space.',
    retryable: true,
  },
  storage_unavailable: {
    http: 503,
    meaning: 'A storage path is missing or not accessible.',
    remedy: 'Check the disk; call POST /backend/init to make missing directories.',
    retryable: true,
    retryAfterSeconds: 10,
  },
  remote_file_failed: {
    http: 502,
    meaning: 'The host of a file that was to be imported by its address did not deliver it; nothing was changed.',
    remedy: 'Repeat the request; if it fails again, look at that host.',
    retryable: true,
  },
  worker_crashed: {
    http: 500,
    meaning: 'The engine process ended in the middle of the operation; nothing was changed.',
    remedy: 'Repeat the request; if it happens again, report the file or statement.',
    retryable: true,
  },
  storage_error: {
    http: 500,
    meaning: 'The disk or the metadata database reported an error; nothing was acknowledged.',
    remedy: 'See the server log under this request id.',
    retryable: true,
  },
  init_failed: {
    http: 500,
    meaning: 'A storage directory cannot be made.',
    remedy: 'The details name the directory and the reason.',
    retryable: true,
  },
  internal_server_error: {
    http: 500,
    meaning: 'A defect of this service.',
    remedy: 'Report it with the request id.',
    retryable: true,
  },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export function describeError(code: ErrorCode): ErrorDescription {
  return ERROR_CATALOGUE[code];
}
