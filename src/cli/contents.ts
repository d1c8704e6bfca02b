import { preprocessingText } from '../model/guesses.ts';
import type { Guess } from '../model/guesses.ts';
import { importWeights } from '../model/import.ts';
import type { WeightsKind } from '../model/import.ts';
import type { Label } from '../model/model.ts';
import type { Provenance } from '../model/provenance.ts';
import { statisticsOf } from '../model/statistics.ts';
import type { TensorStatistics } from '../model/statistics.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import type { Network } from '../network/layer.ts';
import type { Variant } from '../network/variants.ts';
import { variantOf } from '../model/chain.ts';
import { bytes, grouped, printable } from '../text.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** What is in a file of weights, beside the network. */
export interface Contents {
  readonly kind: WeightsKind;
  readonly variant: Variant | null;
  readonly alternatives: readonly Variant[];
  readonly labels: readonly Label[];
  readonly preprocessing: Preprocessing;
  readonly provenance: Provenance;
  readonly tensors: readonly TensorStatistics[];
  /** What the file does not say. */
  readonly guesses: readonly Guess[];
  readonly warnings: readonly string[];
}

/** Reads a file of weights, NaN and infinities too. */
export async function contentsOf(file: string): Promise<Contents & { network: Network }> {
  const imported = await importWeights(file, { allowNaN: true });
  const { kind, alternatives, guesses, model } = imported;
  const { network, labels, preprocessing, provenance } = model;
  const tensors = statisticsOf(model);
  const variant = imported.variant ?? variantOf(network) ?? null;
  const warnings = [...imported.warnings, ...tensors.flatMap(tensorWarnings)];
  return {
    kind,
    variant,
    alternatives,
    labels,
    preprocessing,
    provenance,
    tensors,
    guesses,
    warnings,
    network,
  };
}

function tensorWarnings({ name, notFinite, dead, shape, deviation }: TensorStatistics): string[] {
  const warnings: string[] = [];
  if (notFinite > 0)
    warnings.push(`${name} holds ${grouped(notFinite)} numbers that are NaN or infinite.`);
  if (dead > 0) warnings.push(`${name}: ${grouped(dead)} of ${shape[0]} outputs have no weights.`);
  else if (deviation === 0 && name.endsWith('.weight'))
    warnings.push(`${name}: all its numbers are the same.`);
  return warnings;
}

/** The same for people. */
export function contentsText(contents: Contents, terminal: Terminal): string {
  const { kind, variant, alternatives, labels, preprocessing, provenance } = contents;
  const rows: [string, string][] = [
    ['kind', kind],
    ['variant', variant ?? 'none of ours computes the same'],
    ...(alternatives.length > 0 ? [['or', alternatives.join(', ')] as [string, string]] : []),
    ['labels', labelsText(labels)],
    ['pictures', preprocessingText(preprocessing)],
    ...Object.entries(provenance).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ];
  return [
    terminal.bold('In the file'),
    ...rows.map(([key, value]) => `  ${key.padEnd(10)} ${cut(printable(value), 300)}`),
    '',
    statisticsTable(contents.tensors),
    ...contents.guesses.map(({ text }) => text),
    ...contents.warnings.map((text) => terminal.red(`Warning: ${text}`)),
  ].join('\n');
}

function labelsText(labels: readonly Label[]): string {
  const names = labels.slice(0, 5).map(({ name }) => name);
  return `${grouped(labels.length)}: ${names.join(', ')}${labels.length > 5 ? ', …' : ''}`;
}

function statisticsTable(tensors: readonly TensorStatistics[]): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    { title: 'tensor' },
    { title: 'shape' },
    { title: 'dtype' },
    ...['size', 'minimum', 'maximum', 'mean', 'deviation', 'zeros', 'dead', 'NaN'].map(right),
  ];
  const rows = tensors.map((tensor) => ({
    cells: [
      tensor.name,
      tensor.shape.join('×'),
      tensor.dtype,
      bytes(tensor.bytes),
      short(tensor.minimum),
      short(tensor.maximum),
      short(tensor.mean),
      short(tensor.deviation),
      grouped(tensor.zeros),
      grouped(tensor.dead),
      grouped(tensor.notFinite),
    ],
  }));
  return table(columns, rows);
}

function short(value: number | null): string {
  return value === null ? '–' : value.toPrecision(3);
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}
