import { AlexNetError } from '../../errors.ts';
import { refuseTraining } from '../../model/integers.ts';
import type { Model } from '../../model/model.ts';
import type { Network } from '../../network/layer.ts';
import { checkMemory } from './memory.ts';
import { checkFrozen, networkFor, networkFrom, networkGiven } from './network.ts';
import type { Settings } from './settings.ts';

/** What will be trained: settled before a picture is read. */
export interface Blueprint {
  readonly settings: Settings;
  /** The names of the labels, by index. */
  readonly classes: readonly string[];
  /** The model that training starts from. */
  readonly model: Model | undefined;
  readonly network: Network;
  /** Height and width of the network's input. */
  readonly input: number;
  /** Pictures in a step: no more than there are. */
  readonly batch: number;
  /** Pictures in the engine at once. */
  readonly micro: number;
  /** What training takes, without decoded pictures. */
  readonly memoryBytes: number;
}

export interface BlueprintOptions {
  readonly settings: Settings;
  readonly classes: readonly string[];
  /** How many pictures there are to train on. */
  readonly pictures: number;
  /** The model in `settings.from`. */
  readonly model?: Model | undefined;
  /** Bytes of memory that are free. Default: enough. */
  readonly memoryAvailable?: number;
}

/** @throws {AlexNetError} where network, data and memory do not go together. */
export function blueprintOf({
  settings,
  classes,
  pictures,
  model,
  memoryAvailable = Infinity,
}: BlueprintOptions): Blueprint {
  if (classes.length === 1)
    throw new AlexNetError(
      `There is one class alone, "${classes[0]}": a network learns to tell classes apart, and ` +
        'needs two at least. Expected a folder of pictures per class.',
    );
  if (model !== undefined) refuseTraining(model);
  const network = networkOf(settings, model, classes.length);
  const batch = Math.min(settings.batch, pictures);
  const micro = Math.min(settings.microBatch ?? batch, batch);
  const averaged = settings.average !== null;
  const memoryBytes = checkMemory(network, { micro, batch, averaged }, memoryAvailable);
  const input = inputSize(network);
  return { settings, classes, model, network, input, batch, micro, memoryBytes };
}

function networkOf(settings: Settings, model: Model | undefined, classes: number): Network {
  const network = unfrozenNetworkOf(settings, model, classes);
  checkFrozen(network, settings.freeze);
  return network;
}

function unfrozenNetworkOf(settings: Settings, model: Model | undefined, classes: number): Network {
  const { variant, network, dropout } = settings;
  if (network !== undefined) return networkGiven(network, settings, classes);
  if (variant !== null) return networkFor({ ...settings, variant }, classes);
  if (model === undefined)
    throw new AlexNetError('Settings without a variant need a network, or a model to start from.');
  return networkFrom(model.network, classes, dropout);
}

function inputSize(network: Network): number {
  const [input] = network;
  return input?.type === 'input' ? input.shape[1] : 0;
}
