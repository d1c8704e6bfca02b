import type { FastifyInstance } from 'fastify';
import { version } from '../../version.ts';
import { extensions } from '../protocol/description.ts';
import type { ServerState } from '../state.ts';
import { errors, health, object, text } from './schemas.ts';

/** Liveness, readiness, and what the server is. */
export function healthRoutes(app: FastifyInstance, state: ServerState): void {
  const ready = (): boolean => !state.draining && state.repository.ready;
  // KServe's client looks for its own key in the answer to either.
  const body = (): object => ({ live: true, ready: ready(), name: 'alexnet' });
  const tags = ['Health'];
  app.get(
    '/v2/health/live',
    { schema: { tags, summary: 'Whether the process answers.', response: { 200: health } } },
    body,
  );
  app.get(
    '/v2/health/ready',
    {
      schema: {
        tags,
        summary: 'Whether models are loaded and the server is not about to stop.',
        response: { 200: health, 503: health },
      },
    },
    (_, reply) => reply.code(ready() ? 200 : 503).send(body()),
  );
  app.get(
    '/v2',
    {
      schema: {
        tags,
        summary: 'The server, and the extensions of the protocol that it has.',
        response: {
          200: object({ name: text, version: text, extensions: { type: 'array', items: text } }),
          ...errors,
        },
      },
    },
    () => ({ name: 'alexnet', version, extensions }),
  );
}
