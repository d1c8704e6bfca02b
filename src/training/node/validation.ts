import { createHash } from 'node:crypto';
import { UsageError } from '../../errors.ts';
import type { Dataset, Sample } from '../../data/dataset.ts';

/**
 * A dataset whose validation pictures are all those of another one.
 * @throws {UsageError} where the other has a class that the first has not.
 */
export function withValidation(dataset: Dataset, validation: Dataset): Dataset {
  const labels = validation.classes.map((name) => {
    const label = dataset.classes.indexOf(name);
    if (label < 0)
      throw new UsageError(
        `The validation pictures in ${validation.provenance.root} have a class "${name}" ` +
          `that the training pictures in ${dataset.provenance.root} have not.`,
      );
    return label;
  });
  const own = dataset.samples.filter(({ split }) => split !== 'val');
  const theirs = validation.samples.map((sample): Sample => ({
    ...sample,
    name: `validation/${sample.name}`,
    label: labels[sample.label]!,
    split: 'val',
  }));
  const { heldOut: _, ...provenance } = dataset.provenance;
  const digest = createHash('sha256')
    .update(`${provenance.digest}\n${validation.provenance.digest}\n`)
    .digest('hex');
  return {
    ...dataset,
    samples: [...own, ...theirs],
    provenance: { ...provenance, digest },
    remarks: [...dataset.remarks, ...validation.remarks],
  };
}
