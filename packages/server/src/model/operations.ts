/**
 * Every operation of the service, by name. Permissions, OpenAPI ids, logs, metrics and the audit use these names.
 * `access`: who may call it. `change`: it changes state, so it is audited and honours an idempotency key.
 */
export const OPERATIONS = {
  'service.describe': { access: 'anyone', change: false, resource: 'service' },
  'service.health': { access: 'anyone', change: false, resource: 'service' },
  'service.metrics': { access: 'anyone', change: false, resource: 'service' },
  'backend.init': { access: 'admin', change: true, resource: 'backend' },
  'backend.remove': { access: 'admin', change: true, resource: 'backend' },
  'project.create': { access: 'admin', change: true, resource: 'project' },
  'project.list': { access: 'admin', change: false, resource: 'project' },
  'project.get': { access: 'project', change: false, resource: 'project' },
  'project.update': { access: 'project', change: true, resource: 'project' },
  'project.delete': { access: 'project', change: true, resource: 'project' },
  'project.stats': { access: 'project', change: false, resource: 'project' },
  'bucket.create': { access: 'project', change: true, resource: 'bucket' },
  'bucket.list': { access: 'project', change: false, resource: 'bucket' },
  'bucket.get': { access: 'project', change: false, resource: 'bucket' },
  'bucket.delete': { access: 'project', change: true, resource: 'bucket' },
  'table.create': { access: 'project', change: true, resource: 'table' },
  'table.list': { access: 'project', change: false, resource: 'table' },
  'table.get': { access: 'project', change: false, resource: 'table' },
  'table.delete': { access: 'project', change: true, resource: 'table' },
  'table.preview': { access: 'project', change: false, resource: 'table' },
  'table.import': { access: 'project', change: true, resource: 'table' },
  'table.export': { access: 'project', change: true, resource: 'table' },
  'file.prepare': { access: 'project', change: true, resource: 'file' },
  'file.upload': { access: 'project', change: true, resource: 'file' },
  'file.register': { access: 'project', change: true, resource: 'file' },
  'file.list': { access: 'project', change: false, resource: 'file' },
  'file.get': { access: 'project', change: false, resource: 'file' },
  'file.download': { access: 'project', change: false, resource: 'file' },
  'file.delete': { access: 'project', change: true, resource: 'file' },
} as const satisfies Record<string, OperationDescription>;

export interface OperationDescription {
  readonly access: 'anyone' | 'admin' | 'project';
  readonly change: boolean;
  readonly resource: string;
}

export type OperationName = keyof typeof OPERATIONS;

export function describeOperation(name: OperationName): OperationDescription {
  return OPERATIONS[name];
}
