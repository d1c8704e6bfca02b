import type { Batches } from '../data/batches.ts';
import type { Session } from '../engine/engine.ts';
import { labelRank } from '../engine/ranking.ts';
import { averageCrops, probabilitiesOf } from './probabilities.ts';
import { firstOf } from './ranking.ts';

/**
 * How good a network is on labelled pictures. Accuracies are fractions; the loss is the mean
 * cross-entropy without label smoothing.
 */
export interface Score {
  readonly images: number;
  readonly top1: number;
  readonly top5: number;
  readonly loss: number;
}

/** What was said about one picture. */
export interface Verdict {
  /** Which of `dataset.samples`. */
  readonly sample: number;
  readonly label: number;
  /** The class with the largest probability, and that probability. */
  readonly answer: number;
  readonly confidence: number;
  /** The probability of the right class. */
  readonly right: number;
}

export interface Evaluation extends Score {
  /** By class. `top1` is null for a class without pictures. */
  readonly perClass: readonly { readonly images: number; readonly top1: number | null }[];
  /** `confusion[label][answer]`: pictures. */
  readonly confusion: readonly (readonly number[])[];
  readonly verdicts: readonly Verdict[];
}

export interface EvaluateOptions {
  /** Crops of each picture in a batch; their probabilities are averaged (paper §4.1). Default 1. */
  readonly crops?: 1 | 10;
  readonly onBatch?: (done: number, all: number) => void;
  /** Every picture, with the probabilities `[classes]` it got; valid during the call. */
  readonly onPicture?: (picture: Labelled, probabilities: Float32Array) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Which of `dataset.samples`, and its class. */
export type Labelled = Pick<Verdict, 'sample' | 'label'>;

/**
 * Looks at every picture of `batches` once.
 * @throws the signal's reason when it is aborted.
 */
export async function evaluateBatches(
  session: Session,
  batches: Pick<Batches, 'epoch' | 'length'>,
  classes: number,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const tally = new Tally(classes);
  for await (const batch of batches.epoch(0)) {
    options.signal?.throwIfAborted();
    const probabilities = averageCrops(
      await probabilitiesOf(session, batch.images),
      options.crops ?? 1,
      classes,
    );
    for (let i = 0; i < batch.size; i++) {
      const picture = { sample: batch.indices[i]!, label: batch.labels[i]! };
      const own = probabilities.subarray(i * classes, (i + 1) * classes);
      tally.add(picture, own);
      options.onPicture?.(picture, own);
    }
    options.onBatch?.(batch.number + 1, batches.length);
  }
  return tally.result();
}

/**
 * The average of several networks (paper §6: five of them made 38.1 % errors where one made 40.7
 * %): their probabilities for each picture, summed in float64 and rounded once.
 */
export class ModelAverage {
  readonly #classes: number;
  readonly #sums = new Map<number, Sum>();

  constructor(classes: number) {
    this.#classes = classes;
  }

  /** What one network gave for one picture, with the classes in the same order for all. */
  add({ sample, label }: Labelled, probabilities: ArrayLike<number>): void {
    let sum = this.#sums.get(sample);
    if (sum === undefined) {
      sum = { label, networks: 0, probabilities: new Float64Array(this.#classes) };
      this.#sums.set(sample, sum);
    }
    sum.networks++;
    for (let c = 0; c < this.#classes; c++) sum.probabilities[c]! += probabilities[c]!;
  }

  /** How good the average of `networks` is, on the pictures that all of them read. */
  result(networks: number): Evaluation {
    const tally = new Tally(this.#classes);
    for (const [sample, sum] of this.#sums) {
      if (sum.networks === networks)
        tally.add(
          { sample, label: sum.label },
          Float32Array.from(sum.probabilities, (value) => value / networks),
        );
    }
    return tally.result();
  }
}

interface Sum {
  readonly label: number;
  networks: number;
  readonly probabilities: Float64Array;
}

class Tally {
  readonly #classes: number;
  readonly #confusion: number[][];
  readonly #verdicts: Verdict[] = [];
  #loss = 0;
  #top5 = 0;

  constructor(classes: number) {
    this.#classes = classes;
    this.#confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  }

  add({ sample, label }: Labelled, probabilities: Float32Array): void {
    const answer = firstOf(probabilities);
    const right = probabilities[label]!;
    this.#confusion[label]![answer]!++;
    this.#loss -= Math.log(Math.max(right, 1e-12));
    if (labelRank(probabilities, 0, this.#classes, label) < 5) this.#top5++;
    this.#verdicts.push({ sample, label, answer, confidence: probabilities[answer]!, right });
  }

  result(): Evaluation {
    const images = this.#verdicts.length;
    const rows = this.#confusion.map((row, label) => ({
      hits: row[label]!,
      images: row.reduce((sum, n) => sum + n, 0),
    }));
    const hits = rows.reduce((sum, row) => sum + row.hits, 0);
    return {
      images,
      top1: hits / images,
      top5: this.#top5 / images,
      loss: this.#loss / images,
      perClass: rows.map((row) => ({
        images: row.images,
        top1: row.images === 0 ? null : row.hits / row.images,
      })),
      confusion: this.#confusion,
      verdicts: this.#verdicts,
    };
  }
}
