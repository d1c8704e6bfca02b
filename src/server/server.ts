import type { FastifyInstance } from 'fastify';
import { reason } from '#platform';
import { AlexNetError } from '../errors.ts';
import { buildApp } from './app.ts';
import { Turns } from './batching/turns.ts';
import { DecodingTeam } from './decoding/team.ts';
import { BodyBudget } from './http/body.ts';
import { Keys } from './http/keys.ts';
import { Metrics } from './metrics.ts';
import type { LoadedModel } from './models/loaded-model.ts';
import { findModels } from './models/names.ts';
import { Repository } from './models/repository.ts';
import type { NamedSource } from './models/repository.ts';
import { resolveOptions } from './options.ts';
import type { ServerOptions, Settings } from './options.ts';
import type { ServerState } from './state.ts';

/** A server with its models loaded, which listens nowhere yet. */
export interface AlexNetServer {
  /** Fastify: `inject` for tests, or to register it elsewhere. */
  readonly http: FastifyInstance;
  /** The models' names. */
  readonly models: readonly string[];
  /** The engine that computes them. */
  readonly engine: string;
  /** @returns the address: `http://127.0.0.1:8000`. @throws {AlexNetError} where the port is taken. */
  listen(where: { readonly host: string; readonly port: number }): Promise<string>;
  /** From now on it is not ready, and asks clients to connect anew; it still answers. */
  drain(): void;
  /** Ends all connections, answered or not. */
  cutOff(): void;
  /** Takes no more requests, answers those that it has, and gives everything back. */
  close(): Promise<void>;
}

/**
 * Serves models over HTTP: pictures for people, the Open Inference Protocol for machines.
 *
 *     const server = await createServer({ models: ['runs/photos'] });
 *     console.log(await server.listen({ host: '127.0.0.1', port: 8000 }));
 *
 * @throws {AlexNetError} where a setting cannot be, or a model cannot be loaded.
 */
export async function createServer(options: ServerOptions): Promise<AlexNetServer> {
  const settings = resolveOptions(options);
  const metrics = new Metrics();
  const repository = await openRepository(settings, metrics);
  const { decodingThreads, maximumPixels } = settings;
  const team = await DecodingTeam.open(decodingThreads, maximumPixels);
  const readers = new WeakMap<LoadedModel, number>();
  const budget = new BodyBudget(Math.max(4 * settings.maxBody, 512e6));
  const state: ServerState = {
    settings,
    repository,
    team,
    metrics,
    budget,
    keys: new Keys(settings.keys),
    draining: false,
    readerOf: (loaded) => {
      const known = readers.get(loaded);
      if (known !== undefined) return known;
      const { preprocessing, meanImage } = loaded.model;
      const reader = team.addReader({ preprocessing, meanImage });
      readers.set(loaded, reader);
      loaded.onClosed(() => team.removeReader(reader));
      return reader;
    },
  };
  metrics.watch(repository, () => budget.taken);
  try {
    const http = await buildApp(state);
    return opened(http, state);
  } catch (error) {
    await Promise.all([repository.close(), team.close()]);
    throw error;
  }
}

function opened(http: FastifyInstance, state: ServerState): AlexNetServer {
  const { repository, team } = state;
  const [first] = repository.loaded().values();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    state.draining = true;
    await http.close();
    await repository.close();
    await team.close();
  };
  return {
    http,
    models: repository.names,
    engine: first!.facts.engine,
    listen: (where) => listen(http, where),
    drain: () => {
      state.draining = true;
    },
    cutOff: () => {
      http.server.closeAllConnections();
    },
    close: () => (closing ??= close()),
  };
}

async function listen(
  http: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    await http.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    const advice = code === 'EADDRINUSE' ? ' Choose another port, or 0 for any that is free.' : '';
    throw new AlexNetError(
      `The server could not listen on ${host}, port ${port}: ${reason(error)}.${advice}`,
      { cause: error },
    );
  }
  const bound = http.server.address();
  const found = typeof bound === 'object' && bound !== null ? bound.port : port;
  const scheme = 'setSecureContext' in http.server ? 'https' : 'http';
  return `${scheme}://${reachable(host)}:${found}`;
}

/** Where a program on this machine reaches it. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function openRepository(settings: Settings, metrics: Metrics): Promise<Repository> {
  const turns = new Turns();
  const words = settings.models.filter((model) => typeof model === 'string');
  const given = settings.models.filter((model) => typeof model !== 'string');
  const scan = async (): Promise<NamedSource[]> => [...(await findModels(words)), ...given];
  const { engine, threads, precision, maxBatch: batch, queue: capacity, logger } = settings;
  const repository = new Repository({
    sources: await scan(),
    rescan: scan,
    loading: (name) => ({
      engine,
      threads,
      precision,
      batch,
      capacity,
      turns,
      onBatch: (pictures, seconds) => metrics.batch(name, pictures, seconds),
    }),
    onEvent: (event, name, error) => {
      if (error === undefined) logger?.info({ model: name }, event);
      else logger?.error({ model: name, err: error }, event);
    },
  });
  try {
    await repository.open();
    return repository;
  } catch (error) {
    await repository.close();
    throw error;
  }
}
