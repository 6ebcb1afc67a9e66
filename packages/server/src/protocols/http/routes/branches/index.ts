import type { Route } from '../../define-route.js';
import { createBranch } from './create-branch.js';
import { deleteBranch } from './delete-branch.js';
import { diffBranch } from './diff-branch.js';
import { getBranch } from './get-branch.js';
import { listBranches } from './list-branches.js';
import { mergeBranch } from './merge-branch.js';
import { pullBranch } from './pull-branch.js';
import { pullBucket } from './pull-bucket.js';
import { pullTable } from './pull-table.js';
import { updateBranch } from './update-branch.js';

export const branchRoutes: readonly Route[] = [
  createBranch,
  listBranches,
  getBranch,
  updateBranch,
  deleteBranch,
  pullTable,
  pullBucket,
  pullBranch,
  diffBranch,
  mergeBranch,
];
