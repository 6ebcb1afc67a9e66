import type { Route } from '../../define-route.js';
import { grantReadonly } from './grant-readonly.js';
import { linkBucket } from './link-bucket.js';
import { listBucketShares } from './list-bucket-shares.js';
import { listSharedBuckets } from './list-shared-buckets.js';
import { revokeReadonly } from './revoke-readonly.js';
import { shareBucket } from './share-bucket.js';
import { unlinkBucket } from './unlink-bucket.js';
import { unshareBucket } from './unshare-bucket.js';

export const sharingRoutes: readonly Route[] = [
  shareBucket,
  unshareBucket,
  listBucketShares,
  linkBucket,
  unlinkBucket,
  grantReadonly,
  revokeReadonly,
  listSharedBuckets,
];
