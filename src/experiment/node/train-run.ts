import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import { AlexNetError } from '../../errors.ts';
import { evaluate } from '../../inference/node/evaluate.ts';
import type { Entry } from '../../training/core/entries.ts';
import type { TrainEvent } from '../../training/core/events.ts';
import { readEntries } from '../../training/node/journal.ts';
import { train } from '../../training/node/train.ts';
import type { Arm, Epoch, Run, Score } from '../experiment.ts';
import type { Job } from './job.ts';

export interface RunPlan {
  /** The folder under `runs/`. */
  readonly name: string;
  readonly arm: Arm;
  readonly seed: number;
  /** Undefined: the settings'. */
  readonly learningRate?: number | undefined;
  /** Ends the run early: asked after every epoch. */
  readonly enough: (epochs: readonly Epoch[]) => boolean;
  /** Ends the run when training explodes, instead of going on with half the rate. */
  readonly steady?: true;
}

/**
 * Trains an arm with a seed, or goes on where it was interrupted.
 * @throws {Interrupted} when the signal is aborted: the run is saved.
 */
export async function trainRun(
  job: Job,
  plan: RunPlan,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<Run> {
  const folder = join(job.folder, 'runs', plan.name);
  const before = await readEntries(folder);
  const ended = plan.enough(epochsIn(before)) || (plan.steady && rollbacksIn(before) > 0);
  if (!ended) await trainIn(folder, { job, plan, dataset, signal });
  const entries = await readEntries(folder);
  const epochs = epochsIn(entries);
  const last = entries.findLast(({ kind }) => kind === 'epoch');
  return {
    arm: plan.arm.name,
    seed: plan.seed,
    learningRate: rateOf(plan, job),
    epochs,
    seconds: last?.kind === 'epoch' ? last.seconds : 0,
    rollbacks: rollbacksIn(entries),
  };
}

interface Work {
  readonly job: Job;
  readonly plan: RunPlan;
  readonly dataset: Dataset;
  readonly signal: AbortSignal;
}

async function trainIn(folder: string, work: Work): Promise<void> {
  const { job, plan, dataset, signal } = work;
  const enough = new AbortController();
  const seen = [...epochsIn(await readEntries(folder))];
  const onEvent = (event: TrainEvent): void => {
    if (event.kind === 'remark' && plan.steady && isRollback(event.text)) enough.abort();
    if (event.kind !== 'epoch') return;
    const { entry, epochs } = event;
    seen.push(...epochsIn([entry]));
    job.tell({ kind: 'epoch', arm: plan.arm.name, seed: plan.seed, entry, epochs });
    if (plan.enough(seen)) enough.abort();
  };
  const begun = (await stat(join(folder, 'settings.json')).catch(() => undefined)) !== undefined;
  try {
    await train({
      data: dataset,
      out: folder,
      recipe: 'photos',
      settings: settingsOf(work),
      engine: job.engine,
      resume: begun,
      signal: AbortSignal.any([signal, enough.signal]),
      onEvent,
      ...(job.threads !== undefined && { threads: job.threads }),
    });
  } catch (error) {
    const stopped = enough.signal.aborted && error instanceof AlexNetError;
    if (signal.aborted || !stopped) throw error;
  }
}

function settingsOf({ job, plan }: Work): Record<string, unknown> {
  const { arm, seed } = plan;
  return {
    ...job.experiment.settings,
    ...arm.settings,
    network: arm.network?.(job.classes),
    learningRate: rateOf(plan, job),
    seed,
  };
}

function rateOf({ learningRate, arm }: RunPlan, { experiment }: Job): number {
  const settings: Readonly<Record<string, unknown>> = { ...experiment.settings, ...arm.settings };
  return learningRate ?? Number(settings['learningRate']);
}

/** What is asked of the last network beside its validation. */
export async function lookAgain(
  { folder, experiment, engine, threads }: Job,
  plan: RunPlan,
  dataset: Dataset,
): Promise<Pick<Run, 'tenCrops' | 'training'>> {
  const model = join(folder, 'runs', plan.name, 'last.safetensors');
  const score = async (split: 'train' | 'val', crops: 1 | 10): Promise<Score> => {
    const { top1, loss } = await evaluate(model, dataset, {
      split,
      crops,
      engine,
      batch: 100,
      ...(threads !== undefined && { threads }),
    });
    return { top1, loss };
  };
  const ten = experiment.arms.some(
    ({ crops, name, trainedAs = name }) => crops === 10 && trainedAs === plan.arm.name,
  );
  return {
    ...(ten && { tenCrops: await score('val', 10) }),
    ...(experiment.overfitting && { training: await score('train', 1) }),
  };
}

function epochsIn(entries: readonly Entry[]): Epoch[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== 'epoch') return [];
    const { epoch, train: seen, validation } = entry;
    return [
      {
        epoch,
        train: { top1: seen.top1, loss: seen.loss },
        validation: { top1: validation?.top1 ?? 0, loss: validation?.loss ?? 0 },
      },
    ];
  });
}

function rollbacksIn(entries: readonly Entry[]): number {
  return entries.filter((entry) => entry.kind === 'remark' && isRollback(entry.text)).length;
}

/** What training writes down when its loss exploded. */
function isRollback(text: string): boolean {
  return /back to step .* of the learning rate/.test(text);
}
