import { DomainError } from '../errors/domain-error.js';
import type { MetadataTransaction } from '../metadata/metadata-store.js';
import type { BucketLinkRecord, JsonObject } from '../metadata/records.js';
import { DEFAULT_BRANCH_ID } from '../model/refs.js';
import type { Change } from './change.js';

/** A refusal names so many links; the count says how many there are. */
const MAX_NAMED = 100;

/** Tables that others look at do not vanish by accident: who deletes their bucket is told who is linked. */
export function mustNotBeLinked(what: string, links: readonly BucketLinkRecord[], details: JsonObject): void {
  if (links.length === 0) return;
  const [first] = links;
  const others = links.length === 1 ? '' : ` and ${links.length - 1} more`;
  throw new DomainError(
    'bucket_linked',
    `${what} is linked by ${first?.projectId ?? ''}.${first?.bucketName ?? ''}${others}; delete it with force=true to close the links`,
    { ...details, link_count: links.length, links: links.slice(0, MAX_NAMED).map(describeLink) },
  );
}

/** Each project whose link ends finds that in its own audit, with who did it and why. */
export async function logClosedLinks(
  tx: MetadataTransaction,
  change: Change<never>,
  links: readonly BucketLinkRecord[],
): Promise<void> {
  for (const { projectId, branchId, bucketName, source } of links) {
    await change.alsoLog(tx, 'bucket.unlink', {
      projectId,
      branchId,
      resourceId: bucketName,
      details: {
        source_project_id: source.projectId,
        source_bucket_name: source.bucketName,
        closed_by: change.operation,
        ...(branchId === DEFAULT_BRANCH_ID ? {} : { branch_id: branchId }),
      },
    });
  }
}

/** What the audit of the change itself says. */
export function closedLinksDetails(links: readonly BucketLinkRecord[]): JsonObject {
  return links.length === 0 ? {} : { closed_links: links.slice(0, MAX_NAMED).map(describeLink) };
}

function describeLink(link: BucketLinkRecord): JsonObject {
  return {
    project_id: link.projectId,
    branch_id: link.branchId,
    bucket_name: link.bucketName,
    source_bucket_name: link.source.bucketName,
  };
}
