import { UsageError, nearest } from '../../errors.ts';
import type { Experiment } from '../experiment.ts';
import { augmentation } from './augmentation.ts';
import { crops } from './crops.ts';
import { depth } from './depth.ts';
import { dropout } from './dropout.ts';
import { lrn } from './lrn.ts';
import { overlap } from './overlap.ts';
import { relu } from './relu.ts';
import { towers } from './towers.ts';

/** The paper's claims that can be tried, by name. */
export const experiments = {
  relu,
  lrn,
  overlap,
  dropout,
  augmentation,
  towers,
  crops,
  depth,
} as const satisfies Record<string, Experiment>;

export type ExperimentName = keyof typeof experiments;

/** @throws {UsageError} with the list of experiments and the nearest name. */
export function parseExperiment(name: string): ExperimentName {
  if (Object.hasOwn(experiments, name)) return name as ExperimentName;
  const known = Object.keys(experiments);
  const guess = nearest(name, known);
  throw new UsageError(
    [
      `There is no experiment "${name}".`,
      ...(guess === undefined ? [] : [`Did you mean "${guess}"?`]),
      `The experiments are: ${known.join(', ')}.`,
    ].join(' '),
  );
}
