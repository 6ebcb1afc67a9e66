import { mustSucceed, type Answer, type Api } from './api.js';
import { createBucket, createProject, createTable, importContent, type Project } from './storage.js';

export interface Owner {
  readonly project: Project;
  /** Path of its bucket `sales`, which has a table `orders` with two rows. */
  readonly sales: string;
}

export async function createOwner(admin: Api): Promise<Owner> {
  const project = await createProject(admin);
  await createBucket(project, 'sales');
  const orders = await createTable(project, 'sales', { id: 'INTEGER', note: 'VARCHAR' }, { name: 'orders' });
  mustSucceed(await importContent(orders, 'id,note\n1,a\n2,b\n'));
  return { project, sales: `${project.bucketsPath}/sales` };
}

export function shareWith(owner: Owner, target: Project): Promise<Answer> {
  return owner.project.api.post(`${owner.sales}/share`, { target_project_id: target.id });
}

export function linkAs(name: string, target: Project, source: Project, bucket = 'sales'): Promise<Answer> {
  return target.api.post(`${target.bucketsPath}/${name}/link`, {
    source_project_id: source.id,
    source_bucket_name: bucket,
  });
}

/** `sales` of an owner, shared with a project and linked there as `linked`. */
export async function createLink(admin: Api): Promise<{ owner: Owner; target: Project; linked: string }> {
  const owner = await createOwner(admin);
  const target = await createProject(admin);
  mustSucceed(await shareWith(owner, target));
  mustSucceed(await linkAs('linked', target, owner.project));
  return { owner, target, linked: `${target.bucketsPath}/linked` };
}

export async function bucketNames(project: Project): Promise<string[]> {
  const { buckets } = mustSucceed(await project.api.get<{ buckets: { name: string }[] }>(project.bucketsPath));
  return buckets.map(({ name }) => name);
}
