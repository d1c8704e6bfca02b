import { sha256 } from '#platform';
import { ensure } from '../errors.ts';
import { permutation } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import type { Dataset, DatasetOptions, Provenance, Sample, Split } from './dataset.ts';

/**
 * What every kind of dataset ends with: one split for all or a held-out fraction where that is
 * asked for, and the digest.
 */
export async function finishDataset(
  found: {
    classes: readonly string[];
    samples: readonly Sample[];
    remarks: readonly string[];
    kind: Provenance['kind'];
    root: string;
  },
  options: DatasetOptions,
): Promise<Dataset> {
  const { classes, kind, root } = found;
  const { holdOut = 0, seed = 0, as } = options;
  ensure(
    holdOut >= 0 && holdOut < 1,
    `Expected the fraction to hold out to be from 0 to below 1 but found ${holdOut}.`,
  );
  let samples =
    as === undefined ? found.samples : found.samples.map((sample) => ({ ...sample, split: as }));
  const remarks = [...found.remarks];
  const held = holdOut > 0 && as === undefined && !samples.some(({ split }) => split === 'val');
  if (held) {
    samples = holdOutValidation(samples, classes.length, holdOut, seed);
    const count = (all: readonly Sample[], wanted: Split): number =>
      all.filter(({ split }) => split === wanted).length;
    const chosen = count(samples, 'val');
    remarks.push(
      chosen === 0
        ? 'There is no val folder, and no class has enough training pictures to hold out ' +
            `${holdOut} of them: nothing is validated.`
        : `There is no val folder: ${chosen} of ${count(found.samples, 'train')} ` +
            `training pictures are held out for validation (seed ${seed}).`,
      ...(chosen === 0 ? [] : withoutValidation(samples, classes)),
    );
  }
  return {
    classes,
    samples,
    remarks,
    provenance: {
      kind,
      root,
      digest: await sha256(digested(classes, samples)),
      ...(held && { heldOut: { fraction: holdOut, seed } }),
    },
  };
}

/** Says which classes are too small to be validated. */
function withoutValidation(samples: readonly Sample[], classes: readonly string[]): string[] {
  const validated = new Set<number>();
  for (const { label, split } of samples) if (split === 'val') validated.add(label);
  const small = classes.filter((_, label) => !validated.has(label));
  if (small.length === 0) return [];
  const shown = small.slice(0, 5).join(', ');
  const rest = small.length > 5 ? ` and ${small.length - 5} more` : '';
  return [`Too small to hold a picture out of them, and so not validated: ${shown}${rest}.`];
}

/**
 * Moves a fraction of each class from `train` to `val`, rounded, and never a class's last picture.
 */
function holdOutValidation(
  samples: readonly Sample[],
  classes: number,
  fraction: number,
  seed: number,
): Sample[] {
  const byClass = Array.from({ length: classes }, (): number[] => []);
  samples.forEach(({ label, split }, i) => split === 'train' && byClass[label]!.push(i));
  const chosen = new Set<number>();
  byClass.forEach((members, label) => {
    const count = Math.min(members.length - 1, Math.round(members.length * fraction));
    const order = permutation(
      bits({ seed, purpose: purposes.split, stream: label }),
      members.length,
    );
    for (const place of order.subarray(0, Math.max(0, count))) chosen.add(members[place]!);
  });
  return samples.map((sample, i) => (chosen.has(i) ? { ...sample, split: 'val' } : sample));
}

function* digested(classes: readonly string[], samples: readonly Sample[]): Iterable<string> {
  yield JSON.stringify(classes);
  for (const { name, label, split } of samples) yield `\n${split}\t${label}\t${name}`;
}
