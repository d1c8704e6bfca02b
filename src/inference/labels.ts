import type { Dataset } from '../data/dataset.ts';
import { UsageError, nearest } from '../errors.ts';
import type { Label } from '../model/model.ts';

/** Which labels have this name, or this WordNet number. ImageNet has two cranes, two maillots. */
export function labelsNamed(labels: readonly Label[], name: string): number[] {
  return labels.flatMap((label, index) =>
    label.name === name || label.wnid === name ? [index] : [],
  );
}

/**
 * Which of a model's labels each class of a dataset is, or undefined where it is none.
 * @throws {UsageError} for a class that is the name of several labels.
 */
export function matchLabels(
  classes: readonly string[],
  labels: readonly Label[],
): (number | undefined)[] {
  return classes.map((name) => {
    const found = labelsNamed(labels, name);
    if (found.length <= 1) return found[0];
    const numbers = found.map((index) => labels[index]!.wnid ?? `label ${index}`);
    throw new UsageError(
      `The model has ${found.length} labels named "${name}": name the folder by the WordNet ` +
        `number instead (${numbers.join(' or ')}).`,
    );
  });
}

/**
 * The dataset with the model's numbers for its classes.
 * @throws {UsageError} for classes that the model does not know, or knows twice.
 */
export function relabelled(dataset: Dataset, labels: readonly Label[]): Dataset {
  const indices = matchLabels(dataset.classes, labels).map((index, i) => {
    if (index === undefined) throw unknownClass(dataset.classes[i]!, labels);
    return index;
  });
  return {
    ...dataset,
    classes: labels.map(({ name }) => name),
    samples: dataset.samples.map((sample) => ({ ...sample, label: indices[sample.label]! })),
  };
}

function unknownClass(name: string, labels: readonly Label[]): UsageError {
  const names = labels.map((label) => label.name);
  const guess = nearest(name, names);
  const all = names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '');
  return new UsageError(
    `The model has no label "${name}", which is a folder of the data. ` +
      (guess === undefined ? '' : `Did you mean "${guess}"? `) +
      `Its ${names.length} labels are: ${all}.`,
  );
}
