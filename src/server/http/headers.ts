import type { FastifyInstance, FastifyReply } from 'fastify';

const always = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/**
 * What every answer says to browsers: it is no page, no frame, nobody else's. Pages of other
 * origins may read nothing, unless they are named.
 */
export function secure(app: FastifyInstance, origins: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(always);
    if (origins.length > 0) allow(request.headers.origin, origins, reply);
  });
  // Clients look for exactly this, without a charset, which JSON has no use for.
  app.addHook('onSend', async (_, reply) => {
    const type = reply.getHeader('content-type');
    if (typeof type === 'string' && type.startsWith('application/json'))
      reply.header('content-type', 'application/json');
  });
  if (origins.length === 0) return;
  app.options('/*', { schema: { hide: true } }, (_, reply) => reply.code(204).send());
}

function allow(origin: string | undefined, origins: readonly string[], reply: FastifyReply): void {
  reply.header('vary', 'Origin');
  const any = origins.includes('*');
  if (origin === undefined || !(any || origins.includes(origin))) return;
  reply.headers({
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers':
      'authorization, content-type, inference-header-content-length, x-api-key, x-request-id',
    'access-control-expose-headers': 'inference-header-content-length, retry-after, x-request-id',
    'access-control-max-age': '600',
    'cross-origin-resource-policy': 'cross-origin',
  });
}
