import { findLayer, inferShapes } from '../../network/shapes.ts';
import { UsageError } from '../../errors.ts';
import { signedRangeOf, signs } from '../colours.ts';
import { mapPicture, signedPicture, tiled } from '../draw.ts';
import { deadShare, describeKernels, directedShare, kernelKinds } from '../kernels.ts';
import type { KernelDescription, KernelKind } from '../kernels.ts';
import { abouts } from '../pages/about.ts';
import type { Opened } from './open.ts';
import { clippedWords, share } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';

export interface KernelsAnswer {
  readonly layer: string;
  /** `[kernels, channels, height, width]`. */
  readonly shape: readonly number[];
  /** How many of each kind; first layer only. */
  readonly kinds?: Readonly<Record<KernelKind, number>>;
  readonly kernels: readonly (
    KernelDescription | { readonly kernel: number; readonly norm: number }
  )[];
}

/**
 * The kernels of one convolution: in colour and told by kind for the first, as small multiples for
 * the others.
 */
export async function kernelsReport(
  { model, session, name }: Opened,
  layerName?: string,
): Promise<{ report: Report; answer: KernelsAnswer }> {
  const shapes = inferShapes(model.network);
  const first = shapes.find(({ layer }) => layer.type === 'convolution');
  const chosen = layerName === undefined ? first : findLayer(shapes, layerName);
  if (chosen?.layer.type !== 'convolution') {
    const convolutions = shapes.filter(({ layer }) => layer.type === 'convolution');
    throw new UsageError(
      `Layer "${layerName}" has no kernels. ` +
        `Those that have: ${convolutions.map(({ layer }) => layer.name).join(', ')}.`,
    );
  }
  const { layer, input } = chosen;
  const shape = [layer.kernels, input[0] / layer.groups, ...layer.kernel] as const;
  const weight = await session.getParameter(`${layer.name}.weight`);
  const colour = chosen === first && input[0] === 3;
  const { sections, answer } = colour
    ? colourKernels(weight, shape, model.preprocessing.channels, layer.name)
    : deepKernels(weight, shape, layer.name);
  const report = {
    title: `Kernels of ${layer.name}`,
    subtitle: `${name}: ${shape[0]} kernels of ${layer.kernel.join('×')}×${shape[1]}`,
    sections,
    about: [colour ? abouts.kernels : abouts.deepKernels],
  };
  return { report, answer };
}

type Shape4 = readonly [number, number, number, number];

function colourKernels(
  weight: Float32Array,
  shape: Shape4,
  channels: 'RGB' | 'BGR',
  layer: string,
): { sections: Section[]; answer: KernelsAnswer } {
  const described = describeKernels(weight, shape);
  const largest = signedRangeOf(weight).high;
  const size = shape[1] * shape[2] * shape[3];
  const panel = (found: KernelDescription): Panel => ({
    picture: signedPicture(
      weight.subarray(found.kernel * size, (found.kernel + 1) * size),
      [3, shape[2], shape[3]],
      largest,
      channels,
    ),
    caption: [`${found.kernel}`, ...told(found)],
    alt:
      `Kernel ${found.kernel}: ` +
      `${kernelKinds[found.kind]}${told(found).length > 0 ? `, ${told(found).join(', ')}` : ''}`,
    cells: true,
  });
  const kinds = Object.fromEntries(
    Object.keys(kernelKinds).map((kind) => [
      kind,
      described.filter((kernel) => kernel.kind === kind).length,
    ]),
  ) as Record<KernelKind, number>;
  const sections = (Object.keys(kernelKinds) as KernelKind[]).flatMap((kind): Section[] => {
    const members = described
      .filter((kernel) => kernel.kind === kind)
      .toSorted((a, b) => (kind === 'edge' ? a.angle - b.angle : b.norm - a.norm));
    return members.length === 0
      ? []
      : [
          {
            heading: `${members.length} of ${shape[0]} – ${kernelKinds[kind]}`,
            panels: members.map(panel),
            columns: 12,
          },
        ];
  });
  const text =
    `All on one scale: mid-grey is 0, full colour ±${largest.toPrecision(3)}. Angles: 0° lies ` +
    `level, 90° stands upright. Frequency in cycles per pixel. Dead: below ${share(deadShare)} ` +
    'of the strongest kernel.';
  return { sections: [{ text }, ...sections], answer: { layer, shape, kinds, kernels: described } };
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

/** Rows of one kernel each: its strongest input channels, strongest first. */
function deepKernels(
  weight: Float32Array,
  [kernels, channels, height, width]: Shape4,
  layer: string,
): { sections: Section[]; answer: KernelsAnswer } {
  const cells = height * width;
  const norm = (from: number, length: number): number =>
    Math.sqrt(weight.subarray(from, from + length).reduce((sum, w) => sum + w * w, 0));
  const all = Array.from({ length: kernels }, (_, kernel) => ({
    kernel,
    norm: norm(kernel * channels * cells, channels * cells),
  }));
  const strongest = all.toSorted((a, b) => b.norm - a.norm || a.kernel - b.kernel).slice(0, 24);
  const range = signedRangeOf(weight, 0.999);
  const panels = strongest.map(({ kernel, norm: size }): Panel => {
    const slices = Array.from({ length: channels }, (_, c) => ({
      c,
      size: norm((kernel * channels + c) * cells, cells),
    }))
      .toSorted((a, b) => b.size - a.size || a.c - b.c)
      .slice(0, 16);
    const pictures = slices.map(({ c }) =>
      mapPicture(
        weight.subarray((kernel * channels + c) * cells, (kernel * channels + c + 1) * cells),
        height,
        width,
        range,
        signs,
      ),
    );
    return {
      picture: tiled(pictures, Math.min(4, pictures.length), 1),
      caption: [
        `kernel ${kernel}`,
        `norm ${size.toPrecision(3)}; inputs ${slices
          .slice(0, 3)
          .map(({ c }) => c)
          .join(', ')} …`,
      ],
      alt:
        `Kernel ${kernel}: its ${slices.length} strongest input channels, ` +
        slices.map(({ c }) => c).join(', '),
      cells: true,
    };
  });
  const text =
    `The ${strongest.length} strongest of ${kernels} kernels. Each tile is one of the ` +
    `kernel’s ${channels} input channels, the ${Math.min(16, channels)} strongest, in reading ` +
    'order from the strongest.' +
    clippedWords(weight, range);
  return {
    sections: [{ text, panels, columns: 6, scale: { colours: signs, range, unit: 'weight' } }],
    answer: { layer, shape: [kernels, channels, height, width], kernels: all },
  };
}
