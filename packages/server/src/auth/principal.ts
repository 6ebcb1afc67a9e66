/** Who is calling, after authentication. */
export type Principal =
  | { readonly kind: 'admin'; readonly actor: 'admin' }
  | { readonly kind: 'project'; readonly actor: string; readonly projectId: string };

export const adminPrincipal: Principal = { kind: 'admin', actor: 'admin' };
