import { findLayer, inferShapes } from '../../network/shapes.ts';
import type { LayerShape } from '../../network/shapes.ts';
import type { ConvolutionLayer, Network } from '../../network/layer.ts';
import { UsageError } from '../../errors.ts';
import { signedRangeOf } from '../colours.ts';
import { signedPicture } from '../draw.ts';
import { directedShare, kernelKinds } from '../kernels.ts';
import type { KernelDescription } from '../kernels.ts';
import type { Opened } from './open.ts';
import type { Panel } from '../pages/report.ts';

/** `[kernels, channels, height, width]`. */
export type Shape4 = readonly [number, number, number, number];

/** The weights of one convolution. */
export interface Kernels {
  readonly layer: string;
  readonly shape: Shape4;
  readonly weight: Float32Array;
  /** Kernels of one group read the same input channels: its share of all. */
  readonly groups: number;
  /** Whether they work on colours: those of a first layer. */
  readonly inColour: boolean;
}

/** @throws {UsageError} where the layer is no convolution, with those that are. */
export async function kernelsOf({ model, session }: Opened, layerName?: string): Promise<Kernels> {
  const { shape: chosen, first } = convolutionOf(model.network, layerName);
  const { layer, input } = chosen;
  const { kernels, groups, kernel, name } = layer as ConvolutionLayer;
  return {
    layer: name,
    shape: [kernels, input[0] / groups, ...kernel],
    groups,
    weight: await session.getParameter(`${name}.weight`),
    inColour: first && input[0] === 3,
  };
}

function convolutionOf(
  network: Network,
  name: string | undefined,
): { shape: LayerShape; first: boolean } {
  const shapes = inferShapes(network);
  const convolutions = shapes.filter(({ layer }) => layer.type === 'convolution');
  const [first] = convolutions;
  const chosen = name === undefined ? first : findLayer(shapes, name);
  if (chosen?.layer.type === 'convolution') return { shape: chosen, first: chosen === first };
  throw new UsageError(
    `Layer "${name}" has no kernels. ` +
      `Those that have: ${convolutions.map(({ layer }) => layer.name).join(', ')}.`,
  );
}

/** What draws a kernel of a first layer, all on one scale. */
export function kernelPanels(
  { weight, shape }: Kernels,
  channels: 'RGB' | 'BGR',
): { largest: number; panel: (found: KernelDescription, more?: readonly string[]) => Panel } {
  const largest = signedRangeOf(weight).high;
  const size = shape[1] * shape[2] * shape[3];
  const panel = (found: KernelDescription, more: readonly string[] = told(found)): Panel => ({
    picture: signedPicture(
      weight.subarray(found.kernel * size, (found.kernel + 1) * size),
      [3, shape[2], shape[3]],
      largest,
      channels,
    ),
    caption: [`${found.kernel}`, ...more],
    alt: `Kernel ${found.kernel}: ${[kernelKinds[found.kind], ...more].join(', ')}`,
    cells: true,
  });
  return { largest, panel };
}

function told({ kind, angle, frequency, colour, directedness }: KernelDescription): string[] {
  if (kind === 'edge') return [`${angle.toFixed(0)}°, ${frequency.toFixed(2)}`];
  if (kind === 'colour')
    return [
      directedness >= directedShare
        ? `${angle.toFixed(0)}°, colour`
        : `colour ${(100 * colour).toFixed(0)} %`,
    ];
  return kind === 'blob' ? [frequency.toFixed(2)] : [];
}
