import { Type } from 'typebox';
import { DomainError } from '../../../errors/domain-error.js';
import type { VersionChoice } from '../../../model/refs.js';
import { parseTimestamp } from '../timestamps.js';

const version = Type.String({ description: 'Read this version of the table instead of the current one' });
const asOf = Type.String({
  description: 'Read the table as it was at this ISO 8601 time, in UTC unless it says otherwise; not with `version`',
});

/** For operations that read a table as it is, or as it was. */
export const versionChoiceMembers = { version, as_of: asOf };

export function versionChoice(given: {
  readonly version?: string | null | undefined;
  readonly as_of?: string | null | undefined;
}): { readonly at?: VersionChoice } {
  const { version: versionId, as_of: time } = given;
  if (versionId != null && time != null) {
    throw new DomainError('invalid_request', 'Give either version or as_of, not both', {
      version: versionId,
      as_of: time,
    });
  }
  if (versionId != null) return { at: { versionId } };
  if (time == null) return {};
  const moment = parseTimestamp(time);
  if (moment === undefined) {
    const message = `as_of '${time.slice(0, 64)}' is not an ISO 8601 time; write it like 2026-11-23T16:08:26.932000+00:00`;
    throw new DomainError('invalid_request', message, { as_of: time.slice(0, 64) });
  }
  return { at: { asOf: moment } };
}
