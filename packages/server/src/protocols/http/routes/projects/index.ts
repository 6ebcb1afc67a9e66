import type { Route } from '../../define-route.js';
import { createProject } from './create-project.js';
import { deleteProject } from './delete-project.js';
import { getProject } from './get-project.js';
import { getProjectStats } from './get-project-stats.js';
import { listProjects } from './list-projects.js';
import { updateProject } from './update-project.js';

export const projectRoutes: readonly Route[] = [
  createProject,
  listProjects,
  getProject,
  updateProject,
  deleteProject,
  getProjectStats,
];
