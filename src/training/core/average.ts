import type { Session } from '../../engine/engine.ts';
import { inPortions } from '../../platform/portions.ts';
import type { ParameterValues } from './run-store.ts';
import type { Settings } from './settings.ts';

/**
 * A moving average of the weights: `a ← d·a + (1 − d)·w` for every step, done every `every` steps
 * at once with d to that power, because reading 60 million weights costs as much as a few pictures.
 * While it is young it follows faster: d is at most (1 + n)/(10 + n) after n steps.
 */
export class WeightAverage {
  readonly #session: Session;
  readonly #decay: number;
  readonly #every: number;
  readonly values: ParameterValues;

  private constructor(
    session: Session,
    { decay, every }: NonNullable<Settings['average']>,
    values: ParameterValues,
  ) {
    this.#session = session;
    this.#decay = decay;
    this.#every = every;
    this.values = values;
  }

  /**
   * @param values what a checkpoint kept; without it the average starts at the weights as they are.
   */
  static async start(
    session: Session,
    settings: NonNullable<Settings['average']>,
    values?: ParameterValues,
  ): Promise<WeightAverage> {
    return new WeightAverage(session, settings, values ?? (await weightsOf(session)));
  }

  /** Called after every step with the number of steps done. */
  async follow(step: number): Promise<void> {
    if (step % this.#every !== 0) return;
    const decay = Math.min(this.#decay, (1 + step) / (10 + step)) ** this.#every;
    for (const [name, average] of this.values) {
      const weights = await this.#session.getParameter(name);
      await inPortions(average.length, 1 << 20, (first, end) => {
        for (let i = first; i < end; i++)
          average[i] = decay * average[i]! + (1 - decay) * weights[i]!;
      });
    }
  }

  /** Runs `use` while the session holds the average instead of its weights. */
  async during<T>(use: () => Promise<T>): Promise<T> {
    const weights = await weightsOf(this.#session);
    await setWeights(this.#session, this.values);
    try {
      return await use();
    } finally {
      await setWeights(this.#session, weights);
    }
  }
}

/** Every parameter's value by name. */
export async function weightsOf(session: Session): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const { name } of session.parameters) weights.set(name, await session.getParameter(name));
  return weights;
}

export async function setWeights(session: Session, weights: ParameterValues): Promise<void> {
  for (const [name, values] of weights) await session.setParameter(name, values);
}
