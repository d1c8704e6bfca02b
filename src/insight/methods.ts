import { ensure, nearest, UsageError } from '../errors.ts';
import type { Session } from '../engine/engine.ts';
import { inferShapes } from '../network/shapes.ts';
import { gradCam, guidedGradCam } from './gradcam.ts';
import { deconvnet, guidedBackpropagation, saliency } from './gradients.ts';
import { integratedGradients } from './integrated.ts';
import { occlusion } from './occlusion.ts';
import type { OcclusionOptions } from './occlusion.ts';
import { smoothGrad } from './smoothgrad.ts';
import { classTarget, keepForExplaining } from './target.ts';
import type { Target } from './target.ts';
import type { Work } from './work.ts';

/** What stands on every page about the method that made it. */
export interface About {
  readonly title: string;
  readonly does: string;
  readonly source: string;
  readonly cannot: string;
}

export const methods = {
  'grad-cam': {
    title: 'Grad-CAM',
    does:
      "Weights the maps of the last convolution by how much the class's score grows with each " +
      'of them, sums them and keeps what speaks for the class.',
    source:
      'Selvaraju et al. 2016, “Grad-CAM: Visual Explanations from Deep Networks via ' +
      'Gradient-based Localization”, arXiv 1610.02391',
    cannot:
      'It is as coarse as the maps it sums, shows nothing that speaks against the class, and ' +
      'says where the network looked, not what it saw there.',
  },
  'guided-grad-cam': {
    title: 'Guided Grad-CAM',
    does: 'Guided backpropagation, kept only where Grad-CAM finds the class.',
    source: 'Selvaraju et al. 2016, §3.2, arXiv 1610.02391',
    cannot:
      'Its fine lines come from guided backpropagation, which draws the edges of a photograph ' +
      'for nearly any class (Adebayo et al. 2018): trust the place, not the lines.',
  },
  saliency: {
    title: 'Saliency',
    does:
      "The size of the gradient: how much the class's score would change with each pixel, the " +
      'largest of its colours.',
    source:
      'Simonyan, Vedaldi and Zisserman 2013, “Deep Inside Convolutional Networks”, arXiv 1312.6034',
    cannot:
      'It tells what the score is sensitive to, not what it is made of, and it jumps from ' +
      'pixel to pixel.',
  },
  smoothgrad: {
    title: 'SmoothGrad',
    does:
      'The size of the mean gradient over copies of the photograph with noise added, so that ' +
      'what jumps from pixel to pixel cancels.',
    source: 'Smilkov et al. 2017, “SmoothGrad: removing noise by adding noise”, arXiv 1706.03825',
    cannot:
      'It explains the noisy copies, which the network never saw in training; more or less ' +
      'noise gives another image.',
  },
  'integrated-gradients': {
    title: 'Integrated gradients',
    does:
      "Shares out the difference of the class's score between the mean colour and this " +
      'photograph among the pixels: red adds to it, blue takes away. The shares sum to the ' +
      'difference.',
    source:
      'Sundararajan, Taly and Yan 2017, “Axiomatic Attribution for Deep Networks”, arXiv ' +
      '1703.01365',
    cannot:
      'Another starting image than the mean colour gives other shares: pixels of the mean ' +
      'colour always get none.',
  },
  'guided-backprop': {
    title: 'Guided backpropagation',
    does: 'The gradient, with only positive signals let back through each ReLU.',
    source:
      'Springenberg et al. 2014, “Striving for Simplicity: The All Convolutional Net”, arXiv ' +
      '1412.6806',
    cannot:
      'It draws the edges of the photograph for nearly any class and even for random weights ' +
      '(Adebayo et al. 2018): sharp, but little to do with the answer. Try --randomize.',
  },
  deconvnet: {
    title: 'Deconvnet',
    does:
      'Projects the score back to the pixels: maxima put back where they stood (switches), ' +
      'only positive signals, convolutions transposed.',
    source:
      'Zeiler and Fergus 2013, “Visualizing and Understanding Convolutional Networks”, arXiv ' +
      '1311.2901',
    cannot:
      'As with guided backpropagation, much of the image is the photograph itself, whatever ' +
      'the class. LRN, which the paper does not undo, passes by its gradient.',
  },
  occlusion: {
    title: 'Occlusion',
    does:
      'Covers a square of the photograph with the mean colour, everywhere in turn, and shows ' +
      "how much the class's probability falls: red where it falls, blue where it rises.",
    source: 'Zeiler and Fergus 2013, §4.2, arXiv 1311.2901',
    cannot:
      'It cannot find what is seen in several places at once, for the other places stay; and ' +
      'a covering square is itself something the network never saw.',
  },
} as const satisfies Readonly<Record<string, About>>;

export type MethodName = keyof typeof methods;

/** @throws {UsageError} with the list of methods and the nearest name. */
export function parseMethod(name: string): MethodName {
  if (Object.hasOwn(methods, name)) return name as MethodName;
  const guess = nearest(name, Object.keys(methods));
  throw new UsageError(
    `There is no method "${name}". ` +
      `${guess === undefined ? '' : `Did you mean "${guess}"? `}The methods are: ` +
      `${Object.keys(methods).join(', ')}.`,
  );
}

export interface ExplainOptions extends Work {
  /** For Grad-CAM: which kept layer's maps. */
  readonly layer?: string;
  readonly occlusion?: Pick<OcclusionOptions, 'patch' | 'stride' | 'fill' | 'parts'>;
  readonly samples?: number;
  readonly noise?: number;
  readonly steps?: number;
  readonly seed?: number;
}

export interface Explanation {
  readonly method: MethodName;
  /** One number per pixel, `[height, width]` of the input. */
  readonly heat: Float32Array;
  /** Whether numbers below zero mean "against the class"; else all are amounts. */
  readonly signed: boolean;
  /** What a unit of heat is, for the scale. */
  readonly unit: string;
  /** Where the method gives them: one number per colour and pixel, `[channels, height, width]`. */
  readonly values?: Float32Array;
  /** Numbers worth telling: the sum of integrated gradients, the squares of an occlusion. */
  readonly facts: Readonly<Record<string, number>>;
}

/** What a session must keep for {@link explain}: every method works on it. */
export function keepForExplain(session: Session['network'], layer?: string): string[] {
  return [...keepForExplaining(session, layer), session.at(-1)!.name];
}

/**
 * Why this class, by any of the {@link methods}.
 * @param session mode `inspection` or `training`, keeping {@link keepForExplain}.
 * @param image `[channels, height, width]`, the network's input.
 */
export async function explain(
  session: Session,
  image: Float32Array,
  classIndex: number,
  method: MethodName,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const target = classTarget(session.network, classIndex);
  const pixels = image.length / inferShapes(session.network)[0]!.output[0];
  const gradients = (values: Float32Array): Explanation => coloured(method, values, pixels);
  const { layer, samples, noise, seed } = options;
  const work = workOf(options);
  switch (method) {
    case 'grad-cam':
      return byGradCam(session, image, target, layer);
    case 'guided-grad-cam':
      return gradients(await guidedGradCam(session, image, target, defined({ layer })));
    case 'saliency':
      return gradients(await saliency(session, image, target));
    case 'smoothgrad': {
      const drawn = defined({ samples, noise, seed });
      return gradients(await smoothGrad(session, image, target, { ...work, ...drawn }));
    }
    case 'guided-backprop':
      return gradients(await guidedBackpropagation(session, image, target));
    case 'deconvnet':
      return gradients(await deconvnet(session, image, target));
    case 'integrated-gradients':
      return byIntegratedGradients(session, image, target, pixels, options);
    case 'occlusion':
      return byOcclusion(session, image, classIndex, options);
  }
}

function workOf({ progress, signal }: Work): Work {
  return { ...(progress && { progress }), ...(signal && { signal }) };
}

async function byGradCam(
  session: Session,
  image: Float32Array,
  target: Target,
  layer: string | undefined,
): Promise<Explanation> {
  const cam = await gradCam(session, image, target, defined({ layer }));
  return {
    method: 'grad-cam',
    heat: cam.overInput,
    signed: false,
    unit: `weighted sum of the maps of ${cam.layer}`,
    facts: {},
  };
}

async function byIntegratedGradients(
  session: Session,
  image: Float32Array,
  target: Target,
  pixels: number,
  options: ExplainOptions,
): Promise<Explanation> {
  const { values, sum, difference, steps } = await integratedGradients(session, image, target, {
    ...workOf(options),
    ...defined({ steps: options.steps }),
  });
  return {
    method: 'integrated-gradients',
    heat: sumOfColours(values, pixels),
    signed: true,
    unit: 'share of the score',
    values,
    facts: { sum, difference, steps },
  };
}

async function byOcclusion(
  session: Session,
  image: Float32Array,
  classIndex: number,
  options: ExplainOptions,
): Promise<Explanation> {
  const probability = { layer: session.network.at(-1)!.name, unit: classIndex };
  const { overInput, rows, columns, uncovered } = await occlusion(session, image, probability, {
    ...workOf(options),
    ...options.occlusion,
  });
  return {
    method: 'occlusion',
    heat: overInput,
    signed: true,
    unit: 'fall of the probability',
    facts: { squares: rows * columns, probability: uncovered },
  };
}

function coloured(method: MethodName, values: Float32Array, pixels: number): Explanation {
  return {
    method,
    heat: largestOfColours(values, pixels),
    signed: false,
    unit: 'size of the gradient',
    values,
    facts: {},
  };
}

/** For each pixel the largest absolute value of its colours (Simonyan et al. §3.1). */
export function largestOfColours(values: Float32Array, pixels: number): Float32Array {
  return perPixel(values, pixels, (largest, value) => Math.max(largest, Math.abs(value)));
}

function sumOfColours(values: Float32Array, pixels: number): Float32Array {
  return perPixel(values, pixels, (sum, value) => sum + value);
}

function perPixel(
  values: Float32Array,
  pixels: number,
  join: (so: number, value: number) => number,
): Float32Array {
  ensure(
    values.length % pixels === 0,
    `Expected whole channels of ${pixels} pixels but found ${values.length} numbers.`,
  );
  const out = new Float32Array(pixels);
  for (let i = 0; i < values.length; i++) out[i % pixels] = join(out[i % pixels]!, values[i]!);
  return out;
}

/** Leaves out what is undefined, as exact optional properties want it. */
function defined<T extends object>(values: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };
}
