import type { Preprocessing } from '../images/preprocessing.ts';
import type { Network } from '../network/layer.ts';
import type { Variant } from '../network/variants.ts';
import { publishedPreprocessing } from './published.ts';

/** What a file does not say, and was therefore assumed. */
export interface Guess {
  readonly about: 'preprocessing' | 'labels' | 'lrn';
  /** What was taken, and why: a sentence for people. */
  readonly text: string;
}

/** What is known of weights whose preprocessing is not. */
export interface Evidence {
  readonly network: Network;
  readonly variant: Variant | undefined;
  readonly kind: string;
  /** ONNX: who wrote the file. */
  readonly producer?: string;
}

interface Likely {
  readonly preprocessing: Preprocessing;
  readonly why: string;
}

/** Whose weights these most likely are, and so what their pictures were made ready like. */
export function likelyPreprocessing(evidence: Evidence, crop: number): Likely {
  const { like, why } = whose(evidence);
  return { preprocessing: publishedPreprocessing(like, crop), why };
}

function whose({ network, variant, kind, producer }: Evidence): {
  like: Variant | undefined;
  why: string;
} {
  if (variant === 'torchvision') return { like: variant, why: "the network is torchvision's" };
  if (variant === 'caffe' || variant === 'caffenet')
    return { like: variant, why: `the network is Caffe's (${variant})` };
  if (producer === 'pytorch' || kind === 'torch')
    return { like: 'torchvision', why: 'the file was written by PyTorch' };
  if (kind === 'caffe') return { like: 'caffe', why: 'the file was written by Caffe' };
  if (!network.some(({ type }) => type === 'lrn'))
    return { like: 'torchvision', why: "the network has no LRN, as torchvision's has none" };
  return { like: variant, why: 'nothing in the file tells; it is what was usual in 2012' };
}

/** `RGB, scale 1/255, mean 0.485 0.456 0.406, deviation 0.229 0.224 0.225, shorter side 256`. */
export function preprocessingText(preprocessing: Preprocessing): string {
  const { channels, scale, mean, deviation, resize, crop } = preprocessing;
  const inverse = Math.round(1 / scale);
  return [
    channels,
    `scale ${scale !== 1 && 1 / inverse === scale ? `1/${inverse}` : scale}`,
    `mean ${'tensor' in mean ? 'image' : mean.join(' ')}`,
    `deviation ${deviation.join(' ')}`,
    `${resize.how === 'warp' ? 'squeezed to' : 'shorter side'} ${resize.size}`,
    `crop ${crop}`,
  ].join(', ');
}

/** What in a network's own form makes it no classifier. */
export function networkWarnings(network: Network): string[] {
  const layers = network.filter(({ type }) => type !== 'softmax' && type !== 'dropout');
  const last = layers.at(-1);
  const before = layers.findLast(({ type }) => type === 'dense' || type === 'convolution');
  const outputs = before?.type === 'dense' ? before.outputs : undefined;
  if (last === before && !(outputs === 4096 && before?.type === 'dense')) return [];
  return [
    `This looks like a part of a network that gives features, not classes: it ends with ` +
      `"${last?.name}"${outputs === undefined ? '' : `, ${outputs} numbers`}. Its outputs are ` +
      'taken as classes all the same, and what it answers means nothing.',
  ];
}
