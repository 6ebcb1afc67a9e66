import { mustSucceed, type Api } from '../../../../../acceptance/helpers/api.js';
import {
  describeManyRows,
  describeRows,
  describeSchema,
  describeSnapshots,
  describeWorkspaces,
  PREVIEW_LIMIT,
  sha256,
  type ColumnModel,
  type Facts,
  type Row,
} from './world.js';

export interface Observation {
  readonly facts: Facts;
  /** Ids of the files of each project by content. */
  readonly fileIds: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

interface PreviewAnswer {
  readonly rows: readonly Row[];
  readonly total_row_count: number;
}

/** Everything the server shows of these projects, read row by row and byte by byte: what is listed must be readable. */
export async function observe(admin: Api, projectIds: readonly string[]): Promise<Observation> {
  const facts: Record<string, string> = {};
  const fileIds: Record<string, Record<string, string[]>> = {};
  for (const projectId of projectIds) {
    const path = `/projects/${projectId}`;
    const project = await admin.get<{ status: string }>(path);
    if (project.status === 404 || project.body.status === 'deleted') continue;
    facts[`project ${projectId}`] = mustSucceed(project).status;
    await observeBuckets(admin, projectId, facts);
    fileIds[projectId] = await observeFiles(admin, projectId);
    facts[`files ${projectId}`] = Object.entries(fileIds[projectId])
      .flatMap(([checksum, ids]) => ids.map(() => checksum.slice(0, 16)))
      .sort()
      .join(' ');
    await observeSnapshots(admin, projectId, facts);
  }
  return { facts, fileIds };
}

async function observeBuckets(admin: Api, projectId: string, facts: Record<string, string>): Promise<void> {
  const bucketsPath = `/projects/${projectId}/branches/default/buckets`;
  const { buckets } = mustSucceed(await admin.get<{ buckets: readonly { name: string }[] }>(bucketsPath));
  for (const bucket of buckets) {
    facts[`bucket ${projectId}/${bucket.name}`] = 'there';
    const tablesPath = `${bucketsPath}/${bucket.name}/tables`;
    const { tables } = mustSucceed(await admin.get<{ tables: readonly { name: string }[] }>(tablesPath));
    for (const table of tables) {
      facts[`table ${projectId}/${bucket.name}/${table.name}`] = await observeTable(
        admin,
        `${tablesPath}/${table.name}`,
      );
    }
  }
}

interface SnapshotAnswer {
  readonly snapshot_type: string;
  readonly bucket_name: string;
  readonly table_name: string;
  readonly row_count: number;
}

async function observeSnapshots(admin: Api, projectId: string, facts: Record<string, string>): Promise<void> {
  const path = `/projects/${projectId}/branches/default/snapshots?limit=1000`;
  const { snapshots } = mustSucceed(await admin.get<{ snapshots: readonly SnapshotAnswer[] }>(path));
  facts[`snapshots ${projectId}`] = describeSnapshots(
    snapshots.map(({ snapshot_type: type, bucket_name: bucket, table_name: table, row_count: rowCount }) => ({
      type,
      bucket,
      table,
      rowCount,
    })),
  );
  const settings = mustSucceed(await admin.get<{ local_config: unknown }>(`/projects/${projectId}/settings/snapshots`));
  facts[`settings ${projectId}`] = JSON.stringify(settings.local_config);
  const { workspaces } = mustSucceed(
    await admin.get<{ workspaces: readonly { name: string }[] }>(`/projects/${projectId}/workspaces?limit=1000`),
  );
  facts[`workspaces ${projectId}`] = describeWorkspaces(workspaces);
}

interface TableAnswer {
  readonly row_count: number;
  readonly columns: readonly ColumnModel[];
  readonly primary_key: readonly string[];
}

async function observeTable(admin: Api, path: string): Promise<string> {
  const table = mustSucceed(await admin.get<TableAnswer>(path));
  return `${describeSchema(table.columns, table.primary_key)}: ${await observeRows(admin, path, table.row_count)}`;
}

async function observeRows(admin: Api, path: string, listed: number): Promise<string> {
  if (listed <= PREVIEW_LIMIT) {
    const { rows, total_row_count: total } = await preview(admin, path, `limit=${PREVIEW_LIMIT}`);
    return rows.length === total ? describeRows(rows) : `${rows.length} rows instead of ${total}`;
  }
  const markers: string[] = [];
  for (;;) {
    const others = markers.map((marker) => `marker <> '${marker}'`).join(' AND ');
    const filter = others === '' ? '' : `&filter=${encodeURIComponent(others)}`;
    const { rows, total_row_count: total } = await preview(admin, path, `limit=1${filter}`);
    const [row] = rows;
    if (row === undefined) return describeManyRows(total, markers);
    markers.push(row.marker);
  }
}

async function preview(admin: Api, path: string, query: string): Promise<PreviewAnswer> {
  return mustSucceed(await admin.get<PreviewAnswer>(`${path}/preview?${query}`));
}

async function observeFiles(admin: Api, projectId: string): Promise<Record<string, string[]>> {
  const path = `/projects/${projectId}/files`;
  const { files } = mustSucceed(
    await admin.get<{ files: readonly { id: string; size_bytes: number; checksum_sha256: string }[] }>(
      `${path}?limit=1000`,
    ),
  );
  const idsByChecksum: Record<string, string[]> = {};
  for (const file of files) {
    const download = await admin.get(`${path}/${file.id}/download`);
    const checksum = download.status === 200 ? sha256(download.bytes) : `unreadable (${download.status})`;
    const isWhole = checksum === file.checksum_sha256 && download.bytes.length === file.size_bytes;
    const key = isWhole ? checksum : `damaged ${file.id}: ${checksum}`;
    (idsByChecksum[key] ??= []).push(file.id);
  }
  return idsByChecksum;
}
