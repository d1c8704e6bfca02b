import { AlexNetError } from '../errors.ts';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import type { AlexNet, ClassifyOptions } from './alexnet.ts';
import { predictionsFrom } from './predictions.ts';
import type { Prediction } from './predictions.ts';

/** What is on one picture, or why that cannot be said. */
export type FilePrediction =
  | { readonly file: string; readonly predictions: readonly Prediction[] }
  | { readonly file: string; readonly error: string };

/** A picture with a name: the path of a file, or bytes; or why there is none. */
export interface NamedPicture {
  readonly file: string;
  readonly bytes?: Uint8Array;
  readonly error?: string;
}

type Prepared =
  | { readonly file: string; readonly input: Float32Array }
  | { readonly file: string; readonly error: string };

/**
 * Classifies pictures one after another, as many at once as the model's session takes; thousands
 * need no more memory than one batch and what is being read. A picture that cannot be read gives
 * its error and the others go on.
 */
export async function* predictFiles(
  alexnet: AlexNet,
  pictures: AsyncIterable<NamedPicture>,
  { top = 5, crops = 1, ...limit }: ClassifyOptions = {},
): AsyncGenerator<FilePrediction> {
  const { batch } = alexnet.session;
  let waiting: Prepared[] = [];
  for await (const prepared of ahead(pictures, batch + 4, (picture) =>
    prepare(alexnet, picture, crops, limit),
  )) {
    waiting.push(prepared);
    if (waiting.length * crops < batch) continue;
    yield* classify(alexnet, waiting, top, crops);
    waiting = [];
  }
  yield* classify(alexnet, waiting, top, crops);
}

async function prepare(
  alexnet: AlexNet,
  { file, bytes, error: known }: NamedPicture,
  crops: 1 | 10,
  limit: Pick<ClassifyOptions, 'maximumPixels'>,
): Promise<Prepared> {
  if (known !== undefined) return { file, error: known };
  const { preprocessing, meanImage } = alexnet.model;
  try {
    return {
      file,
      input: preprocess(
        await loadPicture(bytes ?? file, { ...preprocessing, ...limit }),
        preprocessing,
        crops,
        meanImage,
      ),
    };
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    return {
      file,
      error: error.message.startsWith(`${file}: `)
        ? error.message.slice(file.length + 2)
        : error.message,
    };
  }
}

async function* classify(
  alexnet: AlexNet,
  prepared: readonly Prepared[],
  top: number,
  crops: 1 | 10,
): AsyncGenerator<FilePrediction> {
  const good = prepared.flatMap((one) => ('input' in one ? [one.input] : []));
  const probabilities =
    good.length > 0 ? await alexnet.probabilities(joined(good)) : new Float32Array();
  const { labels } = alexnet.model;
  let at = 0;
  for (const one of prepared) {
    if ('error' in one) {
      yield one;
      continue;
    }
    const own = probabilities.subarray(at, at + crops * labels.length);
    at += own.length;
    yield { file: one.file, predictions: predictionsFrom(own, labels, top) };
  }
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

/** Results of `work` in the order of `items`, up to `maximum` being worked on at a time. */
async function* ahead<T, R>(
  items: AsyncIterable<T>,
  maximum: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    result.catch(() => undefined); // told when its turn comes
    running.push(result);
    if (running.length >= maximum) yield await running.shift()!;
  }
  for (const result of running) yield await result;
}
