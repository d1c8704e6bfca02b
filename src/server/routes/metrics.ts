import type { FastifyInstance } from 'fastify';
import type { ServerState } from '../state.ts';
import { errors } from './schemas.ts';

/** `GET /metrics`, for Prometheus. */
export function metricsRoute(app: FastifyInstance, { metrics }: ServerState): void {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['Health'],
        summary: 'Counts and times, as Prometheus reads them.',
        produces: ['text/plain'],
        response: errors,
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
}
