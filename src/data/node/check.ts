import { longestAspect } from '../../images/fit.ts';
import { samplesOf } from '../dataset.ts';
import type { Dataset, Sample, Split } from '../dataset.ts';
import type { Inspection } from '../messages.ts';
import { inParts } from '../in-parts.ts';
import { samePictures } from '../repetitions.ts';
import { openWorkers } from '#workers';

/**
 * What `data check` found in one file or class. Kinds: those of {@link ProblemKind}, and the ones
 * below.
 */
export interface Problem {
  /** A sample's name; for a class, its name. */
  readonly file: string;
  readonly kind: string;
  readonly detail: string;
}

export interface CheckResult {
  readonly images: number;
  readonly classes: readonly {
    readonly label: string;
    readonly train: number;
    readonly val: number;
    readonly test: number;
  }[];
  readonly problems: readonly Problem[];
}

export interface CheckOptions {
  readonly threads?: number;
  /** Of one picture: more are refused. Default 100 million. */
  readonly maximumPixels?: number;
  readonly onProgress?: (done: number, of: number) => void;
}

/** A shorter side below this holds little to be recognised. */
const tinySide = 32;
/** With fewer training pictures a class is hardly learned. */
const fewPictures = 10;

/**
 * Reads every picture of a dataset and names what is wrong: unreadable or damaged files, tiny ones,
 * strips, grey ones, the same bytes or the same picture twice, in two classes, or in two splits,
 * and classes with too few pictures.
 */
export async function checkDataset(
  dataset: Dataset,
  options: CheckOptions = {},
): Promise<CheckResult> {
  const workers = await openWorkers({
    cacheBytes: 0,
    cacheDirectory: null,
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.maximumPixels !== undefined && { maximumPixels: options.maximumPixels }),
  });
  try {
    const store = workers.store(dataset, { resize: { how: 'shorterSide', size: 256 } });
    // Training pictures first, so that of two that are the same the one that tests is named.
    const indices = Uint32Array.from(
      (['train', 'val', 'test'] as const).flatMap((split) => [...samplesOf(dataset, split)]),
    );
    const inspections: Inspection[] = [];
    let done = 0;
    for await (const part of inParts(workers, store, indices, { do: 'inspect' }, false)) {
      inspections.push(...part.inspections);
      done += part.inspections.length + part.failures.length;
      options.onProgress?.(done, indices.length);
    }
    const unreadable = store.failures.map(({ name, kind, detail }) => ({
      file: name,
      kind,
      detail,
    }));
    const single = inspections.flatMap((inspection) =>
      pictureProblems(inspection, dataset.samples[inspection.index]!),
    );
    return {
      images: dataset.samples.length,
      classes: counts(dataset),
      problems: [
        ...unreadable,
        ...single,
        ...repetitions(inspections, dataset),
        ...smallClasses(dataset),
      ],
    };
  } finally {
    await workers.close();
  }
}

function pictureProblems(
  { width, height, grey, damage }: Inspection,
  { name: file }: Sample,
): Problem[] {
  const problems: Problem[] = [];
  const add = (kind: string, detail: string): unknown => problems.push({ file, kind, detail });
  if (damage !== undefined) add('damaged', `${damage} It is read all the same.`);
  if (Math.min(width, height) < tinySide)
    add('tiny', `The picture has only ${width}×${height} pixels.`);
  if (Math.max(width, height) > longestAspect * Math.min(width, height))
    add(
      'extremeAspect',
      `The picture has ${width}×${height} pixels: only its middle is looked at.`,
    );
  if (grey) add('grey', 'The picture has no colours.');
  return problems;
}

function repetitions(inspections: readonly Inspection[], { samples, classes }: Dataset): Problem[] {
  return samePictures(inspections).map(({ index, first, bytes }) => {
    const sample = samples[index]!;
    const other = samples[first]!;
    const what = bytes ? 'Has the same bytes as' : 'Looks the same as';
    const at = `${what} ${other.name}`;
    if (sample.split !== other.split)
      return {
        file: sample.name,
        kind: 'inTwoSplits',
        detail: `${at}, which is in ${other.split}: being right about it says little.`,
      };
    if (sample.label !== other.label)
      return {
        file: sample.name,
        kind: 'inTwoClasses',
        detail: `${at}, which is called ${classes[other.label]}.`,
      };
    return { file: sample.name, kind: bytes ? 'duplicate' : 'samePicture', detail: `${at}.` };
  });
}

function counts({
  classes,
  samples,
}: Dataset): { label: string; train: number; val: number; test: number }[] {
  const all = classes.map(
    (label) =>
      ({ label, train: 0, val: 0, test: 0 }) satisfies Record<Split, number> & { label: string },
  );
  for (const { label, split } of samples) all[label]![split]++;
  return all;
}

function smallClasses(dataset: Dataset): Problem[] {
  return counts(dataset).flatMap(({ label, train, val, test }) => {
    if (
      train >= fewPictures ||
      (train === 0 && val + test > 0 && !dataset.samples.some(({ split }) => split === 'train'))
    )
      return [];
    return [
      {
        file: label,
        kind: 'smallClass',
        detail:
          `The class has only ${train} training ${train === 1 ? 'picture' : 'pictures'}; ` +
          `with fewer than ${fewPictures} it is hardly learned.`,
      },
    ];
  });
}
