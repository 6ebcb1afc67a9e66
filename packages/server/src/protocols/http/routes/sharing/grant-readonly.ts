import type { BucketRecord } from '../../../../metadata/records.js';
import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';
import { ReadonlyGrantSchema } from '../../schemas/sharing.js';

export const grantReadonly = defineChange({
  operation: 'bucket.grant_readonly',
  method: 'POST',
  path: `${BUCKET_PATH}/grant-readonly`,
  summary: 'Let keys that may only read, of projects that linked this bucket, read its tables',
  description:
    'Keys of scope `project_read` and `branch_read`; other keys of those projects need no grant. Repeating it is fine.',
  params: BucketParams,
  success: { status: 200, description: 'Granted', schema: ReadonlyGrantSchema },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'operation_not_allowed',
    'bucket_not_found',
    'bucket_is_linked',
  ],
  run: ({ services, params }, change) => services.sharing.grantReadonly(change, bucketRef(params)),
  render: (bucket: BucketRecord) => ({
    status: 'success',
    message: 'Readonly access is enforced via ATTACH READ_ONLY when linking buckets',
    bucket_name: bucket.name,
  }),
});
