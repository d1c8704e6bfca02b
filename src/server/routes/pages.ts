import type { FastifyInstance } from 'fastify';
import type { ServerState } from '../state.ts';

export function pageRoutes(app: FastifyInstance, _state: ServerState): void {
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
