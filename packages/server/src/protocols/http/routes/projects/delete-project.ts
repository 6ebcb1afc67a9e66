import { Type } from 'typebox';
import { defineChange } from '../../define-route.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';

export const deleteProject = defineChange({
  operation: 'project.delete',
  method: 'DELETE',
  path: PROJECT_PATH,
  summary: 'Delete a project with its keys, buckets, tables and files',
  params: ProjectParams,
  query: Type.Object({
    force: Type.Optional(
      Type.Boolean({
        description: 'True closes the links that other projects have to its buckets; the admin key closes them anyway',
      }),
    ),
  }),
  success: { status: 204, description: 'Deleted; repeating it is fine' },
  errors: ['not_found', 'bucket_linked'],
  run: ({ services, params, query }, change) =>
    services.projects.delete(change, params.project_id, { force: query.force ?? false }),
});
