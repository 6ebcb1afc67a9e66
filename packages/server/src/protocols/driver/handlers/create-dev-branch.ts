import { create } from '@bufbuild/protobuf';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { CreateDevBranchCommandSchema, CreateDevBranchResponseSchema } from '../gen/proto/project_pb.js';
import { branchReadOnlyRole } from '../object-names.js';

/**
 * A branch of Connection is a prefix in the names of its buckets, which it makes and drops itself. So there is nothing to make but
 * the name under which it is passed back. (Branches of this service are something else: Connection's commands cannot address them.)
 */
export const createDevBranch = defineCommand({
  level: 'project',
  operation: 'project.get',
  summary: 'Names the read-only role of a development branch. The buckets of a branch carry its id as a prefix.',
  request: CreateDevBranchCommandSchema,
  response: CreateDevBranchResponseSchema,
  run: async (call, { projectId: named, branchId }) => {
    const projectId = call.projectId(named);
    if (branchId === '') throw invalid('The branch id is empty.');
    await call.mustMayRead('project.get', projectId);
    const { id } = await call.services.projects.get(projectId);
    return create(CreateDevBranchResponseSchema, { devBranchReadOnlyRoleName: branchReadOnlyRole(id, branchId) });
  },
});
