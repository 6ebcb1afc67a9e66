import { invalid } from './driver-failure.js';

/**
 * Names that Connection gets from here and sends back later. To Connection they are opaque; to us they say what they are about,
 * so that nothing has to be remembered beside the objects themselves.
 */

/** `in.c-main` is the bucket `in_c_main`; in a development branch `123_in_c_main`, beside the buckets of production. */
export function bucketObjectName(
  bucketId: string,
  branch?: { readonly id: string; readonly isDefault: boolean },
): string {
  const name = bucketId.replaceAll(/[.-]/g, '_');
  if (branch === undefined || branch.id === '' || branch.isDefault) return name;
  return `${branch.id}_${name}`;
}

export function projectUserName(projectId: string): string {
  return `project_${projectId}`;
}

/** Read access to the buckets of a project: an empty role in its place means none. */
export function projectReadOnlyRole(projectId: string): string {
  return `project_${projectId}_readonly`;
}

export function branchReadOnlyRole(projectId: string, branchId: string): string {
  return `project_${projectId}_branch_${branchId}_readonly`;
}

export function workspaceRole(workspaceId: string): string {
  return `role_${workspaceId}`;
}

/** The schema of a workspace is named by its id, which no bucket has: those of buckets come from Connection's ids. */
export function isWorkspaceName(name: string): boolean {
  return /^ws_[0-9a-f]{8}$/.test(name);
}

const SHARE_PREFIX = 'share.';

/** Names of projects and buckets have no slash, so that one separates them for certain. */
export function shareRole(projectId: string, bucketName: string): string {
  return SHARE_PREFIX + Buffer.from(`${projectId}/${bucketName}`).toString('base64url');
}

export function bucketOfShareRole(role: string): { readonly projectId: string; readonly bucketName: string } {
  const text = role.startsWith(SHARE_PREFIX)
    ? Buffer.from(role.slice(SHARE_PREFIX.length), 'base64url').toString('utf8')
    : '';
  const [projectId = '', bucketName = '', ...more] = text.split('/');
  if (projectId === '' || bucketName === '' || more.length > 0) {
    throw invalid('The share role is not one that ShareBucketCommand returned.', { share_role: role });
  }
  return { projectId, bucketName };
}
