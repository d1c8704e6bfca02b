import { AlexNetError, ensure } from '../errors.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { undividedAlpha } from '../network/layer.ts';
import type { LrnLayer, Network } from '../network/layer.ts';
import { parseNetwork } from '../network/json.ts';
import { publishedPreprocessing } from './published.ts';

/**
 * How pictures are made ready, as far as the caller knows better than the file: all of it, single
 * values, or another's way with single values changed.
 */
export type PreprocessingWish = Partial<Preprocessing> & {
  readonly like?: 'torchvision' | 'caffe';
  /** Single values of `resize`. */
  readonly resized?: Partial<Preprocessing['resize']>;
};

/** Settings of all local response normalisations that the caller knows better than the file. */
export interface LrnWish {
  readonly size?: number;
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
  /** α is divided by the number of summands, as PyTorch, Caffe and ONNX mean it. Default false. */
  readonly divided?: boolean;
}

/** Whether a wish leaves nothing to be guessed. */
export function isWhole({ like, channels, scale, mean, deviation }: PreprocessingWish): boolean {
  const values = [channels, scale, mean, deviation];
  return like !== undefined || values.every((value) => value !== undefined);
}

/** `base` with the wishes; where only the channels' order is another, means follow it. */
export function wished(
  base: Preprocessing,
  { like, resized, ...values }: PreprocessingWish = {},
): Preprocessing {
  const from = like === undefined ? base : publishedPreprocessing(like, base.crop);
  const turned = values.channels !== undefined && values.channels !== from.channels;
  const all = { ...from, ...(turned && reversed(from)), ...values };
  return { ...all, resize: { ...all.resize, ...resized } };
}

function reversed({
  mean,
  deviation: [a, b, c],
}: Preprocessing): Pick<Preprocessing, 'mean' | 'deviation'> {
  return {
    mean: 'tensor' in mean ? mean : [mean[2], mean[1], mean[0]],
    deviation: [c, b, a],
  };
}

/** @throws {AlexNetError} where the network has no LRN, or not with such settings. */
export function withLrn(network: Network, wish: LrnWish | undefined): Network {
  if (wish === undefined) return network;
  ensure(
    network.some(({ type }) => type === 'lrn'),
    'settings of LRN are given, but the network has no local response normalisation.',
  );
  try {
    return parseNetwork(
      network.map((layer) => (layer.type === 'lrn' ? changedLrn(layer, wish) : { ...layer })),
    );
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    throw new AlexNetError(`the settings of LRN do not fit: ${error.message}`);
  }
}

function changedLrn(layer: LrnLayer, { size, alpha, beta, k, divided = false }: LrnWish): LrnLayer {
  const resized = { ...layer, ...(size !== undefined && { size }) };
  return {
    ...resized,
    ...(alpha !== undefined && { alpha: divided ? undividedAlpha(resized, alpha) : alpha }),
    ...(beta !== undefined && { beta }),
    ...(k !== undefined && { k }),
  };
}
