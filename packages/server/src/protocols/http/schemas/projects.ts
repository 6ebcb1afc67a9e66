import { Type, type Static } from 'typebox';
import type { JsonObject, ProjectRecord } from '../../../metadata/records.js';
import { formatTimestamp } from '../timestamps.js';
import { descriptionInput } from './descriptions.js';
import { Nullable, Shared } from './nullable.js';

const settings = Type.Unsafe<JsonObject>({
  type: 'object',
  additionalProperties: true,
  description: 'Free JSON, kept as given',
});

const projectMembers = {
  id: Type.String(),
  name: Nullable(Type.String()),
  description: Nullable(Type.String()),
  db_path: Type.String({ description: 'Directory of the project below the data directory' }),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Nullable(Type.String({ format: 'date-time' })),
  size_bytes: Type.Integer(),
  table_count: Type.Integer(),
  bucket_count: Type.Integer(),
  status: Type.String({ description: '`active` or `deleted`' }),
  settings: Nullable(settings),
};

export const ProjectSchema = Type.Object(projectMembers, { $id: 'Project' });

export const CreatedProjectSchema = Type.Object(
  { ...projectMembers, api_key: Type.String({ description: 'Project admin key; shown only here' }) },
  { $id: 'CreatedProject' },
);

export const ProjectListSchema = Type.Object(
  { projects: Type.Array(Shared(ProjectSchema)), total: Type.Integer() },
  { $id: 'ProjectList' },
);

export const ProjectStatsSchema = Type.Object(
  { id: Type.String(), size_bytes: Type.Integer(), table_count: Type.Integer(), bucket_count: Type.Integer() },
  { $id: 'ProjectStats' },
);

export const CreateProjectBody = Type.Object(
  {
    id: Type.String({ description: 'Chosen by the caller; never reused' }),
    name: Type.Optional(Nullable(Type.String())),
    description: Type.Optional(descriptionInput()),
    settings: Type.Optional(Nullable(settings)),
  },
  { $id: 'CreateProject' },
);

export const UpdateProjectBody = Type.Object(
  {
    name: Type.Optional(Nullable(Type.String())),
    description: Type.Optional(descriptionInput()),
    settings: Type.Optional(Nullable(settings)),
  },
  { $id: 'UpdateProject', description: 'Absent members stay as they are, and so do `name` and `settings` when null' },
);

export function renderProject(project: ProjectRecord): Static<typeof ProjectSchema> {
  return {
    id: project.id,
    name: project.name,
    description: project.description,
    db_path: `project_${project.id}`,
    created_at: formatTimestamp(project.createdAt),
    updated_at: formatTimestamp(project.updatedAt),
    size_bytes: project.sizeBytes,
    table_count: project.tableCount,
    bucket_count: project.bucketCount,
    status: project.status,
    settings: project.settings,
  };
}

export function renderProjectStats(project: ProjectRecord): Static<typeof ProjectStatsSchema> {
  return {
    id: project.id,
    size_bytes: project.sizeBytes,
    table_count: project.tableCount,
    bucket_count: project.bucketCount,
  };
}
