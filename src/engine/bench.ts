import { costs } from '../network/costs.ts';
import { hasParameters } from '../network/layer.ts';
import type { Network } from '../network/layer.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import type { Engine, Precision, Session } from './engine.ts';
import { initialise } from './initialise.ts';
import { fillInPortions } from '../platform/portions.ts';

export type BenchMode = 'infer' | 'train';

export interface BenchOptions {
  readonly mode: BenchMode;
  /** Images in one call. */
  readonly batch: number;
  /** Calls that are timed. */
  readonly steps: number;
  readonly precision: Precision;
  readonly threads?: number;
  readonly seed: number;
  /** Told the milliseconds of every timed call. */
  readonly onStep?: (step: number, milliseconds: number) => void;
}

export interface BenchResult {
  readonly threads: number;
  readonly imagesPerSecond: number;
  /** Median of one `forward` or one `step`. */
  readonly milliseconds: number;
  readonly flopsPerImage: number;
  readonly flopsPerSecond: number;
}

/**
 * Small enough that made-up labels leave the weights finite: numbers that overflow take another
 * time.
 */
const rates = { learningRate: 1e-5, momentum: 0.9, weightDecay: 5e-4 };
const warmUpCalls = 2;
/** An engine so slow that one call takes this long needs no second one to get warm. */
const warmUpMilliseconds = 5000;

/**
 * The speed of an engine alone, on made-up images that are ready in memory: nothing is read,
 * decoded or augmented. Calls that are not timed come first; the median of the timed ones counts.
 * @throws {AlexNetError} what `engine.prepare` throws.
 */
export async function benchmark(
  engine: Engine,
  network: Network,
  { mode, batch, steps, precision, threads, seed, onStep }: BenchOptions,
): Promise<BenchResult> {
  const session = await engine.prepare(network, {
    mode: mode === 'train' ? 'training' : 'inference',
    batch,
    precision,
    ...(threads !== undefined && { threads }),
  });
  try {
    await initialise(session, seed);
    const call = await workload(session, mode, seed);
    await warmUp(call);
    const times: number[] = [];
    for (let step = 1; step <= steps; step++) {
      const milliseconds = await timed(call);
      times.push(milliseconds);
      onStep?.(step, milliseconds);
    }
    const milliseconds = median(times);
    const flopsPerImage = flops(network, mode);
    const imagesPerSecond = (1000 * batch) / milliseconds;
    return {
      threads: session.threads,
      imagesPerSecond,
      milliseconds,
      flopsPerImage,
      flopsPerSecond: flopsPerImage * imagesPerSecond,
    };
  } finally {
    await session.dispose();
  }
}

/**
 * Floating-point operations for one image, counted as usual: 2 for each multiply-add of
 * convolutions and dense layers, nothing for the rest. Training does the work of `forward` three
 * times (forward, gradient of the weights, gradient of the input), but the first layer needs no
 * gradient of its input.
 */
export function flops(network: Network, mode: BenchMode): number {
  const { multiplyAdds, layers } = costs(network);
  if (mode === 'infer') return 2 * multiplyAdds;
  const first = layers.find(({ layer }) => hasParameters(layer));
  return 2 * (3 * multiplyAdds - (first?.multiplyAdds ?? 0));
}

/** The middle one of several numbers, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function workload(
  session: Session,
  mode: BenchMode,
  seed: number,
): Promise<() => Promise<unknown>> {
  const { images, labels } = await madeUp(session, seed);
  if (mode === 'infer') return () => session.forward(images);
  let step = 0;
  return () => session.step(images, labels, { ...rates, draw: { seed, step: step++ } });
}

/** Numbers of the scale of pixels with their mean taken off, and one class after the other. */
async function madeUp(
  { network, batch }: Session,
  seed: number,
): Promise<{ images: Float32Array; labels: Int32Array }> {
  const shapes = inferShapes(network);
  const classes = shapes.at(-1)!.output[0];
  const images = new Float32Array(batch * volume(shapes[0]!.output));
  const words = bits({ seed, purpose: purposes.synthetic });
  await fillInPortions(images, (piece, first) => normal(words, piece, 64, first));
  return { images, labels: Int32Array.from({ length: batch }, (_, i) => i % classes) };
}

async function warmUp(call: () => Promise<unknown>): Promise<void> {
  let spent = 0;
  for (let calls = 0; calls < warmUpCalls && spent < warmUpMilliseconds; calls++)
    spent += await timed(call);
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}
