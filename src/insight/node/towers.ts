import { AlexNetError, UsageError } from '../../errors.ts';
import { towersOf } from '../../network/drawing/stages.ts';
import { counted, grouped } from '../../text.ts';
import { describeKernels } from '../kernels.ts';
import type { KernelDescription } from '../kernels.ts';
import { abouts } from '../pages/about.ts';
import { digits, share } from '../pages/report.ts';
import type { Report, Section, Table } from '../pages/report.ts';
import { colourTest, perTower, towerColours } from '../towers.ts';
import type { PermutationTest, TowerColours } from '../towers.ts';
import { kernelPanels, kernelsOf } from './kernel-panels.ts';
import { towerHeading } from './kernels.ts';
import type { Opened } from './open.ts';

export interface TowersAnswer {
  readonly layer: string;
  /** Of the network: 1 where its convolutions are whole. */
  readonly towers: number;
  /** `tower`, or `half` of a network that has no towers; null where nothing was compared. */
  readonly compared: 'tower' | 'half' | null;
  readonly groups: readonly TowerColours[];
  /** Null where there are too few kernels that show something. */
  readonly test: PermutationTest | null;
  readonly verdict: string;
}

export interface TowersOptions {
  /** Compare the halves of a network that has no towers. */
  readonly halves?: boolean;
  /** Default 9999. */
  readonly permutations?: number;
  /** Default 1. */
  readonly seed?: number;
}

/**
 * The kernels of the first layer tower by tower, and whether one has more colour than the other:
 * the paper's Figure 3.
 */
export async function towersReport(
  opened: Opened,
  { halves = false, permutations = 9999, seed = 1 }: TowersOptions = {},
): Promise<{ report: Report; answer: TowersAnswer }> {
  const { model, name } = opened;
  const kernels = await kernelsOf(opened);
  const { layer, shape, weight, inColour } = kernels;
  if (!inColour)
    throw new AlexNetError(
      `The first layer, ${layer}, reads ${shape[1]} channels. Expected 3: red, green and blue, ` +
        'which grey and colour are told by.',
    );
  const towers = towersOf(model.network);
  if (halves && towers > 1)
    throw new UsageError(`${name} has ${towers} towers, which are compared without --halves.`);
  const parts = halves ? 2 : towers;
  const described = describeKernels(weight, shape);
  const compared = comparedOf(halves, towers);
  const groups = compared === null ? [] : towerColours(described, parts);
  const test =
    compared === null ? null : (colourTest(described, parts, { permutations, seed }) ?? null);
  const verdict = verdictOf(name, compared, groups, test);
  const { largest, panel } = kernelPanels(kernels, model.preprocessing.channels);
  const colourOf = (found: KernelDescription): string[] =>
    found.kind === 'dead' || found.kind === 'noise'
      ? [found.kind]
      : [`${(100 * found.colour).toFixed(0)} %`];
  const sheets = perTower(described, parts).map((members, part): Section => ({
    ...(compared !== null && { heading: headingOf(compared, part, members) }),
    panels: members.map((found) => panel(found, colourOf(found))),
    columns: 16,
  }));
  const scale =
    `In the order of the layer, all on one scale: mid-grey is 0, full colour ` +
    `±${largest.toPrecision(3)}. Under each its number and its share of colour: 0 % tells only ` +
    'light from dark, 100 % only colours.';
  return {
    report: {
      title: compared === 'half' ? 'Two halves of one tower' : 'Towers',
      subtitle: `${name}: ${shape[0]} kernels of ${shape[2]}×${shape[3]}×3 in ${layer}`,
      sections: [
        { text: verdict, ...(groups.length > 0 && { table: tableOf(compared, groups) }) },
        { text: scale },
        ...sheets,
      ],
      about: [abouts.towers, abouts.kernels],
    },
    answer: { layer, towers, compared, groups, test, verdict },
  };
}

function comparedOf(halves: boolean, towers: number): TowersAnswer['compared'] {
  if (towers > 1) return 'tower';
  return halves ? 'half' : null;
}

function headingOf(
  compared: 'tower' | 'half',
  part: number,
  members: readonly KernelDescription[],
): string {
  if (compared === 'tower') return towerHeading(part, members);
  const which = part === 0 ? 'First' : 'Second';
  return `${which} half: kernels ${members[0]!.kernel} to ${members.at(-1)!.kernel}`;
}

function tableOf(compared: TowersAnswer['compared'], groups: readonly TowerColours[]): Table {
  return {
    columns: [compared ?? '', 'kernels', 'grey', 'colour', 'show nothing', 'mean colour'],
    rows: groups.map(({ kernels, grey, colour, blank, share: part }, i) => [
      String(i + 1),
      ...[kernels, grey, colour, blank].map(String),
      part === null ? '–' : share(part),
    ]),
  };
}

/** Below this p the difference is called one. */
const level = 0.05;

function verdictOf(
  name: string,
  compared: TowersAnswer['compared'],
  groups: readonly TowerColours[],
  test: PermutationTest | null,
): string {
  if (compared === null)
    return (
      `${name} has one tower: its convolutions are whole, so there is nothing to compare. ` +
      '--halves compares the first half of its kernels with the second, which nothing told apart.'
    );
  const kind = compared === 'tower' ? 'towers' : 'halves';
  if (test === null) {
    const shown = groups.map(({ kernels, blank }) => kernels - blank).join(' and ');
    return `Too few kernels show something to compare the ${kind}: ${shown}.`;
  }
  const shares = groups.map((group) => share(group.share!)).join(' and ');
  const differ = test.p < level;
  const found = differ ? 'differ in colour' : 'do not differ in colour as far as this can tell';
  const because =
    compared === 'half' && differ
      ? ' Halves of one tower are dealt by chance alone: one in twenty such pairs differs so.'
      : '';
  return (
    `The ${kind} ${found}: the mean share of colour is ${shares}, ` +
    `${digits(100 * test.difference)} points apart. Of ` +
    `${counted(test.permutations, 'dealing')} of the same kernels at random ` +
    `${grouped(Math.round(test.p * (1 + test.permutations)) - 1)} are as far apart: ` +
    `p = ${test.p.toPrecision(2)} (seed ${test.seed}).${because}`
  );
}
