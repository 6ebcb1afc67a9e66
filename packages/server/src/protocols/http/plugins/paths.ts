import type { FastifyInstance } from 'fastify';
import { MethodNotAllowedError, RouteNotFoundError } from '../errors.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'QUERY'] as const;
type Method = (typeof METHODS)[number];

/** A path that exists answers other methods with 405 and says which ones it has. Call it after the last route. */
export function refuseOtherMethods(app: FastifyInstance, routes: readonly { method: string; url: string }[]): void {
  for (const [url, allowed] of methodsByUrl(routes)) {
    const missing = METHODS.filter((method) => !allowed.has(method));
    if (missing.length === 0) continue;
    const error = new MethodNotAllowedError([...allowed].sort());
    app.route({
      method: missing,
      url,
      exposeHeadRoute: false,
      schema: { hide: true },
      // Before the body is read: what it says does not matter.
      onRequest: (_request, _reply, done) => done(error),
      handler: () => Promise.reject(error),
    });
  }
}

function methodsByUrl(routes: readonly { method: string; url: string }[]): Map<string, Set<Method | string>> {
  const methods = new Map<string, Set<string>>();
  for (const { method, url } of routes) {
    const allowed = methods.get(url) ?? new Set<string>();
    allowed.add(method);
    if (method === 'GET') allowed.add('HEAD');
    methods.set(url, allowed);
  }
  return methods;
}

/** `/projects/` is answered with a redirect to `/projects`, if there is such a path. The method and the body stay. */
export function redirectTrailingSlash(
  app: FastifyInstance,
  urls: readonly string[],
  ownSlashPaths: readonly string[],
): void {
  const patterns = [...new Set(urls)].map(
    (url) => new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`),
  );
  app.addHook('onRequest', (request, reply, done) => {
    const [path = '', query] = split(request.raw.url ?? '');
    if (path.length < 2 || !path.endsWith('/') || ownSlashPaths.some((own) => path.startsWith(own))) {
      done();
      return;
    }
    const target = path.replace(/\/+$/, '');
    // A target that starts with two slashes would lead to another host.
    if (target.startsWith('//') || !patterns.some((pattern) => pattern.test(target))) {
      done(new RouteNotFoundError('Not Found'));
      return;
    }
    void reply.redirect(`${target}${query === undefined ? '' : `?${query}`}`, 307);
  });
}

function split(url: string): [path: string, query: string | undefined] {
  const at = url.indexOf('?');
  return at === -1 ? [url, undefined] : [url.slice(0, at), url.slice(at + 1)];
}
