import type { Engine, PrepareOptions, Session } from '../engine/engine.ts';
import { findEngine } from '../engine/registry.ts';
import { ensure } from '../errors.ts';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import type { PictureInput } from '../images/preprocess.ts';
import type { Guess } from '../model/guesses.ts';
import type { ImportOptions } from '../model/import.ts';
import type { FileInput } from '../model/input.ts';
import { loadModel } from '../model/integers.ts';
import type { Model } from '../model/model.ts';
import { checkModel } from '../model/model.ts';
import { predictionsFrom } from './predictions.ts';
import type { Prediction } from './predictions.ts';
import { probabilitiesOf } from './probabilities.ts';

export interface LoadOptions
  extends ImportOptions, Pick<PrepareOptions, 'keep' | 'precision' | 'threads'> {
  /** `auto`, or the name of one. Default auto. */
  readonly engine?: string | Engine;
  /** The most pictures computed at once. Default 1 for the quickest single answer. */
  readonly batch?: number;
}

export interface ClassifyOptions {
  /** How many predictions, the most probable first. Default 5. */
  readonly top?: number;
  /** 1: the centre; 10: the mean of the paper's ten crops (§4.1). Default 1. */
  readonly crops?: 1 | 10;
  /** Of one picture: more are refused before decoding. Default 100 million. */
  readonly maximumPixels?: number;
}

/**
 * A trained network, ready to be asked.
 *
 *     const alexnet = await AlexNet.load('model.safetensors');
 *     const [best] = await alexnet.classify('photo.jpg');
 *     await alexnet.dispose();
 */
export class AlexNet {
  readonly model: Model;
  readonly session: Session;
  /** What the file that was loaded does not say, and was assumed; of a model of ours nothing. */
  readonly guesses: readonly Guess[];

  private constructor(model: Model, session: Session, guesses: readonly Guess[]) {
    this.model = model;
    this.session = session;
    this.guesses = guesses;
  }

  /**
   * Loads a model of ours, or published weights of any kind that {@link importWeights} reads.
   * @param weights a path (on Node), a page's File or Blob, or any source of bytes.
   * @throws {AlexNetError} where the file does not hold what it should, or the engine does not run
   * here.
   */
  static async load(weights: FileInput, options: LoadOptions = {}): Promise<AlexNet> {
    const { importWeights } = await import('../model/import.ts');
    // Looking for an engine takes as long as reading a file; the second look costs nothing.
    const [, { model, guesses }] = await Promise.all([
      engineOf(options),
      importWeights(weights, options),
    ]);
    return AlexNet.#open(model, options, guesses);
  }

  /** From a model in memory. */
  static async of(
    model: Model,
    options: Omit<LoadOptions, keyof ImportOptions> = {},
  ): Promise<AlexNet> {
    return AlexNet.#open(model, options, []);
  }

  static async #open(
    model: Model,
    options: Omit<LoadOptions, keyof ImportOptions>,
    guesses: readonly Guess[],
  ): Promise<AlexNet> {
    checkModel(model);
    const { quantisation } = model;
    const engine = await engineOf(options, quantisation !== undefined);
    const { batch = 1, keep, precision, threads } = options;
    const session = await engine.prepare(model.network, {
      batch,
      mode: 'inference',
      ...(quantisation && { quantisation }),
      ...(threads !== undefined && { threads }),
      ...(keep !== undefined && { keep }),
      ...(precision !== undefined && { precision }),
    });
    try {
      await loadModel(session, model);
    } catch (error) {
      await session.dispose();
      throw error;
    }
    return new AlexNet(model, session, guesses);
  }

  /**
   * What is on a picture.
   * @param picture a file's path (on Node), a page's File, the bytes of an encoded picture, or raw
   * RGB pixels.
   * @throws {UnreadablePicture} where it is none.
   */
  async classify(
    picture: PictureInput,
    { top = 5, crops = 1, ...limit }: ClassifyOptions = {},
  ): Promise<Prediction[]> {
    ensure(
      Number.isInteger(top) && top > 0,
      `Expected top to be a whole number above zero but found ${top}.`,
    );
    const { preprocessing, meanImage, labels } = this.model;
    const loaded = await loadPicture(picture, { ...preprocessing, ...limit });
    const probabilities = await this.probabilities(
      preprocess(loaded, preprocessing, crops, meanImage),
    );
    return predictionsFrom(probabilities, labels, top);
  }

  /**
   * Probabilities `[n, classes]` of preprocessed pictures `[n, 3, crop, crop]`, any number of them.
   */
  async probabilities(images: Float32Array): Promise<Float32Array> {
    return probabilitiesOf(this.session, images);
  }

  /** Gives back the engine's memory and threads. */
  async dispose(): Promise<void> {
    await this.session.dispose();
  }
}

async function engineOf(
  { engine = 'auto' }: Pick<LoadOptions, 'engine'>,
  integers = false,
): Promise<Engine> {
  return typeof engine === 'string' ? findEngine(engine, { integers }) : engine;
}
