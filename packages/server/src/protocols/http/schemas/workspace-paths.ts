import { Type, type Static, type TSchema } from 'typebox';
import type { Principal } from '../../../auth/principal.js';
import type { WorkspaceRef } from '../../../model/refs.js';
import { BRANCH_PATH, BranchParams, PROJECT_PATH, ProjectParams } from './paths.js';

/** What both forms of an address tell; the branch only in one of them. */
const PlaceParams = Type.Object({ project_id: Type.String(), branch_id: Type.Optional(Type.String()) });
const WorkspaceParams = Type.Object({ ...PlaceParams.properties, workspace_id: Type.String() });
const ObjectParams = Type.Object({ ...WorkspaceParams.properties, name: Type.String() });
const SessionParams = Type.Object({ ...WorkspaceParams.properties, session_id: Type.String() });

const workspaceId = { workspace_id: Type.String({ description: 'Workspace id' }) };
const objectName = { name: Type.String({ description: 'Name of a table or view' }) };
const sessionId = { session_id: Type.String({ description: 'Session id' }) };

/**
 * Workspaces have two addresses: below the project, where all of them are, and below a branch, where those of the branch are. A key of a
 * branch uses the second one to change something.
 */
export interface WorkspaceForm {
  readonly collectionPath: string;
  readonly itemPath: string;
  /** For summaries: `of a project`. */
  readonly owner: string;
  readonly placeParams: typeof PlaceParams;
  readonly itemParams: typeof WorkspaceParams;
  readonly objectParams: typeof ObjectParams;
  readonly sessionParams: typeof SessionParams;
  readonly placeErrors: readonly ('project_not_found' | 'project_db_not_found' | 'branch_not_found')[];
}

function formOf(path: string, owner: string, place: typeof ProjectParams | typeof BranchParams): WorkspaceForm {
  const item = { ...place.properties, ...workspaceId };
  // Each form has a part of the members that the type has; the path itself says which.
  const as = <T extends TSchema>(_form: T, schema: TSchema): T => schema as T;
  return {
    collectionPath: `${path}/workspaces`,
    itemPath: `${path}/workspaces/:workspace_id`,
    owner,
    placeParams: as(PlaceParams, place),
    itemParams: as(WorkspaceParams, Type.Object(item)),
    objectParams: as(ObjectParams, Type.Object({ ...item, ...objectName })),
    sessionParams: as(SessionParams, Type.Object({ ...item, ...sessionId })),
    placeErrors: [
      'project_not_found',
      'project_db_not_found',
      ...(place === BranchParams ? ['branch_not_found' as const] : []),
    ],
  };
}

export const PROJECT_FORM = formOf(PROJECT_PATH, 'a project', ProjectParams);
export const BRANCH_FORM = formOf(BRANCH_PATH, 'a branch', BranchParams);

interface Caller {
  readonly request: { readonly door: { readonly principal: Principal | undefined } };
}

/** A key of a branch that uses the address of the project sees the workspaces of its branch. */
export function branchOf(params: Static<typeof PlaceParams>, { request }: Caller): string | undefined {
  const { principal } = request.door;
  const own = principal?.kind === 'project' ? principal.branchId : null;
  return params.branch_id ?? own ?? undefined;
}

export function workspaceRef(params: Static<typeof WorkspaceParams>, caller: Caller): WorkspaceRef {
  return {
    projectId: params.project_id,
    branchId: branchOf(params, caller),
    workspaceId: params.workspace_id,
  };
}
