import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import { AlexNetError } from '../../errors.ts';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import { withFile, writeWhole } from '#platform';
import type { Model } from '../../model/model.ts';
import { findLayer, inferShapes, volume } from '../../network/shapes.ts';
import type { Work } from '../work.ts';
import { eachPhotograph, only, photographsIn } from './folder.ts';
import type { Opened } from './open.ts';
import { eachValues } from '../../model/weights.ts';

/** In the metadata of an index file: whose features it holds. */
const featuresKey = 'alexnet.features';

/** Numbers of one layer for many photographs. */
export interface Features {
  readonly dataset: Dataset;
  /** `[samples, dimensions]`, in the order of the samples. */
  readonly values: Float32Array;
  readonly dimensions: number;
  readonly remarks: readonly string[];
}

/**
 * The last hidden layer, what the last dense layer reads: the ReLU of fc7 in the paper's network.
 */
export function lastHidden({ network }: Pick<Model, 'network'>): string {
  const last = network.findLastIndex(({ type }) => type === 'dense');
  return network.slice(0, last).findLast(({ type }) => type !== 'dropout')!.name;
}

/** Where the index of a folder lies if nobody says otherwise: beside the model. */
export function indexPath(modelFile: string, layer: string, folder: string): string {
  const digest = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 8);
  return join(
    dirname(modelFile),
    `${basename(modelFile).replace(/\.safetensors$/, '')}.${layer}-${digest}.index.safetensors`,
  );
}

/**
 * The features of every photograph below a folder; those that the index file has, for the same
 * weights and an unchanged file, are not computed again. The index is written anew where something
 * was, also when `work.signal` stops it half-way.
 */
export async function featuresOf(
  opened: Opened,
  folder: string,
  layer: string,
  index: string,
  work: Work,
): Promise<Features> {
  const dimensions = volume(findLayer(inferShapes(opened.model.network), layer).output);
  const dataset = await photographsIn(folder);
  const stamps = await Promise.all(dataset.samples.map(({ source }) => stampOf(source.path)));
  const fingerprint = fingerprintOf(opened.model, layer);
  const known = await readIndex(index, fingerprint, dimensions);
  const rows = stamps.map((stamp) => known.get(stamp));
  const missing = [...rows.keys()].filter((i) => rows[i] === undefined);
  const remarks: string[] = [...dataset.remarks];
  const keep = (): Promise<void> => writeIndex(index, fingerprint, stamps, rows, dimensions);
  if (missing.length > 0) {
    try {
      const take = (i: number, row: Float32Array): void => {
        rows[missing[i]!] = row;
      };
      const wanted = only(dataset, missing);
      remarks.push(...(await compute(opened, wanted, layer, dimensions, work, take)));
    } catch (error) {
      if (!work.signal?.aborted) throw error;
      await keep();
      throw new AlexNetError(
        `${told(error)} The features of ${rows.filter((row) => row !== undefined).length} of ` +
          `${rows.length} photographs are kept, so the next time goes on from there.`,
      );
    }
    await keep().catch((error: unknown) =>
      remarks.push(`The index was not kept, so the next time takes as long: ${told(error)}`),
    );
  }
  return { ...gathered(dataset, rows, dimensions), dimensions, remarks };
}

function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function gathered(
  dataset: Dataset,
  rows: readonly (Float32Array | undefined)[],
  dimensions: number,
): Pick<Features, 'dataset' | 'values'> {
  const read = [...rows.keys()].filter((i) => rows[i] !== undefined);
  if (read.length === 0)
    throw new AlexNetError(
      `None of the ${rows.length} photographs below ${dataset.provenance.root} could be read.`,
    );
  const values = new Float32Array(read.length * dimensions);
  read.forEach((i, at) => values.set(rows[i]!, at * dimensions));
  return { dataset: only(dataset, read), values };
}

async function compute(
  opened: Opened,
  dataset: Dataset,
  layer: string,
  dimensions: number,
  work: Work,
  take: (sample: number, row: Float32Array) => void,
): Promise<string[]> {
  return eachPhotograph(opened, dataset, work, async ({ indices, count }) => {
    const activation = await opened.session.activation(layer);
    for (let n = 0; n < count; n++)
      take(indices[n]!, activation.slice(n * dimensions, (n + 1) * dimensions));
  });
}

/** The same for the same file: its path, size and time of change. */
async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
  return `${resolve(path)}\u0000${size}\u0000${mtimeMs}`;
}

/**
 * The same for the same weights, preprocessing and layer; from every 97th weight, so that 240 MB
 * take no time.
 */
function fingerprintOf({ network, weights, preprocessing }: Model, layer: string): string {
  const hash = createHash('sha256').update(JSON.stringify([network, preprocessing, layer]));
  for (const [name, values] of eachValues(weights))
    hash
      .update(name)
      .update(
        Buffer.from(
          Float32Array.from({ length: Math.ceil(values.length / 97) }, (_, i) => values[97 * i]!)
            .buffer,
        ),
      );
  return hash.digest('hex');
}

/** @throws {AlexNetError} for a safetensors file that is no index: it would be written over. */
export async function checkIndex(path: string): Promise<void> {
  const other = await withFile(path, async (source) => {
    const { metadata } = await readSafetensors(source);
    return !metadata.has(featuresKey);
  }).catch(() => false);
  if (other)
    throw new AlexNetError(
      `${path} holds weights, not features of photographs, and would be written over. Name ` +
        'another file.',
    );
}

/**
 * What an index file knows; nothing where there is none, it is damaged, or it belongs to other
 * weights.
 */
async function readIndex(
  path: string,
  fingerprint: string,
  dimensions: number,
): Promise<Map<string, Float32Array>> {
  const known = new Map<string, Float32Array>();
  await withFile(path, async (source) => {
    const { metadata, tensors } = await readSafetensors(source);
    if (metadata.get(featuresKey) !== fingerprint) return;
    const stamps = JSON.parse(metadata.get('stamps') ?? '[]') as string[];
    const values = (await tensors.get('features')?.read()) ?? new Float32Array(0);
    if (values.length !== stamps.length * dimensions) return;
    stamps.forEach((stamp, i) =>
      known.set(stamp, values.subarray(i * dimensions, (i + 1) * dimensions)),
    );
  }).catch(() => undefined);
  return known;
}

async function writeIndex(
  path: string,
  fingerprint: string,
  stamps: readonly string[],
  rows: readonly (Float32Array | undefined)[],
  dimensions: number,
): Promise<void> {
  const read = [...rows.keys()].filter((i) => rows[i] !== undefined);
  const data = new Float32Array(read.length * dimensions);
  read.forEach((i, at) => data.set(rows[i]!, at * dimensions));
  const metadata = {
    [featuresKey]: fingerprint,
    stamps: JSON.stringify(read.map((i) => stamps[i])),
  };
  await writeWhole(
    path,
    writeSafetensors([{ name: 'features', shape: [read.length, dimensions], data }], { metadata }),
  );
}
