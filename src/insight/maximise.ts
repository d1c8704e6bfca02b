import { ensure } from '../errors.ts';
import type { Session } from '../engine/engine.ts';
import type { Network } from '../network/layer.ts';
import { findLayer, inferShapes, volume } from '../network/shapes.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import { receptiveField } from './receptive.ts';
import { startOf } from './target.ts';
import type { Target } from './target.ts';
import { blur, randomView, seen, seenBackward } from './view.ts';
import { inParts } from './work.ts';
import type { Work } from './work.ts';

/**
 * How the network's input comes from red, green and blue: `input[c] = (rgb[order[c]] − mean[c]) /
 * deviation[c]`, in units of 0–255.
 */
export interface Colours {
  readonly order: readonly number[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface MaximiseOptions extends Work {
  readonly colours: Colours;
  /** Steps of gradient ascent. Default 256. */
  readonly steps?: number;
  /** Length of a step, in standard deviations of natural colours. Default 0.05. */
  readonly rate?: number;
  /**
   * Standard deviation of the shift before each step, in pixels. Default 4, or a twentieth of the
   * unit's receptive field where that is less.
   */
  readonly jitter?: number;
  /** Standard deviation of the logarithm of the size. Default 0.05. */
  readonly scale?: number;
  /** Standard deviation of the rotation, in degrees. Default 5. */
  readonly rotation?: number;
  /**
   * Standard deviation of the blur after every fourth step, in pixels; it shrinks to 0 towards the
   * end. Default 1, or a fiftieth of the receptive field.
   */
  readonly blur?: number;
  /** Share that the image is drawn back to the mean colour per step. Default 0.01. */
  readonly decay?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Called after every step with the network's input as it is then, and the steps done. */
  readonly onImage?: (image: Float32Array, done: number) => void;
}

export interface Maximised {
  /** The network's input `[c, h, w]`, within what 8-bit colours can show. */
  readonly image: Float32Array;
  /** The target's value on it. */
  readonly value: number;
}

/**
 * Square root of the covariance of natural colours, RGB in 0–255 (measured on 808 photographs of
 * Caltech-101's training half): steps in its columns change colours as photographs do, mostly light
 * and dark together ("decorrelated colour", Olah, Mordvintsev, Schubert 2017).
 */
const naturalColours = cholesky([
  [6498, 5793, 5360],
  [5793, 6434, 6153],
  [5360, 6153, 6867],
]);

/**
 * An image that excites one number of the network: gradient ascent from faint noise, seen each
 * time a little shifted, rotated and scaled, blurred and drawn back to the mean, so that what
 * remains is what the unit wants and not what pixels can trick it into (Yosinski et al. 2015, arXiv
 * 1506.06579; Olah et al. 2017, “Feature Visualization”).
 * @param session mode `inspection`, keeping the input and the target's layer; take a layer before
 * its ReLU, which gives no gradient while it is closed.
 */
export async function maximise(
  session: Session,
  target: Target,
  options: MaximiseOptions,
): Promise<Maximised> {
  const side = fieldSide(session.network, target);
  const {
    steps = 256,
    rate = 0.05,
    jitter = Math.min(4, side / 20),
    scale = 0.05,
    rotation = 5,
    blur: deviation = Math.min(1, side / 50),
    decay = 0.01,
    seed = 0,
    colours,
    onImage,
    ...work
  } = options;
  ensure(
    Number.isInteger(steps) && steps > 0,
    () => `Expected steps to be a whole number above zero but found ${steps}.`,
  );
  const [channels, height, width] = inferShapes(session.network)[0]!.output;
  ensure(
    channels === 3,
    () => `Expected a network for pictures of three colours but found ${channels} channels.`,
  );
  const start = startOf(session.network, target, 1);
  const z = new Float32Array(3 * height * width);
  normal(bits({ seed, purpose: purposes.insight, index: 3 }), z, 0.1);
  await inParts(steps, 1, work, async (step) => {
    const view = randomView(
      bits({ seed, purpose: purposes.insight, index: 4, stream: step }),
      height,
      width,
      { jitter, scale, rotation },
    );
    await session.forward(seen(toInput(z, colours), view, height, width));
    await session.backward(target.layer, start);
    const gradient = toColours(
      seenBackward(await session.activationGradient(session.network[0]!.name), view, height, width),
      colours,
    );
    ascend(z, gradient, rate, decay);
    if (step % 4 === 3) blur(z, deviation * (1 - step / steps), height, width);
    onImage?.(toInput(z, colours), step + 1);
  });
  const image = toInput(z, colours);
  await session.forward(image);
  return { image, value: (await session.activation(target.layer))[target.unit]! };
}

/** The longer side of what the target sees, in pixels. */
function fieldSide(network: Network, { layer, unit }: Target): number {
  const [, height, width] = findLayer(inferShapes(network), layer).output;
  const { rows, columns } = receptiveField(
    network,
    layer,
    Math.floor(unit / width) % height,
    unit % width,
  );
  return Math.max(rows.end - rows.start, columns.end - columns.start);
}

/** A step of one length whatever the gradient's: the mean of its squares is taken off. */
function ascend(z: Float32Array, gradient: Float32Array, rate: number, decay: number): void {
  const size =
    Math.sqrt(
      gradient.reduce((sum, g) => sum + g * g, 0) /
        gradient.reduce((count, g) => count + (g === 0 ? 0 : 1), 0),
    ) || 1;
  for (let i = 0; i < z.length; i++) z[i] = z[i]! * (1 - decay) + (rate * gradient[i]!) / size;
}

/** Decorrelated colours to the network's input, cut to what bytes can show. */
function toInput(z: Float32Array, { order, mean, deviation }: Colours): Float32Array {
  const size = z.length / 3;
  const out = new Float32Array(z.length);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) {
      const colour = order[c]!;
      let value = 127.5;
      for (let k = 0; k <= colour; k++) value += naturalColours[colour]![k]! * z[k * size + i]!;
      out[c * size + i] = (Math.min(255, Math.max(0, value)) - mean[c]!) / deviation[c]!;
    }
  }
  return out;
}

/** The gradient of {@link toInput}'s colours, cutting left aside. */
function toColours(gradient: Float32Array, { order, deviation }: Colours): Float32Array {
  const size = gradient.length / 3;
  const out = new Float32Array(gradient.length);
  for (let c = 0; c < 3; c++) {
    for (let k = 0; k <= order[c]!; k++) {
      const weight = naturalColours[order[c]!]![k]! / deviation[c]!;
      for (let i = 0; i < size; i++) out[k * size + i]! += weight * gradient[c * size + i]!;
    }
  }
  return out;
}

/** Lower triangle L with L·Lᵀ = the matrix. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const L = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k++) sum -= L[i]![k]! * L[j]![k]!;
      L[i]![j] = i === j ? Math.sqrt(sum) : sum / L[j]![j]!;
    }
  }
  return L;
}

/** The unit in the middle of a channel's map. */
export function middleOf(
  session: Session,
  layer: string,
  channel: number,
): Target & { readonly y: number; readonly x: number } {
  const { output } = findLayer(inferShapes(session.network), layer);
  const [y, x] = [output[1] >> 1, output[2] >> 1];
  return { layer, unit: (channel * volume(output)) / output[0] + y * output[2] + x, y, x };
}
