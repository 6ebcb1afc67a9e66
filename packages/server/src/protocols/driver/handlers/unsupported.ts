import type { DescMessage } from '@bufbuild/protobuf';
import { defineSilentCommand, type Command } from '../define-command.js';
import { notSupported } from '../driver-failure.js';
import {
  BigQueryExternalBucketSharingStatusCommandSchema,
  GrantExternalBucketSubscriberCommandSchema,
  RevokeExternalBucketSubscriberCommandSchema,
} from '../gen/proto/bucket_pb.js';

/** Commands without a meaning here: what they are about does not exist in this backend. */
function refuse(request: DescMessage, summary: string, reason: string): Command {
  return defineSilentCommand({
    level: 'project',
    summary,
    unsupported: reason,
    request,
    run: () => Promise.reject(notSupported(request.name, reason)),
  });
}

const NO_LISTINGS = 'listings belong to BigQuery';

export const unsupportedCommands: readonly Command[] = [
  refuse(BigQueryExternalBucketSharingStatusCommandSchema, 'Which listing backs an external dataset.', NO_LISTINGS),
  refuse(GrantExternalBucketSubscriberCommandSchema, 'Lets an account subscribe to a listing.', NO_LISTINGS),
  refuse(RevokeExternalBucketSubscriberCommandSchema, 'Stops an account subscribing to a listing.', NO_LISTINGS),
];
