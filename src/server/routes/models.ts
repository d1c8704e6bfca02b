import type { FastifyInstance, RouteShorthandOptions } from 'fastify';
import type { LoadedModel } from '../models/loaded-model.ts';
import { onlyVersion } from '../models/repository.ts';
import { configuration, metadata } from '../protocol/description.ts';
import { Refusal } from '../refusal.ts';
import type { ServerState } from '../state.ts';
import { anything, errors, list, model, modelMetadata, object, text, version } from './schemas.ts';

export interface ModelParams {
  readonly model: string;
  readonly version?: string;
}

const parameters = {
  '': { type: 'object', properties: { model }, required: ['model'] },
  '/versions/:version': {
    type: 'object',
    properties: { model, version },
    required: ['model', 'version'],
  },
} as const;

/** A model's address with and without its version, as the protocol has both. */
export function modelPaths(rest: string): { readonly path: string; readonly params: object }[] {
  return Object.entries(parameters).map(([between, params]) => ({
    path: `/v2/models/:model${between}${rest}`,
    params,
  }));
}

/** What models say of themselves. */
export function modelRoutes(app: FastifyInstance, { repository, settings }: ServerState): void {
  const tags = ['Models'];
  app.get(
    '/v2/models',
    {
      schema: {
        tags,
        summary: 'The names of all models.',
        response: { 200: object({ models: list(text) }), ...errors },
      },
    },
    () => ({ models: repository.names }),
  );
  const about = (
    rest: string,
    summary: string,
    response: object,
    answer: (name: string, loaded: LoadedModel) => unknown,
  ): void => {
    for (const { path, params } of modelPaths(rest)) {
      const options: RouteShorthandOptions = {
        schema: { tags, summary, params, response: { 200: response, ...errors } },
      };
      app.get<{ Params: ModelParams }>(path, options, ({ params: { model, version } }) =>
        answer(model, repository.find(model, version)),
      );
    }
  };
  about('', 'Its inputs and outputs.', modelMetadata, (name, { model }) => metadata(name, model));
  about('/config', "Its configuration, as Triton's tools ask for it.", anything, (name, loaded) =>
    configuration(name, loaded.model, settings.maxBatch),
  );
  about('/stats', 'What it has answered, and what a batch costs it.', anything, (name, loaded) => ({
    model_stats: [statistics(name, loaded)],
  }));
  app.get(
    '/v2/models/stats',
    {
      schema: { tags, summary: 'The same of all models.', response: { 200: anything, ...errors } },
    },
    () => ({
      model_stats: [...repository.loaded()].map(([name, loaded]) => statistics(name, loaded)),
    }),
  );
  readiness(app, repository);
}

function readiness(app: FastifyInstance, repository: ServerState['repository']): void {
  for (const { path, params } of modelPaths('/ready')) {
    const ready = object({ name: text, ready: { type: 'boolean' } });
    const options: RouteShorthandOptions = {
      schema: {
        tags: ['Models'],
        summary: 'Whether it answers.',
        params,
        response: { 200: ready, 503: ready, ...errors },
      },
    };
    app.get<{ Params: ModelParams }>(path, options, ({ params: { model, version } }, reply) => {
      if (version !== undefined && version !== onlyVersion) repository.find(model, version);
      const answers = repository.isReady(model);
      return reply.code(answers ? 200 : 503).send({ name: model, ready: answers });
    });
  }
}

/** As Triton's statistics extension has it, and what we measured. */
function statistics(name: string, { statistics, cost, queue, facts }: LoadedModel): object {
  return {
    name,
    version: onlyVersion,
    ...statistics.toJson(),
    engine: facts,
    cost: {
      fixed_seconds: cost.fixed,
      seconds_per_picture: cost.perPicture,
      factor_now: cost.factor,
    },
    queue_pictures: queue.pictures,
  };
}

const unsupported = ['systemsharedmemory', 'cudasharedmemory', 'trace', 'logging'];

/** Extensions of Triton that are not served: said so, instead of "not found". */
export function unsupportedRoutes(app: FastifyInstance): void {
  for (const name of unsupported)
    for (const path of [`/v2/${name}`, `/v2/${name}/*`])
      app.all(path, { schema: { hide: true } }, () => {
        throw new Refusal('unsupported', `The extension "${name}" is not supported.`);
      });
}
