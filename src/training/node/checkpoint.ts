import { randomUUID } from 'node:crypto';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../../engine/engine.ts';
import { AlexNetError, ensure } from '../../errors.ts';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import type { NamedTensor } from '../../formats/tensor.ts';
import { withFile, writeWhole } from '#platform';
import { readModel } from '../../model/node/model-file.ts';
import { encodeModel } from '../../model/model.ts';
import type { Model } from '../../model/model.ts';
import { WeightAverage, weightsOf } from '../core/average.ts';
import type { State } from '../core/state.ts';
import { f32Weights, loadWeights } from '../../model/weights.ts';

/** The model of a run without its weights. */
export type ModelFrame = Omit<Model, 'weights'>;

/**
 * A run's checkpoint is two files that belong together: `last.safetensors`, a model like any other,
 * and `state.safetensors` with velocities, the moving average and the {@link State}. Both carry the
 * same mark.
 *
 * Killed at any moment, a pair that belongs together is there. The weights are first written
 * beside, as `last.safetensors.next`; the renaming of the state is the moment in which the new
 * checkpoint holds; only then the weights move to their place. Reading finishes that last move
 * where it was missed.
 */
export class Checkpoint {
  readonly #last: string;
  readonly #next: string;
  readonly #state: string;
  readonly #frozen: readonly string[];

  /** @param frozen the session's frozen layers, which have no velocities. */
  constructor(folder: string, frozen: readonly string[]) {
    this.#frozen = frozen;
    this.#last = join(folder, 'last.safetensors');
    this.#next = join(folder, 'last.safetensors.next');
    this.#state = join(folder, 'state.safetensors');
  }

  /**
   * Writes the session as it stands.
   * @throws {AlexNetError} where a file cannot be written (what was there is still there), or
   * {@link Broken} where a number is not finite.
   */
  async write(
    session: Session,
    frame: ModelFrame,
    state: State,
    average: WeightAverage | undefined,
  ): Promise<void> {
    const mark = randomUUID();
    const weights = await weightsOf(session);
    checkFinite(weights);
    await writeWhole(
      this.#next,
      encodeModel({
        ...frame,
        weights: f32Weights(weights),
        provenance: { ...frame.provenance, checkpoint: mark },
      }),
    );
    const tensors = [
      ...(await velocitiesOf(session, this.#frozen)),
      ...averageTensors(session, average),
    ];
    await writeWhole(
      this.#state,
      writeSafetensors(tensors, { metadata: { checkpoint: mark, state: JSON.stringify(state) } }),
    );
    await rename(this.#next, this.#last);
  }

  /**
   * Sets the session to what was last written.
   * @returns the state and the moving average's values, or undefined where nothing was written yet.
   */
  async read(
    session: Session,
  ): Promise<
    { readonly state: State; readonly average: Map<string, Float32Array> | undefined } | undefined
  > {
    const mark = await this.#mark();
    if (mark === undefined) {
      await rm(this.#next, { force: true });
      return undefined;
    }
    const model = await this.#weights(mark);
    await loadWeights(session, model.weights);
    return withFile(this.#state, async (source) => {
      const { tensors, metadata } = await readSafetensors(source);
      const average = new Map<string, Float32Array>();
      for (const { name } of session.parameters) {
        const velocity = tensors.get(`velocity.${name}`);
        if (velocity !== undefined)
          await session.setParameter(name, await velocity.read(), 'velocity');
        const averaged = tensors.get(`average.${name}`);
        if (averaged !== undefined) average.set(name, await averaged.read());
      }
      return {
        state: JSON.parse(metadata.get('state') ?? '') as State,
        average: average.size > 0 ? average : undefined,
      };
    });
  }

  /** The file with the model as it was last written, if any was. */
  async model(): Promise<string | undefined> {
    return (await exists(this.#last)) ? this.#last : undefined;
  }

  /** Where a run stands, without its weights; undefined where nothing was written yet. */
  async peek(): Promise<State | undefined> {
    if ((await this.#mark()) === undefined) return undefined;
    return withFile(
      this.#state,
      async (source) =>
        JSON.parse((await readSafetensors(source)).metadata.get('state') ?? '') as State,
    );
  }

  async #mark(): Promise<string | undefined> {
    if (!(await exists(this.#state))) return undefined;
    return withFile(this.#state, async (source) => {
      const mark = (await readSafetensors(source)).metadata.get('checkpoint');
      ensure(mark !== undefined, `${this.#state} is not the state of a run.`);
      return mark;
    });
  }

  async #weights(mark: string): Promise<Model> {
    const next = await readModel(this.#next).catch(() => undefined);
    if (next?.provenance['checkpoint'] === mark) {
      await rename(this.#next, this.#last);
      return next;
    }
    await rm(this.#next, { force: true });
    const model = await readModel(this.#last);
    if (model.provenance['checkpoint'] === mark) return model;
    throw new AlexNetError(
      `${this.#last} and ${this.#state} are not from the same moment: one of them was copied or changed. Bring back the pair that belongs together, or start a new run from the weights with --from.`,
    );
  }
}

/** The weights or velocities hold a number that is not finite: nothing worth keeping. */
export class Broken extends AlexNetError {}

function checkFinite(weights: ReadonlyMap<string, Float32Array>): void {
  for (const [name, values] of weights) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]))
        throw new Broken(`${name} holds ${values[i]} at place ${i}.`);
    }
  }
}

async function velocitiesOf(session: Session, frozen: readonly string[]): Promise<NamedTensor[]> {
  const tensors: NamedTensor[] = [];
  for (const { name, shape, layer } of session.parameters) {
    if (!frozen.includes(layer.name))
      tensors.push({
        name: `velocity.${name}`,
        shape,
        data: await session.getParameter(name, 'velocity'),
      });
  }
  return tensors;
}

function averageTensors(session: Session, average: WeightAverage | undefined): NamedTensor[] {
  if (average === undefined) return [];
  return session.parameters.map(({ name, shape }) => ({
    name: `average.${name}`,
    shape,
    data: average.values.get(name)!,
  }));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
