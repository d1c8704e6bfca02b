import { UsageError } from '../../errors.ts';
import { towersOf } from '../../network/drawing/stages.ts';
import { signedRangeOf, signs } from '../colours.ts';
import type { Range } from '../colours.ts';
import { mapPicture, tiled } from '../draw.ts';
import { deadShare, describeKernels, kernelKinds } from '../kernels.ts';
import type { KernelDescription, KernelKind } from '../kernels.ts';
import { abouts } from '../pages/about.ts';
import { perTower } from '../towers.ts';
import { kernelPanels, kernelsOf } from './kernel-panels.ts';
import type { Kernels } from './kernel-panels.ts';
import type { Opened } from './open.ts';
import { clippedWords, share } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';

/** `tower`: as they stand in the layer, tower by tower. */
export const kernelOrders = ['kind', 'strength', 'tower'] as const;
export type KernelOrder = (typeof kernelOrders)[number];

export interface KernelsAnswer {
  readonly layer: string;
  /** `[kernels, channels, height, width]`. */
  readonly shape: readonly number[];
  /** The towers whose kernels stand one after another; 1 where there are none. */
  readonly towers: number;
  /** How many of each kind; first layer only. */
  readonly kinds?: Readonly<Record<KernelKind, number>>;
  readonly kernels: readonly (
    KernelDescription | { readonly kernel: number; readonly norm: number }
  )[];
}

export interface KernelsOptions {
  /** A convolution. Default: the first. */
  readonly layer?: string;
  /** Default `kind` in the first layer, `strength` in others. */
  readonly order?: KernelOrder;
}

/**
 * The kernels of one convolution: in colour and told by kind for the first, as small multiples for
 * the others.
 * @throws {UsageError} where the layer has no kernels, or none that are told by kind.
 */
export async function kernelsReport(
  opened: Opened,
  { layer, order }: KernelsOptions = {},
): Promise<{ report: Report; answer: KernelsAnswer }> {
  const { model, name } = opened;
  const kernels = await kernelsOf(opened, layer);
  const { shape, inColour } = kernels;
  if (order === 'kind' && !inColour)
    throw new UsageError(
      `Only kernels of a first layer, which work on colours, are told by kind; those of ` +
        `${kernels.layer} can be had with --order strength or --order tower.`,
    );
  const towers = shape[0] % towersOf(model.network) === 0 ? towersOf(model.network) : 1;
  const { sections, answer } = inColour
    ? colourKernels(kernels, model.preprocessing.channels, order ?? 'kind', towers)
    : deepKernels(kernels, order ?? 'strength', towers);
  const report = {
    title: `Kernels of ${kernels.layer}`,
    subtitle: `${name}: ${shape[0]} kernels of ${shape[2]}×${shape[3]}×${shape[1]}`,
    sections,
    about: [inColour ? abouts.kernels : abouts.deepKernels],
  };
  return { report, answer };
}

function colourKernels(
  kernels: Kernels,
  channels: 'RGB' | 'BGR',
  order: KernelOrder,
  towers: number,
): { sections: Section[]; answer: KernelsAnswer } {
  const { layer, shape, weight } = kernels;
  const described = describeKernels(weight, shape);
  const { largest, panel } = kernelPanels(kernels, channels);
  const kindNames = Object.keys(kernelKinds) as KernelKind[];
  const kinds = Object.fromEntries(
    kindNames.map((kind) => [kind, described.filter((kernel) => kernel.kind === kind).length]),
  ) as Record<KernelKind, number>;
  const text =
    `All on one scale: mid-grey is 0, full colour ±${largest.toPrecision(3)}. Angles: 0° lies ` +
    `level, 90° stands upright. Frequency in cycles per pixel. Dead: below ${share(deadShare)} ` +
    'of the strongest kernel.';
  const sections =
    order === 'kind'
      ? kindNames.flatMap((kind) => kindSection(kind, described, panel))
      : orderedSections(described, order, towers, (found) => panel(found));
  return {
    sections: [{ text }, ...sections],
    answer: { layer, shape, towers, kinds, kernels: described },
  };
}

function kindSection(
  kind: KernelKind,
  described: readonly KernelDescription[],
  panel: (found: KernelDescription) => Panel,
): Section[] {
  const members = described
    .filter((kernel) => kernel.kind === kind)
    .toSorted((a, b) => (kind === 'edge' ? a.angle - b.angle : b.norm - a.norm));
  if (members.length === 0) return [];
  return [
    {
      heading: `${members.length} of ${described.length} – ${kernelKinds[kind]}`,
      panels: members.map((found) => panel(found)),
      columns: 12,
    },
  ];
}

/** All, the strongest first, or as they stand in the layer with a section for each tower. */
function orderedSections<K extends { readonly kernel: number; readonly norm: number }>(
  kernels: readonly K[],
  order: KernelOrder,
  towers: number,
  panel: (kernel: K) => Panel,
  columns = 12,
): Section[] {
  if (order !== 'tower' || towers === 1) {
    const members = order === 'tower' ? kernels : byStrength(kernels);
    return [{ panels: members.map(panel), columns }];
  }
  return perTower(kernels, towers).map((members, tower) => ({
    heading: towerHeading(tower, members),
    panels: members.map(panel),
    columns,
  }));
}

/** Tower 1: kernels 0 to 47 */
export function towerHeading(tower: number, members: readonly { kernel: number }[]): string {
  return `Tower ${tower + 1}: kernels ${members[0]!.kernel} to ${members.at(-1)!.kernel}`;
}

function byStrength<K extends { readonly kernel: number; readonly norm: number }>(
  kernels: readonly K[],
): K[] {
  return kernels.toSorted((a, b) => b.norm - a.norm || a.kernel - b.kernel);
}

/** How many kernels of a deeper layer are drawn. */
const deepShown = 24;

/** Rows of one kernel each: its strongest input channels, strongest first. */
function deepKernels(
  kernels: Kernels,
  order: KernelOrder,
  towers: number,
): { sections: Section[]; answer: KernelsAnswer } {
  const { layer, shape, weight } = kernels;
  const size = shape[1] * shape[2] * shape[3];
  const all = Array.from({ length: shape[0] }, (_, kernel) => ({
    kernel,
    norm: normOf(weight, kernel * size, size),
  }));
  const range = signedRangeOf(weight, 0.999);
  const panel = (kernel: { kernel: number; norm: number }): Panel =>
    deepPanel(kernels, range, kernel);
  const strongest = byStrength(all).slice(0, deepShown);
  const shown = towers === 1 || order !== 'tower' ? [strongest] : strongestPerTower(all, towers);
  const listed = shown.map((members) =>
    order === 'tower' ? members.toSorted((a, b) => a.kernel - b.kernel) : members,
  );
  const count = shown.flat().length;
  const text =
    `The ${count} strongest of ${shape[0]} kernels. Each tile is one of the ` +
    `kernel’s ${shape[1]} input channels, the ${Math.min(16, shape[1])} strongest, in reading ` +
    'order from the strongest.' +
    clippedWords(weight, range);
  const scale = { colours: signs, range, unit: 'weight' };
  const sections = listed.map((members, tower): Section => ({
    ...(listed.length > 1 && {
      heading: `Tower ${tower + 1}: the ${members.length} strongest of ${shape[0] / towers}`,
    }),
    panels: members.map(panel),
    columns: 6,
    scale,
  }));
  return {
    sections: [{ text }, ...sections],
    answer: { layer, shape, towers, kernels: all },
  };
}

function strongestPerTower<K extends { readonly kernel: number; readonly norm: number }>(
  all: readonly K[],
  towers: number,
): K[][] {
  const each = Math.max(1, Math.floor(deepShown / towers));
  return perTower(all, towers).map((members) => byStrength(members).slice(0, each));
}

function deepPanel(
  { weight, groups, shape: [count, channels, height, width] }: Kernels,
  range: Range,
  { kernel, norm }: { readonly kernel: number; readonly norm: number },
): Panel {
  const cells = height * width;
  const slices = Array.from({ length: channels }, (_, c) => ({
    c,
    size: normOf(weight, (kernel * channels + c) * cells, cells),
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
  const own = Math.floor((kernel * groups) / count) * channels;
  const inputs = slices.map(({ c }) => own + c);
  return {
    picture: tiled(pictures, Math.min(4, pictures.length), 1),
    caption: [
      `kernel ${kernel}`,
      `norm ${norm.toPrecision(3)}; inputs ${inputs.slice(0, 3).join(', ')} …`,
    ],
    alt: `Kernel ${kernel}: its ${slices.length} strongest input channels, ${inputs.join(', ')}`,
    cells: true,
  };
}

function normOf(weight: Float32Array, from: number, length: number): number {
  return Math.sqrt(weight.subarray(from, from + length).reduce((sum, w) => sum + w * w, 0));
}
