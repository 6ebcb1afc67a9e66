import { beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../lib/logger.js';
import { operation } from '../metadata/conformance/records.conformance.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { OperationLogEntry } from '../metadata/records.js';
import { AuditLog } from './audit-log.js';

let nowMs: number;
let written: OperationLogEntry[];
let warnings: object[];
let audit: AuditLog;

beforeEach(() => {
  nowMs = 0;
  written = [];
  warnings = [];
  const metadata = {
    transaction: (work: (tx: unknown) => Promise<unknown>) =>
      work({ logOperations: async (entries: OperationLogEntry[]) => void written.push(...entries) }),
  } as unknown as MetadataStore;
  const logger = { warn: (fields: object) => void warnings.push(fields) } as unknown as Logger;
  audit = new AuditLog(metadata, logger, () => nowMs);
});

const refused = (requestId: string, more: Partial<OperationLogEntry> = {}): OperationLogEntry =>
  operation(requestId, { outcome: 'refused', errorCode: 'forbidden', errorMessage: 'No.', ...more });
const ids = () => written.map(({ requestId }) => requestId);

describe('refusals', () => {
  it('are written together, in order, complete', async () => {
    audit.record(refused('r1'));
    audit.record(refused('r2', { actor: null }));
    expect(written).toEqual([]);
    await audit.flush();
    expect(written).toEqual([refused('r1'), refused('r2', { actor: null })]);
    await audit.flush();
    expect(written).toHaveLength(2);
  });

  it('cannot be made long', async () => {
    const long = 'x'.repeat(10_000);
    audit.record(refused('r1', { projectId: long, resourceId: long, errorMessage: long }));
    await audit.flush();
    for (const text of [written[0]?.projectId, written[0]?.resourceId, written[0]?.errorMessage])
      expect(text).toBe(`${'x'.repeat(500)}…`);
  });

  it('of strangers are kept up to a rate, those of known callers all', async () => {
    for (let count = 0; count < 1000; count++) audit.record(refused(`a${count}`, { actor: null }));
    for (let count = 0; count < 1000; count++) audit.record(refused(`k${count}`));
    await audit.flush();
    expect(ids().filter((id) => id.startsWith('a'))).toHaveLength(200);
    expect(ids().filter((id) => id.startsWith('k'))).toHaveLength(1000);
    expect(warnings).toEqual([{ dropped: 800 }]);
    written = [];
    nowMs = 3000;
    for (let count = 0; count < 10; count++) audit.record(refused('later', { actor: null }));
    await audit.flush();
    expect(written).toHaveLength(3);
    expect(warnings).toHaveLength(1);
    nowMs = 60_000;
    await audit.flush();
    expect(warnings).toEqual([{ dropped: 800 }, { dropped: 7 }]);
  });

  it('of callers over their rate are kept once a minute for each', async () => {
    const over = (id: string, actor: string) => audit.record(refused(id, { actor, errorCode: 'rate_limited' }));
    over('r1', 'key_1');
    over('r2', 'key_1');
    over('r3', 'key_2');
    nowMs = 60_000;
    over('r4', 'key_1');
    await audit.flush();
    expect(ids()).toEqual(['r1', 'r3', 'r4']);
  });
});
