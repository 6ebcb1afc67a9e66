import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newApiKey, type KeyReach } from '../../src/auth/api-keys.js';
import { OPERATIONS, type OperationName } from '../../src/model/operations.js';
import type { Route } from '../../src/protocols/http/define-route.js';
import { routes } from '../../src/protocols/http/routes/index.js';
import { startTestApp, TEST_ADMIN_KEY, type Answer, type TestApp } from '../helpers/test-app.js';

/**
 * Who may run what: every kind of key × every operation, over a real server. The table is written down apart from the
 * code that decides, so that a change of rights has to be made twice. A new operation does not compile, and does not
 * pass, until it is in the table.
 *
 *     allowed    the request gets past the decision: a read answers (with what is there, or 404), a change is stopped
 *                by an idempotency key that is too long, which is looked at afterwards and before anything happens
 *     refused    401 or 403 with the exact answer
 */
const EVERYONE = ['none', 'garbage', 'revoked', 'expired', 'other_project'] as const;
const READERS = ['admin', 'project_admin', 'project_read', 'branch_admin', 'branch_read'] as const;
const BRANCH_WRITERS = ['admin', 'project_admin', 'branch_admin'] as const;
const MANAGERS = ['admin', 'project_admin'] as const;
const ADMIN = ['admin'] as const;

const MAY_RUN: Readonly<Record<OperationName, readonly Kind[]>> = {
  'service.describe': [...EVERYONE, ...READERS],
  'service.health': [...EVERYONE, ...READERS],
  'service.metrics': [...EVERYONE, ...READERS],
  'backend.init': ADMIN,
  'backend.remove': ADMIN,
  'backup.create': ADMIN,
  'backup.list': ADMIN,
  'backup.get': ADMIN,
  'backup.delete': ADMIN,
  'project.create': ADMIN,
  'project.list': ADMIN,
  'project.get': READERS,
  'project.update': MANAGERS,
  'project.delete': MANAGERS,
  'project.stats': READERS,
  'api_key.create': MANAGERS,
  'api_key.list': MANAGERS,
  'api_key.get': MANAGERS,
  'api_key.revoke': MANAGERS,
  'api_key.rotate': MANAGERS,
  'audit.list': MANAGERS,
  'audit.list_all': ADMIN,
  'branch.create': MANAGERS,
  'branch.list': READERS,
  'branch.get': READERS,
  'branch.update': MANAGERS,
  'branch.delete': MANAGERS,
  'branch.diff': READERS,
  'branch.merge': MANAGERS,
  'branch.pull': BRANCH_WRITERS,
  'branch.pull_bucket': BRANCH_WRITERS,
  'branch.pull_table': BRANCH_WRITERS,
  'bucket.create': BRANCH_WRITERS,
  'bucket.list': READERS,
  'bucket.get': READERS,
  'bucket.update': BRANCH_WRITERS,
  'bucket.delete': BRANCH_WRITERS,
  'bucket.share': MANAGERS,
  'bucket.unshare': MANAGERS,
  'bucket.list_shares': READERS,
  'bucket.link': MANAGERS,
  'bucket.unlink': MANAGERS,
  'bucket.grant_readonly': MANAGERS,
  'bucket.revoke_readonly': MANAGERS,
  'bucket.list_shared': READERS,
  'table.create': BRANCH_WRITERS,
  'table.list': READERS,
  'table.get': READERS,
  'table.update': BRANCH_WRITERS,
  'table.delete': BRANCH_WRITERS,
  'table.preview': READERS,
  'table.add_primary_key': BRANCH_WRITERS,
  'table.drop_primary_key': BRANCH_WRITERS,
  'table.delete_rows': BRANCH_WRITERS,
  'table.profile': READERS,
  'table.import': BRANCH_WRITERS,
  'table.export': READERS,
  'version.list': READERS,
  'version.restore': BRANCH_WRITERS,
  'snapshot.create': BRANCH_WRITERS,
  'snapshot.list': READERS,
  'snapshot.get': READERS,
  'snapshot.download': READERS,
  'snapshot.delete': BRANCH_WRITERS,
  'snapshot.restore': BRANCH_WRITERS,
  'project_snapshot_settings.get': READERS,
  'project_snapshot_settings.put': MANAGERS,
  'project_snapshot_settings.reset': MANAGERS,
  'bucket_snapshot_settings.get': READERS,
  'bucket_snapshot_settings.put': BRANCH_WRITERS,
  'bucket_snapshot_settings.reset': BRANCH_WRITERS,
  'table_snapshot_settings.get': READERS,
  'table_snapshot_settings.put': BRANCH_WRITERS,
  'table_snapshot_settings.reset': BRANCH_WRITERS,
  'column.add': BRANCH_WRITERS,
  'column.alter': BRANCH_WRITERS,
  'column.drop': BRANCH_WRITERS,
  'file.prepare': BRANCH_WRITERS,
  'file.upload': BRANCH_WRITERS,
  'file.register': BRANCH_WRITERS,
  'file.list': READERS,
  'file.get': READERS,
  'file.download': READERS,
  'file.delete': BRANCH_WRITERS,
  'workspace.create': MANAGERS,
  'workspace.list': READERS,
  'workspace.get': READERS,
  'workspace.delete': MANAGERS,
  'workspace.clear': MANAGERS,
  'workspace.drop_object': MANAGERS,
  'workspace.load': MANAGERS,
  'workspace.reset_credentials': MANAGERS,
  'workspace.query': MANAGERS,
  'workspace.unload': MANAGERS,
  'workspace.list_sessions': READERS,
  'workspace.end_session': MANAGERS,
  'branch_workspace.create': BRANCH_WRITERS,
  'branch_workspace.list': READERS,
  'branch_workspace.get': READERS,
  'branch_workspace.delete': BRANCH_WRITERS,
  'branch_workspace.clear': BRANCH_WRITERS,
  'branch_workspace.drop_object': BRANCH_WRITERS,
  'branch_workspace.load': BRANCH_WRITERS,
  'branch_workspace.reset_credentials': BRANCH_WRITERS,
  'branch_workspace.query': BRANCH_WRITERS,
  'branch_workspace.unload': BRANCH_WRITERS,
  'branch_workspace.list_sessions': READERS,
  'branch_workspace.end_session': BRANCH_WRITERS,
  'query.list': MANAGERS,
  'session.list_all': ADMIN,
  'session.end_any': ADMIN,
  'pgwire.authenticate': ADMIN,
  'pgwire.open_session': ADMIN,
  'pgwire.list_sessions': ADMIN,
  'pgwire.get_session': ADMIN,
  'pgwire.note_activity': ADMIN,
  'pgwire.close_session': ADMIN,
  'pgwire.close_idle_sessions': ADMIN,
};

type Kind = (typeof EVERYONE)[number] | (typeof READERS)[number];

const KINDS: readonly Kind[] = [...EVERYONE, ...READERS];
const PROJECT = 'p1';
const OWN_BRANCH = 'b1b1b1b1';
/** Keys that no caller is recognised by, or not by this project. */
const STRANGERS: readonly Kind[] = ['garbage', 'revoked', 'expired', 'other_project'];
const NOW = new Date('2026-11-23T12:00:00Z');
const TOO_LONG = 'k'.repeat(600);

const keys = new Map<Kind, string | null>();
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ overrides: { clock: { now: () => NOW } } });
  const project = await app.call('POST', '/projects', { id: PROJECT });
  const other = await app.call('POST', '/projects', { id: 'p2' });
  keys.set('none', null);
  keys.set('garbage', `proj_${PROJECT}_admin_${'0'.repeat(32)}`);
  keys.set('admin', TEST_ADMIN_KEY);
  keys.set('project_admin', project.body.api_key);
  keys.set('other_project', other.body.api_key);
  keys.set('project_read', await insertKey({ scope: 'project_read', branchId: null }));
  keys.set('branch_admin', await insertKey({ scope: 'branch_admin', branchId: OWN_BRANCH }));
  keys.set('branch_read', await insertKey({ scope: 'branch_read', branchId: OWN_BRANCH }));
  keys.set('revoked', await insertKey({ scope: 'project_admin', branchId: null }, { revokedAt: NOW }));
  keys.set('expired', await insertKey({ scope: 'project_admin', branchId: null }, { expiresAt: NOW }));
});

afterAll(async () => {
  await app.stop();
  // To the audit, this test looks like an attack.
  expect(app.log.unexpected(/^audit rows of refused requests were dropped/)).toEqual([]);
});

let inserted = 0;

async function insertKey(reach: KeyReach, more: { revokedAt?: Date; expiresAt?: Date } = {}): Promise<string> {
  const { record, text } = newApiKey({
    ...reach,
    id: `key_${(inserted += 1)}`,
    projectId: PROJECT,
    description: null,
    createdAt: NOW,
    createdBy: 'admin',
    expiresAt: more.expiresAt ?? null,
  });
  await app.metadata.transaction((tx) => tx.insertApiKey({ ...record, revokedAt: more.revokedAt ?? null }));
  return text;
}

function pathOf(route: Route, branchId: string): string {
  const known: Readonly<Record<string, string>> = { project_id: PROJECT, branch_id: branchId };
  return route.path.replace(/:(\w+)/g, (_, name: string) => known[name] ?? 'x');
}

function ask(route: Route, kind: Kind, branchId: string): Promise<Answer> {
  return app.call(route.method, pathOf(route, branchId), route.body === undefined ? undefined : {}, {
    key: keys.get(kind) ?? null,
    headers: route.kind === 'change' ? { 'x-idempotency-key': TOO_LONG } : {},
  });
}

/** The whole answer, or a word for the answers that only an allowed request gets. */
function seen(route: Route, answer: Answer): unknown {
  const passed = route.kind === 'change' ? [422] : [200, 404, 422];
  return passed.includes(answer.status) ? 'allowed' : [answer.status, answer.body];
}

function refusalOf(route: Route, kind: Kind, branchId: string): unknown {
  const { operation } = route;
  const { access } = OPERATIONS[operation];
  if (kind === 'none') return [401, { detail: 'Not authenticated' }];
  const forbidden = (message: string, details: object) => [403, { detail: { error: 'forbidden', message, details } }];
  if (access === 'admin') {
    return [401, { detail: { error: 'unauthorized', message: 'Invalid admin API key', details: {} } }];
  }
  if (access === 'internal') {
    const message = 'The internal endpoints need the admin key or the internal secret';
    return [401, { detail: { error: 'unauthorized', message, details: {} } }];
  }
  if (STRANGERS.includes(kind)) return forbidden(`Access denied to project ${PROJECT}`, {});
  const details = { scope: kind, operation };
  const outside = MAY_RUN[operation].includes(kind) && branchId !== OWN_BRANCH;
  const namesNoBranch = kind === 'branch_admin' && access === 'write' && !route.path.includes(':branch_id');
  const reason = namesNoBranch
    ? `a key of branch ${OWN_BRANCH} may not run ${operation}`
    : outside
      ? `this key is for branch ${OWN_BRANCH}, not for ${branchId}`
      : `a key of scope ${kind} may not run ${operation}`;
  return forbidden(`Access denied: ${reason}`, details);
}

describe('the table', () => {
  it('has a row for every operation and a route for every row', () => {
    expect(Object.keys(MAY_RUN).sort()).toEqual(Object.keys(OPERATIONS).sort());
    expect(routes.map(({ operation }) => operation).sort()).toEqual(Object.keys(MAY_RUN).sort());
    expect([...keys.keys()].sort()).toEqual([...KINDS].sort());
  });
});

describe.each(routes.map((route) => [route.operation, route] as const))('%s', (operation, route) => {
  it.each(KINDS)('%s', async (kind) => {
    const expected = MAY_RUN[operation].includes(kind) ? 'allowed' : refusalOf(route, kind, OWN_BRANCH);
    expect(seen(route, await ask(route, kind, OWN_BRANCH))).toEqual(expected);
  });

  it.each(['branch_admin', 'branch_read'] as const)('%s outside of its branch', async (kind) => {
    for (const branchId of ['default', 'c2c2c2c2']) {
      const inside = MAY_RUN[operation].includes(kind);
      const mayRun = inside && !route.path.includes(':branch_id');
      const expected = mayRun ? 'allowed' : refusalOf(route, kind, branchId);
      expect(seen(route, await ask(route, kind, branchId)), branchId).toEqual(expected);
    }
  });
});
