import { defineSilentCommand } from '../define-command.js';
import { DropDevBranchCommandSchema } from '../gen/proto/project_pb.js';

/** The role is a name only, see `create-dev-branch.ts`; Connection drops the buckets of the branch itself. */
export const dropDevBranch = defineSilentCommand({
  level: 'project',
  operation: 'project.get',
  summary: 'Lets go of a development branch. Its buckets are dropped by commands of their own.',
  request: DropDevBranchCommandSchema,
  run: async (call) => {
    await call.mustMayRead('project.get', call.projectId());
  },
});
