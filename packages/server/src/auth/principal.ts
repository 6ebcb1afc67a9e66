import type { ApiKeyScope } from '../metadata/records.js';

/** Who is calling, after authentication. `actor` goes into the audit: `admin`, or the id of the key. */
export type Principal =
  | { readonly kind: 'admin'; readonly actor: 'admin' }
  | {
      readonly kind: 'project';
      readonly actor: string;
      readonly projectId: string;
      readonly scope: ApiKeyScope;
      /** Set for the two branch scopes only. */
      readonly branchId: string | null;
    };

export const adminPrincipal: Principal = { kind: 'admin', actor: 'admin' };
