import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { DropProjectCommandSchema } from '../gen/proto/project_pb.js';

export const dropProject = defineSilentCommand({
  level: 'backend',
  operation: 'project.delete',
  summary: 'Deletes a project with its data and keys. One that is gone is fine.',
  request: DropProjectCommandSchema,
  run: async (call, { projectDatabaseName: projectId }) => {
    if (projectId === '')
      throw invalid('The database of the project is empty; send back what CreateProjectCommand returned.');
    try {
      await call.silentChange<void>({ operation: 'project.delete', projectId, resourceId: projectId }, (change) =>
        call.services.projects.delete(change, projectId, { force: true }),
      );
    } catch (error) {
      if (!isDomainError(error, 'not_found')) throw error;
      call.log.notice(`Project ${projectId} was gone already.`);
    }
  },
});
