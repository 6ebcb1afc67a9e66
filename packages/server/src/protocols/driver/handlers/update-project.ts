import { defineSilentCommand } from '../define-command.js';
import { UpdateProjectCommandSchema } from '../gen/proto/project_pb.js';

/** The time zone of a project decides nothing here, since every moment is UTC: there is a project of that name, and that is all. */
export const updateProject = defineSilentCommand({
  level: 'either',
  operation: 'project.get',
  summary: 'Is told the time zone of a project. Moments are UTC here, so that it changes nothing.',
  request: UpdateProjectCommandSchema,
  run: async (call, { projectId: named, timezone }) => {
    const projectId = call.projectId(named);
    await call.mustMayRead('project.get', projectId);
    await call.services.projects.get(projectId);
    if (timezone !== '')
      call.log.notice(`The time zone ${timezone} is not used: this backend keeps every moment in UTC.`);
  },
});
