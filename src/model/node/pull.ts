import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { AlexNetError, UsageError, nearest } from '../../errors.ts';
import { reason } from '#platform';
import { makeFolders } from '../../platform/node/folders.ts';
import { importWeights } from '../import.ts';
import type { ImportOptions } from '../import.ts';
import { writeModel } from './model-file.ts';

/**
 * Weights that somebody publishes: where, and the digest (or its beginning) that their publisher
 * gives.
 */
export interface Published {
  readonly address: string;
  readonly digest: { readonly algorithm: 'sha256' | 'sha1'; readonly hex: string };
  readonly options: ImportOptions;
}

/** AlexNets trained on ImageNet, at their official addresses. */
export const published: Readonly<Record<string, Published>> = {
  torchvision: {
    address: 'https://download.pytorch.org/models/alexnet-owt-7be5be79.pth',
    digest: { algorithm: 'sha256', hex: '7be5be79' },
    options: { variant: 'torchvision' },
  },
  caffe: {
    address: 'http://dl.caffe.berkeleyvision.org/bvlc_alexnet.caffemodel',
    digest: { algorithm: 'sha1', hex: '9116a64c0fbe4459d18f4bb6b56d647b63920377' },
    options: {},
  },
  caffenet: {
    address: 'http://dl.caffe.berkeleyvision.org/bvlc_reference_caffenet.caffemodel',
    digest: { algorithm: 'sha1', hex: '4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46' },
    options: {},
  },
  onnx: {
    address:
      'https://github.com/onnx/models/raw/main/validated/vision/classification/alexnet/model/bvlcalexnet-12.onnx',
    digest: {
      algorithm: 'sha256',
      hex: '6b0da9510f27f234ee96a85dc3809dd210150fdefad87f6850f9788513216945',
    },
    options: {},
  },
};

export interface PullOptions {
  /** Another address for the same file: a mirror. Its digest is checked all the same. */
  readonly address?: string;
  /** Where models are kept. Default: `alexnet` in the user's cache folder. */
  readonly folder?: string;
  readonly onProgress?: (done: number, total: number | undefined) => void;
  /** A server that says nothing for so long has gone away. Default 60,000. */
  readonly idleMilliseconds?: number;
}

export interface Pulled {
  readonly name: string;
  /** The model, ready for `AlexNet.load`. */
  readonly file: string;
  /** Where it came from. */
  readonly source: string;
}

/**
 * Published weights as a model file: from the cache, or fetched, checked and converted.
 * @throws {UsageError} for a name that is not published. @throws {AlexNetError} when the file
 * cannot be fetched or is not the published one.
 */
export async function pull(name: string, options: PullOptions = {}): Promise<Pulled> {
  if (!Object.hasOwn(published, name)) {
    const guess = nearest(name, Object.keys(published));
    throw new UsageError(
      `There are no published weights "${name}". ` +
        `${guess === undefined ? '' : `Did you mean "${guess}"? `}There are: ` +
        `${Object.keys(published).join(', ')}.`,
    );
  }
  return pullPublished(name, published[name]!, options);
}

/** {@link pull} for weights that are described by the caller. */
export async function pullPublished(
  name: string,
  weights: Published,
  options: PullOptions = {},
): Promise<Pulled> {
  const folder = options.folder ?? cacheFolder();
  const file = join(folder, `${name}.safetensors`);
  const source = options.address ?? weights.address;
  if ((await sizeOf(file)) > 0) return { name, file, source };
  await makeFolders(folder).catch((error: unknown) => {
    throw new AlexNetError(`The folder ${folder} could not be made: ${reason(error)}.`);
  });
  const fetched = join(folder, `${name}.part`);
  await download(source, fetched, options);
  await checkDigest(fetched, source, weights.digest);
  const { model } = await importWeights(fetched, weights.options);
  await writeModel(file, { ...model, provenance: { ...model.provenance, source } });
  await rm(fetched, { force: true });
  return { name, file, source };
}

/** `$XDG_CACHE_HOME/alexnet`, or what the system uses in its place. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string {
  const given = environment['XDG_CACHE_HOME'] ?? '';
  if (isAbsolute(given)) return join(given, 'alexnet');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'alexnet');
  if (platform === 'win32')
    return join(
      environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'),
      'alexnet',
      'Cache',
    );
  return join(homedir(), '.cache', 'alexnet');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** No weights of an AlexNet are larger; a server that sends more sends something else. */
const maximumBytes = 2 ** 30;

/**
 * Goes on where an earlier attempt stopped, if the server can; whether the two fit together is told
 * by the digest.
 */
async function download(address: string, path: string, options: PullOptions): Promise<void> {
  const already = await sizeOf(path);
  const watch = new IdleWatch(options.idleMilliseconds ?? 60_000);
  try {
    const response = await fetch(address, {
      signal: watch.signal,
      headers: already > 0 ? { range: `bytes=${already}-` } : {},
    });
    if (response.status === 416) return;
    if (!response.ok || response.body === null)
      throw new AlexNetError(
        `${address} answered ${response.status} ${response.statusText}. The file may have ` +
          'moved; give another address with --from.',
      );
    const start = response.status === 206 ? continuedAt(response, already, address) : 0;
    await append(response.body, path, start, total(response, start), watch, options);
  } catch (error) {
    if (error instanceof AlexNetError) throw error;
    throw new AlexNetError(
      `${address} could not be fetched: ${networkReason(error)}. What has arrived is kept: ` +
        'the same command goes on from there. Without a connection, fetch the file elsewhere ' +
        'and turn it into a model with: alexnet convert FILE OUT.safetensors',
      { cause: error },
    );
  } finally {
    watch.stop();
  }
}

function continuedAt(response: Response, already: number, address: string): number {
  const range = response.headers.get('content-range') ?? '';
  if (!range.startsWith(`bytes ${already}-`))
    throw new AlexNetError(
      `${address} was asked for the bytes from ${already} on, but answered with "${range}".`,
    );
  return already;
}

function total(response: Response, start: number): number | undefined {
  const length = Number(response.headers.get('content-length') ?? NaN);
  return response.headers.has('content-encoding') || Number.isNaN(length)
    ? undefined
    : start + length;
}

async function append(
  body: ReadableStream<Uint8Array>,
  path: string,
  start: number,
  size: number | undefined,
  watch: IdleWatch,
  { onProgress }: PullOptions,
): Promise<void> {
  const file = await open(path, start > 0 ? 'r+' : 'w');
  let done = start;
  try {
    for await (const piece of body) {
      watch.seen();
      if (done + piece.length > maximumBytes)
        throw new AlexNetError(`More than ${maximumBytes} bytes arrived, which is no AlexNet.`);
      await file.write(piece, 0, piece.length, done);
      done += piece.length;
      onProgress?.(done, size);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Aborts a fetch when nothing has arrived for a while. */
class IdleWatch {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  seen(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(
      () =>
        this.#controller.abort(
          new Error(`nothing arrived for ${this.#milliseconds / 1000} seconds`),
        ),
      this.#milliseconds,
    );
  }
}

/** fetch wraps what happened into "fetch failed". */
function networkReason(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOTFOUND: 'its name is not known here; is there a network?',
    EAI_AGAIN: 'its name is not known here; is there a network?',
    ECONNREFUSED: 'the connection was refused',
    ECONNRESET: 'the connection broke',
    UND_ERR_SOCKET: 'the connection broke',
    ENETUNREACH: 'there is no network',
    UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  };
  return words[code] ?? reason(inner);
}

async function checkDigest(
  path: string,
  address: string,
  { algorithm, hex }: Published['digest'],
): Promise<void> {
  const hash = createHash(algorithm);
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }))
    hash.update(piece as Buffer);
  const found = hash.digest('hex');
  if (found.startsWith(hex)) return;
  await rm(path, { force: true });
  throw new AlexNetError(
    `What arrived from ${address} is not the published file: its ${algorithm} is ${found} ` +
      `and not ${hex}${hex.length < found.length ? '…' : ''}. It was thrown away; the same ` +
      'command starts anew.',
  );
}
