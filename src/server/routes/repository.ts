import type { FastifyInstance } from 'fastify';
import { AlexNetError } from '../../errors.ts';
import { Refusal } from '../refusal.ts';
import type { ServerState } from '../state.ts';
import { anything, errors, index, model, nothing } from './schemas.ts';

/** The index of models; loading and unloading, which want a key. */
export function repositoryRoutes(app: FastifyInstance, { repository, keys }: ServerState): void {
  const tags = ['Repository'];
  app.post<{ Body: Buffer | undefined }>(
    '/v2/repository/index',
    {
      schema: {
        tags,
        summary: 'All models and whether they answer.',
        response: { 200: index, ...errors },
      },
      config: { body: { 'application/json': anything } },
    },
    ({ body }) => {
      const only = readyOnly(body);
      return repository.index().filter(({ state }) => !only || state === 'READY');
    },
  );
  const change = (
    verb: 'load' | 'unload',
    summary: string,
    run: (name: string) => Promise<void>,
  ): void => {
    app.post<{ Params: { model: string } }>(
      `/v2/repository/models/:model/${verb}`,
      {
        schema: {
          tags,
          summary,
          params: { type: 'object', properties: { model }, required: ['model'] },
          response: { 200: nothing, ...errors },
        },
        config: { body: { 'application/json': anything } },
        onRequest: async ({ headers }) => keys.checkManager(headers),
      },
      async ({ params }) => {
        await run(params.model);
        return {};
      },
    );
  };
  change('load', 'Loads it from its file, also anew; a failed load leaves the old one.', (name) =>
    repository.load(name).catch((error: unknown) => {
      if (error instanceof Refusal) throw error;
      const known = error instanceof AlexNetError || (error instanceof Error && 'code' in error);
      if (!known) throw error;
      throw new Refusal(
        'wrong',
        `The model "${name}" could not be loaded; the server's log says why.` +
          (repository.isReady(name) ? ' The old one goes on.' : ''),
      );
    }),
  );
  change('unload', 'Finishes what is waiting for it and gives its memory back.', (name) =>
    repository.unload(name),
  );
}

/** Clients send nothing, or `{"ready": true}`. */
function readyOnly(body: Buffer | undefined): boolean {
  if (body === undefined || body.length === 0) return false;
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new Refusal('wrong', 'Expected a JSON object, or no body at all.');
  }
  return typeof value === 'object' && value !== null && 'ready' in value && value.ready === true;
}
