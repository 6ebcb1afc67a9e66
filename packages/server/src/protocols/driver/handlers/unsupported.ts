import type { DescMessage } from '@bufbuild/protobuf';
import { defineSilentCommand, type Command } from '../define-command.js';
import { notSupported } from '../driver-failure.js';
import {
  BigQueryExternalBucketSharingStatusCommandSchema,
  GrantExternalBucketSubscriberCommandSchema,
  RevokeExternalBucketSubscriberCommandSchema,
} from '../gen/proto/bucket_pb.js';
import { CreateViewCommandSchema } from '../gen/proto/table_pb.js';
import { CreateWorkspaceUserCommandSchema, DropWorkspaceUserCommandSchema } from '../gen/proto/workspace_pb.js';

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

const ONE_LOGIN =
  'a workspace has one login, which CreateWorkspaceCommand returns and ResetWorkspacePasswordCommand renews';
const NO_VIEWS =
  'buckets of this backend hold tables only; TableImportFromTableCommand clones a table without copying it';
const NO_LISTINGS = 'listings belong to BigQuery';

export const unsupportedCommands: readonly Command[] = [
  refuse(CreateViewCommandSchema, 'Makes an alias of a table as a view.', NO_VIEWS),
  refuse(CreateWorkspaceUserCommandSchema, 'One more login for a workspace.', ONE_LOGIN),
  refuse(DropWorkspaceUserCommandSchema, 'Takes such a login away.', ONE_LOGIN),
  refuse(BigQueryExternalBucketSharingStatusCommandSchema, 'Which listing backs an external dataset.', NO_LISTINGS),
  refuse(GrantExternalBucketSubscriberCommandSchema, 'Lets an account subscribe to a listing.', NO_LISTINGS),
  refuse(RevokeExternalBucketSubscriberCommandSchema, 'Stops an account subscribing to a listing.', NO_LISTINGS),
];
