import type { Dataset, Split } from '../../data/dataset.ts';
import type { Engine, Session } from '../../engine/engine.ts';
import { AlexNet } from '../../inference/alexnet.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import { evaluate } from '../../inference/node/evaluate.ts';
import { loadModel } from '../../model/integers.ts';
import type { Model } from '../../model/model.ts';
import type { Method, Target } from '../result.ts';
import { imagesOf } from './pictures.ts';
import type { ShrinkPictures } from './pictures.ts';

export interface ShrinkOptions {
  /** A model file, or published weights of any kind that is read. */
  readonly model: string;
  /** Labelled pictures, as for training. */
  readonly data: string;
  /** Where the model goes. Default: nowhere, it is in the result only. */
  readonly out?: string;
  /** Top-1 that may be lost, as a fraction. Default 0.01. */
  readonly maxDrop?: number;
  /** What matters, where no methods are named. Default balanced: int8 alone. */
  readonly target?: Target;
  readonly methods?: readonly Method[];
  /** Epochs of training after what changes the network: low rank. Default none. */
  readonly finetune?: number;
  readonly engine?: string;
  readonly threads?: number;
  readonly depth?: number;
  /** Told what is done now, in words. */
  readonly onStep?: (text: string) => void;
}

/** What every step works with. */
export interface Workshop {
  readonly options: ShrinkOptions;
  readonly pictures: ShrinkPictures;
  /** Of models in floating point, and of quantised ones. */
  readonly engines: { readonly plain: Engine; readonly integers: Engine };
  readonly say: (text: string) => void;
  readonly notes: string[];
}

/** What a model answers about one part of the pictures. */
export async function asked(
  { pictures, engines, options, say }: Workshop,
  model: Model,
  part: 'validation' | 'sensitivity' | 'test',
  what: string,
): Promise<Evaluation> {
  const dataset: Dataset = pictures[part];
  const split: Split = part === 'test' ? pictures.testSplit : 'val';
  const engine = model.quantisation === undefined ? engines.plain : engines.integers;
  const { threads } = options;
  const alexnet = await AlexNet.of(model, {
    engine,
    batch: 32,
    ...(threads !== undefined && { threads }),
  });
  try {
    return await evaluate(alexnet, dataset, {
      split,
      batch: 32,
      onBatch: (done, all) => say(`${what}: batch ${done} of ${all}`),
      ...(threads !== undefined && { threads }),
    });
  } finally {
    await alexnet.dispose();
  }
}

/** Looks at training pictures with a session in floating point that keeps these layers. */
export async function inside<T>(
  { engines, options }: Workshop,
  model: Model,
  keep: readonly string[],
  dataset: Dataset,
  look: (session: Session, batches: AsyncIterable<Float32Array>) => Promise<T>,
): Promise<T> {
  const batch = 8;
  const { threads } = options;
  const session = await engines.plain.prepare(model.network, {
    batch,
    mode: 'inference',
    keep,
    ...(threads !== undefined && { threads }),
  });
  try {
    await loadModel(session, model);
    return await look(session, imagesOf(dataset, 'train', model, batch, threads));
  } finally {
    await session.dispose();
  }
}
