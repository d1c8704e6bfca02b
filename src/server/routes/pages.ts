import type { FastifyInstance, FastifyReply } from 'fastify';
import { docsPage } from '../pages/docs.ts';
import type { Documented } from '../pages/docs.ts';
import { homePage } from '../pages/home.ts';
import type { ServedPage } from '../pages/page.ts';

/** Pages for people, and the document that they and programs read. */
export async function pageRoutes(app: FastifyInstance): Promise<void> {
  const home = await homePage();
  let docs: ServedPage | undefined;
  const schema = { hide: true };
  app.get('/', { schema }, (_, reply) => send(reply, home));
  app.get('/openapi.json', { schema }, () => app.swagger());
  app.get('/docs', { schema }, (_, reply) => {
    docs ??= docsPage(app.swagger() as Documented);
    return send(reply, docs);
  });
}

function send(reply: FastifyReply, { html, policy }: ServedPage): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .send(html);
}
