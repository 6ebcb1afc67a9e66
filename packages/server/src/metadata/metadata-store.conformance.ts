import { afterEach, beforeEach, describe } from 'vitest';

import { describeAccess } from './conformance/access.conformance.js';
import { describeAudit } from './conformance/audit.conformance.js';
import { describeCopies } from './conformance/copies.conformance.js';
import { describeBranches } from './conformance/branches.conformance.js';
import { describeCounters } from './conformance/counters.conformance.js';
import { describeFiles } from './conformance/files.conformance.js';
import { describeLists } from './conformance/lists.conformance.js';
import { describeProjectsAndBuckets } from './conformance/projects-and-buckets.conformance.js';
import { describeSharing } from './conformance/sharing.conformance.js';
import { describeSnapshots } from './conformance/snapshots.conformance.js';
import { describeTables } from './conformance/tables.conformance.js';
import { describeTransactions } from './conformance/transactions.conformance.js';
import { describeVersions } from './conformance/versions.conformance.js';
import { describeWorkspaces } from './conformance/workspaces.conformance.js';
import type { MetadataStore } from './metadata-store.js';

/** What every metadata store must do, whatever keeps it. `open` gives an empty store of its own each time. */
export function describeMetadataStore(
  name: string,
  open: () => Promise<{ store: MetadataStore; cleanup: () => Promise<void> }>,
): void {
  describe(`${name} is a metadata store`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.cleanup());

    const store = (): MetadataStore => opened.store;
    describe('projects and buckets', () => describeProjectsAndBuckets(store));
    describe('branches', () => describeBranches(store));
    describe('tables', () => describeTables(store));
    describe('lists', () => describeLists(store));
    describe('shares and links', () => describeSharing(store));
    describe('versions', () => describeVersions(store));
    describe('snapshots and their settings', () => describeSnapshots(store));
    describe('files and uploads', () => describeFiles(store));
    describe('keys and idempotency', () => describeAccess(store));
    describe('audit', () => describeAudit(store));
    describe('transactions', () => describeTransactions(store));
    describe('copies', () => describeCopies(store));
    describe('workspaces', () => describeWorkspaces(store));
    describe('counters', () => describeCounters(store));
  });
}
