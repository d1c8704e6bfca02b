import type { FastifyBaseLogger } from 'fastify';
import type { Precision } from '../engine/engine.ts';
import { UsageError } from '../errors.ts';
import type { Model } from '../model/model.ts';

/** A server's settings; what is left out has the default that is named. */
export interface ServerOptions {
  /**
   * Files (`model.safetensors`), files with a name (`photos=model.safetensors`), folders of models
   * and of run folders, or models in memory.
   */
  readonly models: readonly (string | { readonly name: string; readonly model: Model })[];
  /** Default `auto`. */
  readonly engine?: string;
  /** To compute with. Default: the machine's cores. */
  readonly threads?: number;
  /** Default f32. */
  readonly precision?: Precision;
  /** The most pictures computed at once. Default 32. */
  readonly maxBatch?: number;
  /** The most pictures that wait for one model or are computed. Default 256. */
  readonly queue?: number;
  /** Seconds that a request may take. Default 10. */
  readonly timeout?: number;
  /** Who may use it, and load and unload. Default none: anyone may use it, nobody may load. */
  readonly keys?: readonly string[];
  /** Bytes of one request, decompressed. Default 64 MB. */
  readonly maxBody?: number;
  /** Of one picture: more are refused before decoding. Default 100 million. */
  readonly maximumPixels?: number;
  /** Open at once. Default 1024. */
  readonly connections?: number;
  /** Threads that decode. Default: the machine's cores. */
  readonly decodingThreads?: number;
  /** Origins of pages that may use it from a browser, or `*`. Default none. */
  readonly cors?: readonly string[];
  /** PEM. Default: HTTP without TLS. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Where requests and events are logged. Default nowhere. */
  readonly logger?: FastifyBaseLogger;
}

type Optional = 'threads' | 'maximumPixels' | 'decodingThreads' | 'tls' | 'logger';

/** All of them, but for what has no default. */
export type Settings = Required<Omit<ServerOptions, Optional>> & Pick<ServerOptions, Optional>;

/** @throws {UsageError} naming the setting that cannot be. */
export function resolveOptions(options: ServerOptions): Settings {
  const settings = {
    engine: 'auto',
    precision: 'f32' as const,
    maxBatch: 32,
    queue: 256,
    timeout: 10,
    keys: [],
    maxBody: 64e6,
    connections: 1024,
    cors: [],
    ...options,
  };
  wholeNumber('maxBatch', settings.maxBatch, 1, 1024);
  wholeNumber('queue', settings.queue, 1, 1e6);
  wholeNumber('maxBody', settings.maxBody, 1024, 2 ** 30);
  wholeNumber('connections', settings.connections, 1, 1e6);
  if (!(settings.timeout > 0 && settings.timeout <= 3600))
    throw new UsageError(
      `Expected timeout to be from above 0 to 3600 seconds but found ${settings.timeout}.`,
    );
  if (settings.models.length === 0)
    throw new UsageError('Expected at least one model to serve but found none.');
  const short = settings.keys.find((key) => !/^\S{16,1024}$/.test(key));
  if (short !== undefined)
    throw new UsageError(
      'Expected keys of 16 characters or more without spaces but found one of ' +
        `${short.length}. Make one: openssl rand -hex 32.`,
    );
  return settings;
}

function wholeNumber(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UsageError(
    `Expected ${name} to be a whole number from ${least} to ${most} but found ${value}.`,
  );
}
