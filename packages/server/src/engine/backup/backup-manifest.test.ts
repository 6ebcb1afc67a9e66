import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManifestError, manifestText, parseManifest, type BackupManifest } from './backup-manifest.js';

const manifest: BackupManifest = {
  name: 'nightly',
  createdAt: new Date('2026-11-23T16:36:56.225Z'),
  durationMs: 12,
  serviceVersion: '1.2.3',
  metadata: { sizeBytes: 1000, checksumSha256: 'ab'.repeat(32) },
  counts: { projects: 1, buckets: 2, tables: 3, versionFiles: 4, files: 5 },
  bytes: { versionFiles: 200, files: 30 },
  linkedFiles: 9,
  copiedFiles: 0,
  hasAdminKey: true,
  workspaces: [
    {
      workspaceId: 'ws_1',
      projectId: 'p1',
      files: [
        { suffix: '', sizeBytes: 7, checksumSha256: 'cd'.repeat(32) },
        { suffix: '.wal', sizeBytes: 3, checksumSha256: 'ef'.repeat(32) },
      ],
    },
  ],
  skippedWorkspaceIds: ['ws_2'],
};

describe('the manifest of a backup', () => {
  it('is read as it was written', () => {
    expect(parseManifest(manifestText(manifest), 'manifest.json')).toEqual(manifest);
  });

  it('is read as an older build wrote it, which knew no workspaces', () => {
    const { workspaces, skipped_workspaces, ...older } = JSON.parse(manifestText(manifest)) as Record<string, unknown>;
    expect([workspaces, skipped_workspaces]).toHaveLength(2);
    const read = parseManifest(JSON.stringify(older), 'manifest.json');
    expect(read).toEqual({ ...manifest, workspaces: [], skippedWorkspaceIds: [] });
  });

  it('names the member that is missing or wrong', () => {
    const changed = (change: (content: Record<string, Record<string, unknown>>) => void): string => {
      const content = JSON.parse(manifestText(manifest)) as Record<string, Record<string, unknown>>;
      change(content);
      return JSON.stringify(content);
    };
    const refusal = (text: string) => {
      try {
        parseManifest(text, '/b/manifest.json');
        return 'accepted';
      } catch (error) {
        expect(error).toBeInstanceOf(ManifestError);
        return (error as Error).message;
      }
    };
    expect(refusal('{')).toBe('/b/manifest.json is not JSON.');
    expect(refusal('[]')).toBe('/b/manifest.json: manifest.json is not a JSON object.');
    expect(refusal(changed((content) => delete content['name']))).toContain('name is missing or not a text');
    expect(refusal(changed((content) => Object.assign(content['counts'] ?? {}, { tables: -1 })))).toContain(
      'counts.tables is missing',
    );
    expect(refusal(changed((content) => delete content['metadata']))).toContain('metadata. is not a JSON object');
    expect(refusal(changed((content) => (content['created_at'] = 'x' as never)))).toContain('created_at is missing');
    expect(refusal(changed((content) => (content['workspaces'] = {})))).toContain(
      'workspaces is missing or not a list',
    );
    expect(refusal(changed((content) => (content['format_version'] = 2 as never)))).toContain('this build reads');
  });

  it('is read or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseManifest(text, 'manifest.json');
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
        }
      }),
    );
  });
});
