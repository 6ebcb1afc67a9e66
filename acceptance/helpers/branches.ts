import { mustSucceed, uniqueName, type Answer } from './api.js';
import type { Project, Table } from './storage.js';

export interface Branch {
  readonly id: string;
  readonly project: Project;
  readonly path: string;
  /** The project as seen from the branch: every helper that takes a project works inside it. */
  readonly inside: Project;
}

export interface Difference {
  readonly bucket_name: string;
  readonly table_name: string;
  readonly change: 'added' | 'removed' | 'changed' | 'unchanged';
  readonly conflict: boolean;
  readonly rows_in_main: number;
  readonly rows_in_branch: number;
  readonly schema: Record<string, unknown> | null;
  readonly rows: {
    readonly by: string;
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
    readonly examples: readonly { change: string; before: unknown; after: unknown }[];
  } | null;
}

export interface Merged {
  readonly tables: readonly { bucket_name: string; table_name: string; action: string; row_count: number | null }[];
  readonly buckets_created: readonly string[];
  readonly buckets_deleted: readonly string[];
}

export async function createBranch(project: Project, name: string = uniqueName('branch')): Promise<Branch> {
  const { id } = mustSucceed(await project.api.post<{ id: string }>(`${project.path}/branches`, { name }));
  return branchOf(project, id);
}

export function branchOf(project: Project, id: string): Branch {
  const path = `${project.path}/branches/${id}`;
  return { id, project, path, inside: { ...project, bucketsPath: `${path}/buckets` } };
}

/** The same table as the branch shows it. */
export function inBranch(branch: Branch, table: Table): Table {
  const path = table.path.replace('/branches/default/', `/branches/${branch.id}/`);
  return { ...table, project: branch.inside, path };
}

export function diffOf(branch: Branch, query = ''): Promise<Answer<{ tables: readonly Difference[]; total: number }>> {
  return branch.project.api.get(`${branch.path}/diff${query}`);
}

export function merge(branch: Branch, request: Record<string, unknown> = {}): Promise<Answer<Merged>> {
  return branch.project.api.post(`${branch.path}/merge`, request);
}

export function pull(
  branch: Branch,
  table: Table,
  query = '',
): Promise<Answer<{ was_local: boolean; message: string }>> {
  return branch.project.api.post(`${branch.path}/tables/${table.bucket}/${table.name}/pull${query}`);
}
