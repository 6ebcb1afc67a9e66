import { randomBytes } from 'node:crypto';

import type { LiveTree } from '../engine/live-tree.js';
import type { VersionCollector } from '../engine/version-collector.js';
import type { Listed, MetadataReader, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { BranchRecord, TableRecord } from '../metadata/records.js';
import { mustBeValidBranchName } from '../model/names.js';
import type { BranchRef } from '../model/refs.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireDevelopmentBranch } from './require-bucket.js';
import { requireActiveProject } from './require-project.js';
import type { Workspaces } from './workspaces.js';

/** Hex digits; the length is what clients of the reference expect. */
const BRANCH_ID_BYTES = 4;

/** Development branches. Making one writes a row, whatever the project holds: what a branch does not write it reads from main. */
export class Branches {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly liveTree: LiveTree,
    private readonly collector: VersionCollector,
    private readonly guard: DiskGuard,
    private readonly workspaces: Pick<Workspaces, 'removeFiles'>,
  ) {}

  async create(
    change: Change<BranchRecord>,
    input: { readonly projectId: string; readonly name: string; readonly description: string | null },
  ): Promise<BranchRecord> {
    await requireActiveProject(this.metadata, input.projectId);
    mustBeValidBranchName(input.name);
    await this.guard.mustHaveRoom();
    const branch = await this.metadata.transaction(async (tx) => {
      const { id: projectId } = await requireActiveProject(tx, input.projectId);
      const id = await newBranchId(tx, projectId);
      await tx.insertBranch({
        id,
        projectId,
        name: input.name,
        description: input.description,
        createdAt: change.now,
        createdBy: change.principal.actor,
      });
      const created = await requireDevelopmentBranch(tx, { projectId, branchId: id });
      await change.commit(tx, { projectId, resourceId: id }, created);
      return created;
    });
    await this.liveTree.addBranch({ projectId: branch.projectId, branchId: branch.id });
    return branch;
  }

  async list(projectId: string, page: Page): Promise<Listed<BranchRecord>> {
    await requireActiveProject(this.metadata, projectId);
    return await this.metadata.listBranches(projectId, page);
  }

  async get(ref: BranchRef): Promise<{ branch: BranchRecord; tables: readonly TableRecord[] }> {
    const branch = await requireDevelopmentBranch(this.metadata, ref);
    const tables = await this.metadata.listBranchTables(branch.projectId, branch.id);
    return { branch, tables: [...tables].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()) };
  }

  async update(
    change: Change<BranchRecord>,
    ref: BranchRef,
    input: { readonly name?: string; readonly description?: string | null },
  ): Promise<BranchRecord> {
    if (input.name !== undefined) mustBeValidBranchName(input.name);
    return await this.metadata.transaction(async (tx) => {
      const branch = await requireDevelopmentBranch(tx, ref);
      await tx.updateBranch(branch.projectId, branch.id, input);
      const updated = await requireDevelopmentBranch(tx, ref);
      await change.commit(tx, { projectId: branch.projectId, resourceId: branch.id }, updated);
      return updated;
    });
  }

  /** With its own tables, keys, snapshots, settings and workspaces. Main does not change. */
  async delete(change: Change<void>, ref: BranchRef): Promise<void> {
    const { branch, workspaces } = await this.metadata.transaction(async (tx) => {
      const found = await requireDevelopmentBranch(tx, ref);
      const gone = await tx.deleteBranch(found.projectId, found.id, change.now);
      await change.commit(tx, { projectId: found.projectId, resourceId: found.id }, undefined);
      return { branch: found, workspaces: gone };
    });
    await this.workspaces.removeFiles(workspaces);
    await this.liveTree.removeBranch({ projectId: branch.projectId, branchId: branch.id });
    this.collector.schedule();
  }
}

async function newBranchId(reader: MetadataReader, projectId: string): Promise<string> {
  for (;;) {
    const id = randomBytes(BRANCH_ID_BYTES).toString('hex');
    if ((await reader.getBranch(projectId, id)) === undefined) return id;
  }
}
