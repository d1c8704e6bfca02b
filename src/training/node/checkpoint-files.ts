import { randomUUID } from 'node:crypto';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reason, withFile, writeWhole } from '#platform';
import { AlexNetError } from '../../errors.ts';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import type { SafetensorsFile } from '../../formats/safetensors.ts';
import type { NamedTensor } from '../../formats/tensor.ts';
import { readModel } from '../../model/node/model-file.ts';
import { encodeModel } from '../../model/model.ts';
import type { Model } from '../../model/model.ts';
import { parametersOf } from '../../network/parameters.ts';
import type { Checkpoint, ParameterValues } from '../core/run-store.ts';
import { parseState } from '../core/state.ts';
import type { State } from '../core/state.ts';

/**
 * A run's checkpoint as two files that belong together: `last.safetensors`, a model like any other,
 * and `state.safetensors` with velocities, the moving average and the {@link State}. Both carry the
 * same mark.
 *
 * Killed at any moment, a pair that belongs together is there. The weights are first written
 * beside, as `last.safetensors.next`; the renaming of the state is the moment in which the new
 * checkpoint holds; only then the weights move to their place. Reading finishes that last move
 * where it was missed.
 */
export class CheckpointFiles {
  readonly #last: string;
  readonly #next: string;
  readonly #state: string;

  constructor(folder: string) {
    this.#last = join(folder, 'last.safetensors');
    this.#next = join(folder, 'last.safetensors.next');
    this.#state = join(folder, 'state.safetensors');
  }

  /** Where a file cannot be written, what was there is still there. */
  async write({ model, velocities, average, state }: Checkpoint): Promise<void> {
    const checkpoint = randomUUID();
    const provenance = { ...model.provenance, checkpoint };
    await writeWhole(this.#next, encodeModel({ ...model, provenance }));
    const tensors = [
      ...namedTensors('velocity', model, velocities),
      ...(average === undefined ? [] : namedTensors('average', model, average)),
    ];
    const metadata = { checkpoint, state: JSON.stringify(state) };
    await writeWhole(this.#state, writeSafetensors(tensors, { metadata, checksums: true }));
    await rename(this.#next, this.#last);
  }

  /**
   * What was last written, or undefined where nothing was yet.
   * @throws {AlexNetError} where a file of it is gone or cannot be read: a run that then began
   * again would write over what it has learned.
   */
  async read(): Promise<Checkpoint | undefined> {
    const mark = await this.#mark();
    if (mark === undefined) {
      await rm(this.#next, { force: true });
      return undefined;
    }
    const model = await this.#model(mark);
    return this.#readState(async (file) => {
      const average = await tensorsNamed('average', model, file);
      return {
        model,
        velocities: await tensorsNamed('velocity', model, file),
        average: average.size > 0 ? average : undefined,
        state: stateIn(file),
      };
    });
  }

  /** The file with the model as it was last written, if any was. */
  async modelFile(): Promise<string | undefined> {
    return (await exists(this.#last)) ? this.#last : undefined;
  }

  /** Where a run stands, without its weights; undefined where nothing was written yet. */
  async peek(): Promise<State | undefined> {
    if ((await this.#mark()) === undefined) return undefined;
    return this.#readState(async (file) => stateIn(file));
  }

  async #mark(): Promise<string | undefined> {
    if (!(await exists(this.#state))) {
      // The state takes its place before the weights do: weights alone were not left by us.
      if (!(await exists(this.#last))) return undefined;
      throw new AlexNetError(
        `${this.#state} is gone, which says where the run stood, and ${this.#last} is there. ` +
          this.#advice(),
      );
    }
    return this.#readState(async ({ metadata }) => {
      const mark = metadata.get('checkpoint');
      if (mark === undefined) throw new AlexNetError('It is not the state of a run.');
      return mark;
    });
  }

  /** @throws {AlexNetError} that names the file and says what to do. */
  async #readState<T>(use: (file: SafetensorsFile) => Promise<T>): Promise<T> {
    try {
      return await withFile(this.#state, async (source) => use(await readSafetensors(source)));
    } catch (error) {
      throw new AlexNetError(
        `${this.#state} cannot be read, so the run cannot go on: ${reason(error)} ` +
          this.#advice(),
        { cause: error },
      );
    }
  }

  #advice(): string {
    return `Bring it back, or start a new run from the weights: --from ${this.#last}.`;
  }

  async #model(mark: string): Promise<Model> {
    const next = await readModel(this.#next).catch(() => undefined);
    if (next?.provenance['checkpoint'] === mark) {
      await rename(this.#next, this.#last);
      return next;
    }
    await rm(this.#next, { force: true });
    const model = await readModel(this.#last);
    if (model.provenance['checkpoint'] === mark) return model;
    throw new AlexNetError(
      `${this.#last} and ${this.#state} are not from the same moment: ` +
        'one of them was copied or changed. Bring back the pair that belongs together, ' +
        'or start a new run from the weights with --from.',
    );
  }
}

function namedTensors(kind: string, { network }: Model, values: ParameterValues): NamedTensor[] {
  return parametersOf(network).flatMap(({ name, shape }) => {
    const data = values.get(name);
    return data === undefined ? [] : [{ name: `${kind}.${name}`, shape, data }];
  });
}

async function tensorsNamed(
  kind: string,
  { network }: Model,
  { tensors }: SafetensorsFile,
): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name } of parametersOf(network)) {
    const tensor = tensors.get(`${kind}.${name}`);
    if (tensor !== undefined) values.set(name, await tensor.read());
  }
  return values;
}

function stateIn({ metadata }: SafetensorsFile): State {
  return parseState(JSON.parse(metadata.get('state') ?? 'null'));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
