import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';
import { ProjectListSchema, renderProject } from '../../schemas/projects.js';

export const listProjects = defineRead({
  operation: 'project.list',
  method: 'GET',
  path: '/projects',
  summary: 'List projects, newest first',
  query: Type.Object({
    status: Type.Optional(Type.String({ description: '`active` or `deleted`; all unless given' })),
    ...pagingQuery,
  }),
  success: { status: 200, description: 'One page, and how many match in all', schema: ProjectListSchema },
  errors: [],
  handle: async ({ services, query }) => {
    const { items, total } = await services.projects.list({ status: query.status, ...pageFrom(query) });
    return { projects: items.map(renderProject), total };
  },
});
