import type { Dataset } from '../data/dataset.ts';
import { UsageError, nearest } from '../errors.ts';
import type { Label } from '../model/model.ts';
import { counted, grouped } from '../text.ts';

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

/**
 * Where each of `labels` stands among those of another model, to average what both answer:
 * `places[i]` is the other's place of label i.
 * @throws {UsageError} where the two do not have the same labels, with what differs.
 */
export function samePlaces(
  labels: readonly Label[],
  { name, labels: others }: { readonly name: string; readonly labels: readonly Label[] },
  first: string,
): number[] {
  const same = (a: Label, b: Label | undefined): boolean =>
    b !== undefined &&
    (a.wnid !== undefined && b.wnid !== undefined ? a.wnid === b.wnid : a.name === b.name);
  if (labels.length === others.length && labels.every((label, i) => same(label, others[i])))
    return labels.map((_, i) => i);
  const places = labels.map((label) => {
    const found = [...others.keys()].filter((i) => same(label, others[i]));
    return found.length === 1 ? found[0] : undefined;
  });
  const lacking = labels.filter((_, i) => places[i] === undefined);
  const known = new Set(places);
  const own = others.filter((_, i) => !known.has(i));
  if (lacking.length === 0 && own.length === 0) return places.map((place) => place!);
  throw new UsageError(
    `Models are averaged label by label, but ${name} has not the same labels as ${first}: ` +
      [
        `it has ${counted(others.length, 'label')} and the other ${grouped(labels.length)}`,
        ...(lacking.length > 0 ? [`it lacks ${namesOf(lacking)}`] : []),
        ...(own.length > 0 ? [`only it has ${namesOf(own)}`] : []),
      ].join('; ') +
      '. Average models that were trained on the same classes.',
  );
}

function namesOf(labels: readonly Label[]): string {
  const names = labels.slice(0, 3).map(({ name }) => `"${name}"`);
  const more = labels.length - names.length;
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${grouped(more)} more`;
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
