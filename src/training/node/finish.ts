import { join } from 'node:path';
import { openBatches } from '../../data/batches.ts';
import { samplesOf } from '../../data/dataset.ts';
import { AlexNetError } from '../../errors.ts';
import { writeWhole } from '#platform';
import { readModel } from '../../model/node/model-file.ts';
import { evaluateBatches } from '../../inference/evaluation.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import { readEntries } from './journal.ts';
import { report } from './report/report.ts';
import type { Run } from './run.ts';
import { loadWeights } from '../../model/weights.ts';

export interface Finished {
  /** Of the best model on the test pictures, where there are any; they had no say in anything. */
  readonly test: Evaluation | null;
  readonly report: string;
}

export function modelPath(folder: string): string {
  return join(folder, 'model.safetensors');
}

/** After the last epoch: the best model is looked at once more, and the report written. */
export async function concludeRun(run: Run): Promise<Finished> {
  const model = await readModel(modelPath(run.folder));
  await loadWeights(run.session, model.weights);
  const test = samplesOf(run.dataset, 'test').length > 0 ? await evaluateTest(run) : null;
  const evaluation =
    test ??
    (run.validation
      ? await evaluateBatches(run.session, run.validation, run.dataset.classes.length)
      : null);
  const { folder, record, state, dataset } = run;
  const html = await report({
    record,
    state,
    entries: await readEntries(folder),
    dataset,
    model,
    evaluation,
    evaluatedOn: test === null ? 'validation' : 'test',
  });
  const path = join(folder, 'report.html');
  try {
    await writeWhole(path, [new TextEncoder().encode(html)]);
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    run.tell({ kind: 'remark', text: error.message });
  }
  return { test, report: path };
}

async function evaluateTest({
  dataset,
  settings,
  inputs,
  workers,
  session,
  signal,
  tell,
}: Run): Promise<Evaluation> {
  const batches = await openBatches(dataset, {
    split: 'test',
    batch: settings.batch,
    ...inputs,
    workers,
    mostFailures: 1,
  });
  try {
    return await evaluateBatches(session, batches, dataset.classes.length, {
      signal,
      onBatch: (done, all) => tell({ kind: 'evaluating', done, all }),
    });
  } finally {
    await batches.close();
  }
}
