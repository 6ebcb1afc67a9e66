/**
 * Every operation of the service, by name. Permissions, OpenAPI ids, logs, metrics and the audit use these names.
 * `change`: it changes state, so it is audited and honours an idempotency key. `access`: what a caller needs, see
 * `auth/authorize.ts` for which key has what:
 *
 *     anyone    no key
 *     read      looks at data of a project or a branch; makes at most files of its own
 *     write     changes data
 *     manage    decides about the project: its keys, its sharing, itself
 *     admin     the admin key
 *     internal  the admin key or the internal secret, see `auth/internal-access.ts`
 */
export const OPERATIONS = {
  'service.describe': { access: 'anyone', change: false, resource: 'service' },
  'service.health': { access: 'anyone', change: false, resource: 'service' },
  'service.metrics': { access: 'anyone', change: false, resource: 'service' },
  'backend.init': { access: 'admin', change: true, resource: 'backend' },
  'backend.remove': { access: 'admin', change: true, resource: 'backend' },
  'backup.create': { access: 'admin', change: true, resource: 'backup' },
  'backup.list': { access: 'admin', change: false, resource: 'backup' },
  'backup.get': { access: 'admin', change: false, resource: 'backup' },
  'backup.delete': { access: 'admin', change: true, resource: 'backup' },
  'project.create': { access: 'admin', change: true, resource: 'project' },
  'project.list': { access: 'admin', change: false, resource: 'project' },
  'project.get': { access: 'read', change: false, resource: 'project' },
  'project.update': { access: 'manage', change: true, resource: 'project' },
  'project.delete': { access: 'manage', change: true, resource: 'project' },
  'project.stats': { access: 'read', change: false, resource: 'project' },
  'api_key.create': { access: 'manage', change: true, resource: 'api_key' },
  'api_key.list': { access: 'manage', change: false, resource: 'api_key' },
  'api_key.get': { access: 'manage', change: false, resource: 'api_key' },
  'api_key.revoke': { access: 'manage', change: true, resource: 'api_key' },
  'api_key.rotate': { access: 'manage', change: true, resource: 'api_key' },
  'audit.list': { access: 'manage', change: false, resource: 'audit' },
  'audit.list_all': { access: 'admin', change: false, resource: 'audit' },
  'branch.create': { access: 'manage', change: true, resource: 'branch' },
  'branch.list': { access: 'read', change: false, resource: 'branch' },
  'branch.get': { access: 'read', change: false, resource: 'branch' },
  'branch.update': { access: 'manage', change: true, resource: 'branch' },
  'branch.delete': { access: 'manage', change: true, resource: 'branch' },
  'branch.diff': { access: 'read', change: false, resource: 'branch' },
  // Merging writes into main, where a key of the branch has no business.
  'branch.merge': { access: 'manage', change: true, resource: 'branch' },
  'branch.pull': { access: 'write', change: true, resource: 'branch' },
  'branch.pull_bucket': { access: 'write', change: true, resource: 'branch' },
  'branch.pull_table': { access: 'write', change: true, resource: 'branch' },
  'bucket.create': { access: 'write', change: true, resource: 'bucket' },
  'bucket.list': { access: 'read', change: false, resource: 'bucket' },
  'bucket.get': { access: 'read', change: false, resource: 'bucket' },
  'bucket.update': { access: 'write', change: true, resource: 'bucket' },
  'bucket.delete': { access: 'write', change: true, resource: 'bucket' },
  'bucket.share': { access: 'manage', change: true, resource: 'bucket' },
  'bucket.unshare': { access: 'manage', change: true, resource: 'bucket' },
  'bucket.list_shares': { access: 'read', change: false, resource: 'bucket' },
  'bucket.link': { access: 'manage', change: true, resource: 'bucket' },
  'bucket.unlink': { access: 'manage', change: true, resource: 'bucket' },
  'bucket.grant_readonly': { access: 'manage', change: true, resource: 'bucket' },
  'bucket.revoke_readonly': { access: 'manage', change: true, resource: 'bucket' },
  'bucket.list_shared': { access: 'read', change: false, resource: 'bucket' },
  'table.create': { access: 'write', change: true, resource: 'table' },
  'table.list': { access: 'read', change: false, resource: 'table' },
  'table.get': { access: 'read', change: false, resource: 'table' },
  'table.update': { access: 'write', change: true, resource: 'table' },
  'table.delete': { access: 'write', change: true, resource: 'table' },
  'table.preview': { access: 'read', change: false, resource: 'table' },
  'table.add_primary_key': { access: 'write', change: true, resource: 'table' },
  'table.drop_primary_key': { access: 'write', change: true, resource: 'table' },
  'table.delete_rows': { access: 'write', change: true, resource: 'table' },
  'table.profile': { access: 'read', change: false, resource: 'table' },
  'table.import': { access: 'write', change: true, resource: 'table' },
  'table.export': { access: 'read', change: true, resource: 'table' },
  'version.list': { access: 'read', change: false, resource: 'table' },
  'version.restore': { access: 'write', change: true, resource: 'table' },
  'snapshot.create': { access: 'write', change: true, resource: 'snapshot' },
  'snapshot.list': { access: 'read', change: false, resource: 'snapshot' },
  'snapshot.get': { access: 'read', change: false, resource: 'snapshot' },
  'snapshot.download': { access: 'read', change: false, resource: 'snapshot' },
  'snapshot.delete': { access: 'write', change: true, resource: 'snapshot' },
  'snapshot.restore': { access: 'write', change: true, resource: 'snapshot' },
  'project_snapshot_settings.get': { access: 'read', change: false, resource: 'project' },
  'project_snapshot_settings.put': { access: 'manage', change: true, resource: 'project' },
  'project_snapshot_settings.reset': { access: 'manage', change: true, resource: 'project' },
  'bucket_snapshot_settings.get': { access: 'read', change: false, resource: 'bucket' },
  'bucket_snapshot_settings.put': { access: 'write', change: true, resource: 'bucket' },
  'bucket_snapshot_settings.reset': { access: 'write', change: true, resource: 'bucket' },
  'table_snapshot_settings.get': { access: 'read', change: false, resource: 'table' },
  'table_snapshot_settings.put': { access: 'write', change: true, resource: 'table' },
  'table_snapshot_settings.reset': { access: 'write', change: true, resource: 'table' },
  'column.add': { access: 'write', change: true, resource: 'column' },
  'column.alter': { access: 'write', change: true, resource: 'column' },
  'column.drop': { access: 'write', change: true, resource: 'column' },
  'file.prepare': { access: 'write', change: true, resource: 'file' },
  'file.upload': { access: 'write', change: true, resource: 'file' },
  'file.register': { access: 'write', change: true, resource: 'file' },
  'file.list': { access: 'read', change: false, resource: 'file' },
  'file.get': { access: 'read', change: false, resource: 'file' },
  'file.download': { access: 'read', change: false, resource: 'file' },
  'file.delete': { access: 'write', change: true, resource: 'file' },
  'workspace.create': { access: 'write', change: true, resource: 'workspace' },
  'workspace.list': { access: 'read', change: false, resource: 'workspace' },
  'workspace.get': { access: 'read', change: false, resource: 'workspace' },
  'workspace.delete': { access: 'write', change: true, resource: 'workspace' },
  'workspace.clear': { access: 'write', change: true, resource: 'workspace' },
  'workspace.drop_object': { access: 'write', change: true, resource: 'workspace' },
  'workspace.load': { access: 'write', change: true, resource: 'workspace' },
  'workspace.reset_credentials': { access: 'write', change: true, resource: 'workspace' },
  'workspace.query': { access: 'write', change: false, resource: 'workspace' },
  'workspace.unload': { access: 'write', change: true, resource: 'workspace' },
  'workspace.list_sessions': { access: 'read', change: false, resource: 'workspace' },
  'workspace.end_session': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.create': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.list': { access: 'read', change: false, resource: 'workspace' },
  'branch_workspace.get': { access: 'read', change: false, resource: 'workspace' },
  'branch_workspace.delete': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.clear': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.drop_object': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.load': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.reset_credentials': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.query': { access: 'write', change: false, resource: 'workspace' },
  'branch_workspace.unload': { access: 'write', change: true, resource: 'workspace' },
  'branch_workspace.list_sessions': { access: 'read', change: false, resource: 'workspace' },
  'branch_workspace.end_session': { access: 'write', change: true, resource: 'workspace' },
  // Statements may hold data of every bucket, so that reading them is not for every key.
  'query.list': { access: 'manage', change: false, resource: 'query' },
  'session.list_all': { access: 'admin', change: false, resource: 'session' },
  'session.end_any': { access: 'admin', change: true, resource: 'session' },
  'pgwire.authenticate': { access: 'internal', change: false, resource: 'pgwire' },
  'pgwire.open_session': { access: 'internal', change: false, resource: 'pgwire' },
  'pgwire.list_sessions': { access: 'internal', change: false, resource: 'pgwire' },
  'pgwire.get_session': { access: 'internal', change: false, resource: 'pgwire' },
  'pgwire.note_activity': { access: 'internal', change: false, resource: 'pgwire' },
  'pgwire.close_session': { access: 'internal', change: false, resource: 'pgwire' },
  'pgwire.close_idle_sessions': { access: 'internal', change: false, resource: 'pgwire' },
} as const satisfies Record<string, OperationDescription>;

export type Access = 'anyone' | 'read' | 'write' | 'manage' | 'admin' | 'internal';

export interface OperationDescription {
  readonly access: Access;
  readonly change: boolean;
  readonly resource: string;
}

export type OperationName = keyof typeof OPERATIONS;

export function describeOperation(name: OperationName): OperationDescription {
  return OPERATIONS[name];
}
