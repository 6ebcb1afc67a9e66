import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import type { QueryRecord, WireSessionRecord, WorkspaceRecord } from '../workspace-records.js';
import { at, bucket, project, publishing, START, startWithBucket, table, version } from './records.conformance.js';

const PAGE = { limit: 10, offset: 0 };
const MAIN = { projectId: 'p1', branchId: 'default' };
const BRANCH = { projectId: 'p1', branchId: 'b1' };

function workspace(id: string, more: Partial<WorkspaceRecord> = {}): WorkspaceRecord {
  return {
    id,
    projectId: 'p1',
    branchId: 'default',
    name: `Workspace ${id}`,
    createdAt: START,
    createdBy: 'admin',
    expiresAt: null,
    sizeLimitBytes: 10_737_418_240,
    sizeBytes: 274_432,
    status: 'active',
    username: `ws_${id}_1a2b3c4d`,
    passwordVerifier: 'SCRAM-SHA-256$4096:c2FsdA==$a:b',
    ...more,
  };
}

function session(sessionId: string, more: Partial<WireSessionRecord> = {}): WireSessionRecord {
  return {
    sessionId,
    workspaceId: 'ws_1',
    clientIp: '10.0.0.1',
    applicationName: 'psql',
    encrypted: true,
    connectedAt: START,
    lastActivityAt: START,
    queryCount: 0,
    status: 'active',
    endedAt: null,
    ...more,
  };
}

function query(id: string, more: Partial<QueryRecord> = {}): QueryRecord {
  return {
    id,
    projectId: 'p1',
    workspaceId: 'ws_1',
    sessionId: 's1',
    actor: 'ws_ws_1_1a2b3c4d',
    statement: 'SELECT 1',
    startedAt: START,
    outcome: 'running',
    sqlState: null,
    errorMessage: null,
    rowCount: null,
    resultBytes: null,
    durationMs: null,
    ...more,
  };
}

const DONE = { outcome: 'success', rowCount: 5_000_000_000, resultBytes: 12, durationMs: 7 } as const;

export function describeWorkspaces(store: () => MetadataStore): void {
  async function startWithWorkspaces(): Promise<void> {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p2'));
      await tx.insertBranch({
        ...BRANCH,
        id: 'b1',
        name: 'b',
        description: null,
        createdAt: START,
        createdBy: 'admin',
      });
      await tx.insertWorkspace(workspace('ws_1'));
      await tx.insertWorkspace(workspace('ws_2', { branchId: 'b1', createdAt: at(1), expiresAt: at(60) }));
      await tx.insertWorkspace(workspace('ws_3', { projectId: 'p2', expiresAt: at(30) }));
    });
  }

  it('keeps workspaces as given, finds them by id and by login, and lists the newest first', async () => {
    await startWithWorkspaces();
    expect(await store().getWorkspace('P1', 'ws_1')).toEqual(workspace('ws_1'));
    expect(await store().getWorkspace('p2', 'ws_1')).toBeUndefined();
    expect((await store().getWorkspaceById('ws_3'))?.projectId).toBe('p2');
    expect((await store().findWorkspaceOfUser('ws_ws_2_1a2b3c4d'))?.id).toBe('ws_2');
    expect(await store().findWorkspaceOfUser('WS_ws_2_1a2b3c4d')).toBeUndefined();
    const ids = async (filter: { branchId?: string }, page = PAGE) => {
      const { items, total } = await store().listWorkspaces('P1', filter, page);
      return [items.map(({ id }) => id).join(), total];
    };
    expect(await ids({})).toEqual(['ws_2,ws_1', 2]);
    expect(await ids({}, { limit: 1, offset: 1 })).toEqual(['ws_1', 2]);
    expect(await ids({ branchId: 'b1' })).toEqual(['ws_2', 1]);
    expect((await store().listAllWorkspaces('ws_1', 1)).map(({ id }) => id)).toEqual(['ws_2']);
    expect((await store().listWorkspacesExpiredBy(at(30), 10)).map(({ id }) => id)).toEqual(['ws_3']);
    expect((await store().listWorkspacesExpiredBy(at(60), 10)).map(({ id }) => id)).toEqual(['ws_3', 'ws_2']);
    const { workspaces, workspaceBytes } = await store().totals();
    expect([workspaces, workspaceBytes]).toEqual([3, 3 * 274_432]);
  });

  it('changes what is given, and needs a project', async () => {
    await startWithWorkspaces();
    await store().transaction((tx) => tx.updateWorkspace('ws_1', { sizeBytes: 5 }));
    await store().transaction((tx) => tx.updateWorkspace('ws_1', { status: 'error', passwordVerifier: 'other' }));
    expect(await store().getWorkspaceById('ws_1')).toEqual(
      workspace('ws_1', { sizeBytes: 5, status: 'error', passwordVerifier: 'other' }),
    );
    const unknown = store().transaction((tx) => tx.insertWorkspace(workspace('ws_4', { projectId: 'absent' })));
    await expect(unknown).rejects.toMatchObject({ code: 'project_not_found' });
  });

  it('lets workspaces go with their branch and their project, sessions included', async () => {
    await startWithWorkspaces();
    await store().transaction((tx) => tx.putWireSessions([session('s1'), session('s2', { workspaceId: 'ws_2' })]));
    const ofBranch = await store().transaction((tx) => tx.deleteBranch('p1', 'b1', at(2)));
    expect(ofBranch.map(({ id }) => id)).toEqual(['ws_2']);
    expect(await store().getWireSession('s2')).toBeUndefined();
    await store().transaction((tx) => tx.putQueries([query('q1')]));
    const { workspaces } = await store().transaction((tx) => tx.deleteProject('p1', at(3)));
    expect(workspaces.map(({ id }) => id)).toEqual(['ws_1']);
    expect(await store().getWireSession('s1')).toBeUndefined();
    expect((await store().listQueries('p1', {}, PAGE)).total).toBe(0);
    expect(await store().transaction((tx) => tx.deleteWorkspace('ws_1'))).toBe(false);
    expect(await store().transaction((tx) => tx.deleteWorkspace('ws_3'))).toBe(true);
  });

  it('writes sessions again and again, and leaves those without a workspace out', async () => {
    await startWithWorkspaces();
    const later = session('s2', { workspaceId: 'ws_3', connectedAt: at(5), lastActivityAt: at(5) });
    await store().transaction((tx) => tx.putWireSessions([session('s1'), later, session('s3', { workspaceId: 'no' })]));
    const busy = session('s1', { lastActivityAt: at(9), queryCount: 3, applicationName: 'dbt' });
    await store().transaction((tx) => tx.putWireSessions([busy]));
    expect(await store().getWireSession('s1')).toEqual(busy);
    const ids = async (filter: { projectId?: string; workspaceId?: string; status?: string }) =>
      (await store().listWireSessions(filter, PAGE)).items.map(({ sessionId }) => sessionId);
    expect(await ids({})).toEqual(['s2', 's1']);
    expect(await ids({ projectId: 'P1' })).toEqual(['s1']);
    expect(await ids({ workspaceId: 'ws_3', status: 'active' })).toEqual(['s2']);
    expect((await store().listIdleWireSessions(at(6), 10)).map(({ sessionId }) => sessionId)).toEqual(['s2']);
    await store().transaction((tx) => tx.putWireSessions([{ ...later, status: 'timeout', endedAt: at(20) }]));
    expect(await store().listIdleWireSessions(at(6), 10)).toEqual([]);
    expect(await store().transaction((tx) => tx.endActiveWireSessions('failed', at(30)))).toBe(1);
    expect(await store().getWireSession('s1')).toEqual({ ...busy, status: 'failed', endedAt: at(30) });
    expect(await store().transaction((tx) => tx.deleteWireSessionsEndedBefore(at(30), 10))).toBe(1);
    expect(await ids({})).toEqual(['s1']);
  });

  it('keeps a log of statements, finds them, and forgets them', async () => {
    await startWithWorkspaces();
    await store().transaction((tx) =>
      tx.putQueries([
        query('q1'),
        query('q2', { startedAt: at(1), workspaceId: 'ws_2', sessionId: null, actor: 'k1' }),
      ]),
    );
    const finished = query('q1', DONE);
    await store().transaction((tx) => tx.putQueries([finished, query('q3', { projectId: 'absent' })]));
    const { items, total, totalIsExact } = await store().listQueries('P1', {}, PAGE);
    expect([items.map(({ id }) => id), total, totalIsExact]).toEqual([['q2', 'q1'], 2, true]);
    expect(items[1]).toEqual(finished);
    const ids = async (filter: Parameters<MetadataStore['listQueries']>[1]) =>
      (await store().listQueries('p1', filter, PAGE)).items.map(({ id }) => id).join();
    expect(await ids({ workspaceId: 'ws_2' })).toBe('q2');
    expect(await ids({ sessionId: 's1' })).toBe('q1');
    expect(await ids({ actor: 'k1' })).toBe('q2');
    expect(await ids({ outcome: 'success' })).toBe('q1');
    expect(await ids({ minDurationMs: 7 })).toBe('q1');
    expect(await ids({ minDurationMs: 8 })).toBe('');
    expect(await ids({ since: at(1) })).toBe('q2');
    expect(await ids({ until: at(1) })).toBe('q1');
    expect((await store().listQueries('p2', {}, PAGE)).total).toBe(0);
    expect(await store().transaction((tx) => tx.loseRunningQueries())).toBe(1);
    expect(await ids({ outcome: 'lost' })).toBe('q2');
    expect(await store().transaction((tx) => tx.deleteQueriesBefore(at(1), 10))).toBe(1);
    expect(await ids({})).toBe('q2');
  });

  it('pages through a long log', async () => {
    await startWithWorkspaces();
    const many = Array.from({ length: 1_203 }, (_, index) =>
      query(`q${String(index).padStart(5, '0')}`, index % 2 === 0 ? DONE : {}),
    );
    await store().transaction((tx) => tx.putQueries(many));
    const { items, total } = await store().listQueries('p1', { outcome: 'success' }, { limit: 2, offset: 600 });
    expect([items.map(({ id }) => id), total]).toEqual([['q00002', 'q00000'], 602]);
  });

  it('tells everything that a catalogue needs, and when it changed', async () => {
    const { bucketId } = await startWithBucket(store());
    const seen = new Set<string>();
    const mustBeNew = async (): Promise<void> => {
      const [print, again] = [await store().catalogueFingerprint(BRANCH), await store().catalogueFingerprint(BRANCH)];
      expect(print).toBe(again);
      expect(seen).not.toContain(print);
      seen.add(print);
    };
    await mustBeNew();
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p2'));
      await tx.insertBucket(bucket('p2', 'theirs'));
      await tx.insertTable({ ...table('bucket-p2-theirs', 'far'), projectId: 'p2' });
      await tx.insertBucket(
        bucket('p1', 'linked', {
          link: { sourceBucketId: 'bucket-p2-theirs', throughShare: false, createdBy: 'admin' },
        }),
      );
    });
    await mustBeNew();
    await store().transaction((tx) => tx.insertTable({ ...table(bucketId, 'orders'), description: 'All' }));
    await mustBeNew();
    const main = await store().catalogueFingerprint(MAIN);
    await store().transaction((tx) => tx.insertBucket(bucket('p1', 'sales', { id: 'own', branchId: 'b1' })));
    await mustBeNew();
    await store().transaction((tx) =>
      tx.insertBranchDeletion(BRANCH, {
        bucketName: 'Sales',
        tableName: 'Orders',
        mainVersionId: null,
        createdAt: START,
        createdBy: 'admin',
      }),
    );
    await mustBeNew();
    expect(await store().catalogueFingerprint(MAIN)).toBe(main);
    await store().transaction((tx) =>
      tx.publishVersion(version('far-2', 'table-far', { projectId: 'p2', rowCount: 9 }), 'far-1', publishing(5)),
    );
    await mustBeNew();
    await store().transaction((tx) =>
      tx.updateTable('table-orders', { columnDescriptions: { id: 'Number' }, updatedAt: at(9) }),
    );
    await mustBeNew();
    await store().transaction((tx) => tx.updateBucket(bucketId, { description: 'Sold', updatedAt: at(10) }));
    await mustBeNew();

    const { buckets, deletions } = await store().readCatalogue(BRANCH);
    expect(deletions).toEqual([{ bucketKey: 'sales', tableKey: 'orders' }]);
    const { columns, primaryKey } = version('x', 'y');
    const shape = { columnDescriptions: {}, columns, primaryKey };
    expect([...buckets].sort((a, b) => (a.name + a.branchId < b.name + b.branchId ? -1 : 1))).toEqual([
      {
        branchId: 'default',
        name: 'linked',
        description: null,
        isLinked: true,
        tables: [{ ...shape, name: 'far', description: null, rowCount: 9 }],
      },
      { branchId: 'b1', name: 'sales', description: null, isLinked: false, tables: [] },
      {
        branchId: 'default',
        name: 'sales',
        description: 'Sold',
        isLinked: false,
        tables: [
          {
            ...shape,
            columnDescriptions: { id: 'Number' },
            name: 'orders',
            description: 'All',
            rowCount: 3_000_000_000,
          },
        ],
      },
    ]);
    expect((await store().readCatalogue(MAIN)).buckets.map(({ name }) => name)).toEqual(['linked', 'sales']);
  });

  it('tells that nothing was committed', async () => {
    await startWithBucket(store());
    const token = await store().stateToken();
    expect([await store().stateToken(), await store().stateToken()]).toEqual([token, token]);
    await store().transaction((tx) => tx.insertProject(project('p2')));
    expect(await store().stateToken()).not.toBe(token);
  });

  it('reads a catalogue of many tables in turns', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (let index = 0; index < 1_203; index++) await tx.insertTable(table(bucketId, `t${index}`));
    });
    const { buckets } = await store().readCatalogue(MAIN);
    expect(new Set(buckets[0]?.tables.map(({ name }) => name)).size).toBe(1_203);
  });

  it('finds buckets by their plain spelling', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (const name of ['in.c-sales', 'in_c_sales', 'IN-c.other']) await tx.insertBucket(bucket('p1', name));
      await tx.insertBucket(bucket('p1', 'in.c-sales', { id: 'own', branchId: 'b1' }));
      await tx.insertBucket(bucket('p1', 'in-c-sales', { id: 'own-2', branchId: 'b1' }));
    });
    expect(await store().listBucketNames(MAIN, 'in_c_sales')).toEqual(['in.c-sales', 'in_c_sales']);
    expect(await store().listBucketNames(BRANCH, 'in_c_sales')).toEqual(['in-c-sales', 'in.c-sales', 'in_c_sales']);
    expect(await store().listBucketNames(MAIN, 'in_c_other')).toEqual(['IN-c.other']);
  });
}
