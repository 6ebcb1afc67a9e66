import { DomainError } from '../../../errors/domain-error.js';
import { nameKey } from '../../../model/columns.js';
import type { WorkspaceRef } from '../../../model/refs.js';
import { defineSilentCommand } from '../define-command.js';
import type { DriverCall } from '../driver-call.js';
import { ClearWorkspaceCommandSchema } from '../gen/proto/workspace_pb.js';

export const clearWorkspace = defineSilentCommand({
  level: 'project',
  operation: 'workspace.clear',
  summary: 'Removes every object of a workspace but those to preserve; the login stays.',
  request: ClearWorkspaceCommandSchema,
  run: async (call, { workspaceObjectName, ignoreErrors, objectsToPreserve }) => {
    const ref = call.workspace(workspaceObjectName);
    try {
      if (objectsToPreserve.length === 0) {
        await call.silentChange<void>(
          { operation: 'workspace.clear', projectId: ref.projectId, resourceId: ref.workspaceId },
          (change) => call.services.workspaces.clear(change, ref),
        );
      } else {
        await dropOthers(call, ref, objectsToPreserve);
      }
    } catch (error) {
      if (!ignoreErrors || !(error instanceof DomainError) || error.code === 'forbidden') throw error;
      call.log.warning(`Workspace ${ref.workspaceId} was not cleared: ${error.message}`);
    }
  },
});

/** Views first: what they read cannot go before them. */
async function dropOthers(call: DriverCall, ref: WorkspaceRef, preserved: readonly string[]): Promise<void> {
  const kept = new Set(preserved.map(nameKey));
  await call.mustMayRead('workspace.get', ref.projectId);
  const { objects } = await call.services.workspaces.get(ref, call.signal);
  const others = objects
    .filter(({ schema, name }) => schema === 'main' && !kept.has(nameKey(name)))
    .sort((a, b) => Number(a.type === 'table') - Number(b.type === 'table'));
  for (const { name } of others) {
    await call.step<void>(
      { operation: 'workspace.drop_object', projectId: ref.projectId, resourceId: `${ref.workspaceId}/${name}` },
      (change) => call.services.workspaces.dropObject(change, ref, name),
    );
  }
}
