import { createHash } from 'node:crypto';

/** One row, at first as its columns `id`, `marker` and `value`. Every import writes one marker, so a torn import shows. */
export interface Row {
  readonly id: number;
  readonly marker: string;
  readonly [column: string]: string | number | null;
}

export interface ColumnModel {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

export interface TableModel {
  readonly keyed: boolean;
  readonly rows: readonly Row[];
  /** Once a change made others than a table begins with. */
  readonly columns?: readonly ColumnModel[];
}

export function columnsOf(table: TableModel): readonly ColumnModel[] {
  return (
    table.columns ?? [
      { name: 'id', type: 'INTEGER', nullable: !table.keyed },
      { name: 'marker', type: 'VARCHAR', nullable: true },
      { name: 'value', type: 'VARCHAR', nullable: true },
    ]
  );
}

export function describeSchema(columns: readonly ColumnModel[], primaryKey: readonly string[]): string {
  const texts = columns.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '' : ' NOT NULL'}`);
  return `${texts.join(', ')}, key (${primaryKey.join(', ')})`;
}

export interface FileModel {
  /** Null while only its content is known: the answer with the id was lost. */
  readonly id: string | null;
  readonly sha256: string;
  /** The rows it brings when it is imported; null for the result of an export. */
  readonly rows: readonly Row[] | null;
}

/** A state of a table that is kept under a name. */
export interface SnapshotModel {
  /** Null while only its existence is known: taken by the server itself, or the answer was lost. */
  readonly id: string | null;
  readonly type: string;
  readonly bucket: string;
  readonly table: string;
  readonly state: TableModel;
}

/** What the project says itself about automatic snapshots, as the server shows it; null when nothing. */
export type SettingsModel = {
  readonly auto_snapshot_triggers: { readonly drop_table?: boolean; readonly truncate_table?: boolean };
} | null;

export interface ProjectModel {
  readonly buckets: Readonly<Record<string, Readonly<Record<string, TableModel>>>>;
  readonly files: readonly FileModel[];
  readonly snapshots: readonly SnapshotModel[];
  readonly settings: SettingsModel;
  readonly workspaces: readonly WorkspaceModel[];
}

export interface WorkspaceModel {
  /** Null while only its name is known: the answer was lost. */
  readonly id: string | null;
  readonly name: string;
}

/** What one client owns, as it must be found: project id to content. Changes make new worlds and leave the old one alone. */
export type World = Readonly<Record<string, ProjectModel>>;

/** A world in one canonical text per subject, from the model or from the server: equal when nothing differs. */
export type Facts = Readonly<Record<string, string>>;

export const EMPTY_PROJECT: ProjectModel = { buckets: {}, files: [], snapshots: [], settings: null, workspaces: [] };

export function makeRows(marker: string, firstId: number, count: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const id = firstId + index;
    return { id, marker, value: `${marker}:${(id * 2654435761) % 1_000_003}` };
  });
}

export function csvOf(rows: readonly Row[]): string {
  return `id,marker,value\n${rows.map(({ id, marker, value }) => `${id},${marker},${String(value)}\n`).join('')}`;
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Rows keep file order, appended ones follow, updated ones keep their place. */
export function afterImport(table: TableModel, rows: readonly Row[], incremental: boolean): TableModel {
  if (!incremental) return { ...table, rows };
  if (!table.keyed) return { ...table, rows: [...table.rows, ...rows] };
  const byId = new Map(table.rows.map((row) => [row.id, row]));
  for (const row of rows) byId.set(row.id, row);
  return { ...table, rows: [...byId.values()] };
}

export function describeRows(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const { marker } of rows) counts.set(marker, (counts.get(marker) ?? 0) + 1);
  const markers = [...counts].map(([marker, count]) => `${marker}×${count}`).join(' ');
  return `${rows.length} rows, ${sha256(JSON.stringify(rows)).slice(0, 16)}: ${markers}`;
}

/** Too many rows for a preview: their number and their markers are compared, the rest by checksum (`doctor`, export). */
export function describeManyRows(count: number, markers: readonly string[]): string {
  return `${count} rows, markers: ${markers.join(' ')}`;
}

export const PREVIEW_LIMIT = 10_000;

export function factsOf(world: World): Facts {
  const facts: Record<string, string> = {};
  for (const [projectId, { buckets, files, snapshots, settings, workspaces }] of Object.entries(world)) {
    facts[`project ${projectId}`] = 'active';
    for (const [bucket, tables] of Object.entries(buckets)) {
      facts[`bucket ${projectId}/${bucket}`] = 'there';
      for (const [name, table] of Object.entries(tables)) {
        const { rows, keyed } = table;
        const schema = describeSchema(columnsOf(table), keyed ? ['id'] : []);
        const content =
          rows.length <= PREVIEW_LIMIT
            ? describeRows(rows)
            : describeManyRows(rows.length, [...new Set(rows.map(({ marker }) => marker))]);
        facts[`table ${projectId}/${bucket}/${name}`] = `${schema}: ${content}`;
      }
    }
    const fileList = files.map(({ sha256: checksum }) => checksum.slice(0, 16)).sort();
    facts[`files ${projectId}`] = fileList.join(' ');
    facts[`snapshots ${projectId}`] = describeSnapshots(
      snapshots.map(({ type, bucket, table, state }) => ({ type, bucket, table, rowCount: state.rows.length })),
    );
    facts[`settings ${projectId}`] = JSON.stringify(settings);
    facts[`workspaces ${projectId}`] = describeWorkspaces(workspaces);
  }
  return facts;
}

export function describeSnapshots(
  snapshots: readonly { type: string; bucket: string; table: string; rowCount: number }[],
): string {
  return snapshots
    .map(({ type, bucket, table, rowCount }) => `${type} ${bucket}.${table}×${rowCount}`)
    .sort()
    .join(', ');
}

export function describeWorkspaces(workspaces: readonly { name: string }[]): string {
  return workspaces
    .map(({ name }) => name)
    .sort()
    .join(', ');
}

/** One line per subject that differs; empty when the worlds are the same. */
export function differences(expected: Facts, found: Facts): string[] {
  const subjects = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return subjects
    .filter((subject) => expected[subject] !== found[subject])
    .map((subject) => `${subject}: expected ${expected[subject] ?? 'nothing'}, found ${found[subject] ?? 'nothing'}`);
}

/** A copy of `world` with one project replaced, or taken away. */
export function withProject(world: World, projectId: string, project: ProjectModel | undefined): World {
  const { [projectId]: _replaced, ...others } = world;
  return project === undefined ? others : { ...others, [projectId]: project };
}

export function withTable(
  world: World,
  at: { readonly projectId: string; readonly bucket: string; readonly table: string },
  table: TableModel | undefined,
): World {
  const project = world[at.projectId] ?? EMPTY_PROJECT;
  const { [at.table]: _replaced, ...others } = project.buckets[at.bucket] ?? {};
  const tables = table === undefined ? others : { ...others, [at.table]: table };
  return withProject(world, at.projectId, { ...project, buckets: { ...project.buckets, [at.bucket]: tables } });
}

export function withFiles(world: World, projectId: string, files: readonly FileModel[]): World {
  return withProject(world, projectId, { ...(world[projectId] ?? EMPTY_PROJECT), files });
}

export function withSnapshots(world: World, projectId: string, snapshots: readonly SnapshotModel[]): World {
  return withProject(world, projectId, { ...(world[projectId] ?? EMPTY_PROJECT), snapshots });
}

/** The snapshot that the server takes of the table as it is, before a change that loses data. */
export function withAutoSnapshot(
  world: World,
  at: { readonly projectId: string; readonly bucket: string; readonly table: string },
  type: 'auto_predrop' | 'auto_pretruncate' | 'auto_prerestore',
): World {
  const project = world[at.projectId] ?? EMPTY_PROJECT;
  const state = project.buckets[at.bucket]?.[at.table];
  const triggers = project.settings?.auto_snapshot_triggers ?? {};
  const isOn = {
    auto_predrop: triggers.drop_table ?? true,
    auto_pretruncate: triggers.truncate_table ?? false,
    auto_prerestore: true,
  }[type];
  if (state === undefined || !isOn) return world;
  const snapshot = { id: null, type, bucket: at.bucket, table: at.table, state };
  return withSnapshots(world, at.projectId, [...project.snapshots, snapshot]);
}
