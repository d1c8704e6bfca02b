import type { FastifyInstance, HTTPMethods } from 'fastify';
import { Refusal } from '../refusal.ts';

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Notices every route that is added. @returns what answers their other methods with 405 and which
 * ones there are.
 */
export function otherMethods(app: FastifyInstance): () => void {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? new Set();
    for (const each of [method].flat()) known.add(each);
    routes.set(url, known);
  });
  return () => {
    for (const [url, known] of routes) {
      const others = methods.filter((method) => !known.has(method));
      if (others.length === 0) continue;
      const allowed = [...known].join(', ');
      app.route({
        url,
        method: [...others],
        exposeHeadRoute: false,
        schema: { hide: true },
        handler: (_, reply) => {
          reply.header('allow', allowed);
          throw new Refusal('method', `Expected the method ${allowed} at this address.`);
        },
      });
    }
  };
}
