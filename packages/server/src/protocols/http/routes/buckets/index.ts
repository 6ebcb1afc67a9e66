import type { Route } from '../../define-route.js';
import { createBucket } from './create-bucket.js';
import { deleteBucket } from './delete-bucket.js';
import { getBucket } from './get-bucket.js';
import { listBuckets } from './list-buckets.js';
import { updateBucket } from './update-bucket.js';

export const bucketRoutes: readonly Route[] = [createBucket, listBuckets, getBucket, updateBucket, deleteBucket];
