import type { PrepareOptions, Session } from '../../engine/engine.ts';
import { AlexNetError, DeviceLost } from '../../errors.ts';
import { AlexNet } from '../../inference/alexnet.ts';
import type { LoadOptions } from '../../inference/alexnet.ts';
import type { Model } from '../../model/model.ts';
import { inferShapes, volume } from '../../network/shapes.ts';
import type { LayerShape } from '../../network/shapes.ts';
import { Cost } from '../batching/cost.ts';
import type { Computer, Outputs } from '../batching/queue.ts';

export interface SessionsOptions extends Pick<LoadOptions, 'precision' | 'threads'> {
  readonly engine: string;
  /** The most pictures at once. */
  readonly batch: number;
}

/** What costs a session of its own holds fewer pictures, because every layer is kept. */
const layersBatch = 8;

/**
 * A model in its engine. One session answers with probabilities and logits: a small batch costs in
 * it what it would cost in a small session. A second one, which keeps every layer, is prepared when
 * a layer is first asked for.
 */
export class Sessions implements Computer {
  readonly model: Model;
  readonly shapes: readonly LayerShape[];
  readonly pictureSize: number;
  readonly #options: SessionsOptions;
  readonly #logits: string;
  #answers: Promise<Session>;
  #layers: Promise<Session> | undefined;

  private constructor(model: Model, options: SessionsOptions) {
    this.model = model;
    this.shapes = inferShapes(model.network);
    this.pictureSize = volume(this.shapes[0]!.output);
    const logits = this.shapes.at(-2)!.layer;
    if (this.shapes.at(-1)!.layer.type !== 'softmax')
      throw new AlexNetError(
        'The network does not end with a softmax, so it gives no probabilities to serve.',
      );
    this.#options = options;
    this.#logits = logits.name;
    this.#answers = this.#open([this.#logits], options.batch);
  }

  static async open(model: Model, options: SessionsOptions): Promise<Sessions> {
    const sessions = new Sessions(model, options);
    await sessions.#answers;
    return sessions;
  }

  /** The session that answers; its engine, threads and memory. */
  session(): Promise<Session> {
    return this.#answers;
  }

  batchOf(outputs: ReadonlySet<string>): number {
    const { batch } = this.#options;
    return this.#needLayers(outputs) ? Math.min(layersBatch, batch) : batch;
  }

  async compute(images: Float32Array, outputs: ReadonlySet<string>): Promise<Outputs> {
    try {
      return await this.#compute(images, outputs);
    } catch (error) {
      if (!(error instanceof DeviceLost)) throw error;
      await this.dispose();
      this.#layers = undefined;
      this.#answers = this.#open([this.#logits], this.#options.batch);
      return this.#compute(images, outputs);
    }
  }

  /** Measures F and m, on images of every brightness; the first passes only warm up. */
  async measure(): Promise<Cost> {
    const session = await this.#answers;
    const many = Math.min(8, session.batch);
    const images = Float32Array.from(
      { length: many * this.pictureSize },
      (_, i) => ((i * 7919) % 255) - 128,
    );
    const best = async (pictures: number): Promise<number> => {
      const seconds: number[] = [];
      for (let i = 0; i < 3; i++) {
        const begin = performance.now();
        await session.forward(images.subarray(0, pictures * this.pictureSize));
        seconds.push((performance.now() - begin) / 1000);
      }
      return Math.min(...seconds);
    };
    return Cost.between(await best(1), await best(many), many);
  }

  async dispose(): Promise<void> {
    const sessions = [this.#answers, ...(this.#layers === undefined ? [] : [this.#layers])];
    await Promise.all(
      sessions.map((session) =>
        session.then(
          (open) => open.dispose(),
          () => undefined,
        ),
      ),
    );
  }

  async #compute(images: Float32Array, outputs: ReadonlySet<string>): Promise<Outputs> {
    const needLayers = this.#needLayers(outputs);
    const session = await (needLayers ? this.#openLayers() : this.#answers);
    const probabilities = await session.forward(images);
    const found = new Map<string, Float32Array>();
    for (const name of outputs) {
      if (name === 'probabilities') found.set(name, probabilities);
      else found.set(name, await session.activation(name === 'logits' ? this.#logits : name));
    }
    return found;
  }

  #openLayers(): Promise<Session> {
    const { batch } = this.#options;
    this.#layers ??= this.#open('all', Math.min(layersBatch, batch)).catch((error: unknown) => {
      this.#layers = undefined;
      throw error;
    });
    return this.#layers;
  }

  async #open(keep: PrepareOptions['keep'] & {}, batch: number): Promise<Session> {
    const alexnet = await AlexNet.of(this.model, { ...this.#options, keep, batch });
    return alexnet.session;
  }

  #needLayers(outputs: ReadonlySet<string>): boolean {
    for (const name of outputs) if (name !== 'probabilities' && name !== 'logits') return true;
    return false;
  }
}
