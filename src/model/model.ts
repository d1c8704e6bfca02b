import { AlexNetError, ensure } from '../errors.ts';
import type { ByteSource } from '../formats/source.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import type { SafetensorsFile, WrittenTensor } from '../formats/safetensors.ts';
import type { StoredTensor, WrittenPrecision } from '../formats/tensor.ts';
import { showShape } from '../formats/tensor.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import {
  explain,
  fields,
  list,
  number,
  object,
  oneOf,
  positive,
  text,
  whole,
} from '../network/check.ts';
import type { Check } from '../network/check.ts';
import { parseNetwork } from '../network/json.ts';
import type { Network } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';
import { quantisationCheck } from '../network/quantisation.ts';
import type { Quantisation } from '../network/quantisation.ts';
import { inferShapes } from '../network/shapes.ts';
import { withoutPaths } from './provenance.ts';
import type { Provenance } from './provenance.ts';
import { checkQuantisation } from './integers.ts';
import { torchvisionNames } from './tensor-names.ts';
import { checkFinite, checkTensor, converted } from './weights.ts';
import type { WeightTensor, Weights } from './weights.ts';

/**
 * What one output of a network stands for. Names may occur twice (ImageNet has two cranes); index
 * and wnid do not.
 */
export interface Label {
  readonly name: string;
  /** WordNet's number of an ImageNet class: `n01440764`. */
  readonly wnid?: string;
}

/** A trained network with all that is needed to ask it: one file, no flags. */
export interface Model {
  readonly network: Network;
  /** Every parameter by name (`conv1.weight`, …) in its canonical layout. */
  readonly weights: Weights;
  /** What is computed with whole numbers, layer by layer, where anything is. */
  readonly quantisation?: Quantisation;
  /** One per output of the network, in order. */
  readonly labels: readonly Label[];
  readonly preprocessing: Preprocessing;
  /** Present where `preprocessing.mean` names a tensor: `[3, resize.size, resize.size]`. */
  readonly meanImage?: Float32Array;
  /**
   * Where it comes from: whatever is worth knowing later (source file, recipe, data, date,
   * accuracy).
   */
  readonly provenance: Provenance;
}

const formatVersion = '1';

/** Reads a model from wherever a source reads: a browser's file, bytes in memory. */
export async function decodeModel(source: ByteSource, options?: ReadOptions): Promise<Model> {
  return modelFrom(await readSafetensors(source), options);
}

export interface ReadOptions {
  /** Also weights that are NaN or infinite, to look at. Default false: they are refused. */
  readonly allowNaN?: boolean;
}

/** Whether a file is one of our models, with the network inside. */
export function isModel({ metadata }: Pick<SafetensorsFile, 'metadata'>): boolean {
  return metadata.has('alexnet.network');
}

/** Whose names the tensors of a model file bear, where they are not ours. */
export const namesKey = 'alexnet.names';

/** The file with its tensors under our names. */
function underOurNames({ tensors, metadata }: SafetensorsFile): SafetensorsFile['tensors'] {
  const whose = metadata.get(namesKey);
  if (whose === undefined) return tensors;
  ensure(
    whose === 'torchvision',
    `the model file's tensors bear the names of "${whose}", which are not known here.`,
  );
  const names = torchvisionNames(parseNetwork(metadata.get('alexnet.network')));
  return new Map(
    [...names].flatMap(([ours, theirs]) => {
      const tensor = tensors.get(theirs);
      return tensor === undefined ? [] : [[ours, tensor] as const];
    }),
  );
}

/** A model from a safetensors file that is open. */
export async function modelFrom(
  file: SafetensorsFile,
  { allowNaN = false }: ReadOptions = {},
): Promise<Model> {
  const { metadata } = file;
  ensure(
    isModel(file),
    'these are weights without a network, not a model of ours. Turn them into one with: npx ' +
      'alexnet convert IN OUT.safetensors',
  );
  const tensors = underOurNames(file);
  const described = parseDescription(metadata);
  const mean = described.preprocessing.mean;
  const meanImage =
    'tensor' in mean
      ? await readTensor(tensors, mean.tensor, meanShape(described.preprocessing))
      : undefined;
  const quantisation = metadata.has('alexnet.quantisation')
    ? (parsePart(metadata, 'quantisation', quantisationCheck) as Quantisation)
    : undefined;
  const model = {
    ...described,
    weights: await readWeights(described.network, tensors),
    ...(quantisation && { quantisation }),
    ...(meanImage && { meanImage }),
  };
  checkModel(model);
  if (!allowNaN) checkFinite(model.weights);
  return model;
}

/**
 * A model file in pieces.
 * @param precision of all weights, quantised ones too; without it each is written as it is held.
 * @throws {AlexNetError} where the model contradicts itself.
 */
export function encodeModel(model: Model, precision?: WrittenPrecision): Iterable<Uint8Array> {
  checkModel(model);
  const { quantisation } = model;
  const metadata = describe(model);
  if (precision === undefined) {
    if (quantisation) metadata['alexnet.quantisation'] = JSON.stringify(quantisation);
    return writeSafetensors(tensorsOf(model), { metadata, checksums: true });
  }
  const plain = { ...model, weights: converted(model.weights, 'f32') };
  return writeSafetensors(tensorsOf(plain), { metadata, precision, checksums: true });
}

/** All of a model but its numbers, as texts: the metadata of a safetensors or an ONNX file. */
export function describe({
  network,
  labels,
  preprocessing,
  provenance,
}: Model): Record<string, string> {
  return {
    'alexnet.version': formatVersion,
    'alexnet.network': JSON.stringify(network),
    'alexnet.labels': JSON.stringify(labels),
    'alexnet.preprocessing': JSON.stringify(preprocessing),
    'alexnet.provenance': JSON.stringify(withoutPaths(provenance)),
  };
}

/**
 * What {@link describe} wrote. @throws {AlexNetError} naming the part that is missing or not valid.
 */
export function parseDescription(
  metadata: ReadonlyMap<string, string>,
): Pick<Model, 'network' | 'labels' | 'preprocessing' | 'provenance'> {
  const version = metadata.get('alexnet.version');
  ensure(
    version === formatVersion,
    `the model file has version ${version ?? 'none'}; this alexnet reads version ` +
      `${formatVersion}. Use the alexnet that wrote it, or a newer one.`,
  );
  return {
    network: parseNetwork(metadata.get('alexnet.network')),
    labels: parsePart(metadata, 'labels', labelsCheck) as Label[],
    preprocessing: parsePart(metadata, 'preprocessing', preprocessingCheck) as Preprocessing,
    provenance: parsePart(metadata, 'provenance', object) as Provenance,
  };
}

function tensorsOf({ network, weights, preprocessing, meanImage }: Model): WrittenTensor[] {
  const tensors = parametersOf(network).flatMap(({ name, shape }): WrittenTensor[] => {
    const tensor = weights.get(name)!;
    const written: WrittenTensor[] = [{ name, shape, data: tensor.data }];
    if ('scales' in tensor) written.push(vector(`${name}.scales`, tensor.scales));
    if ('zeroPoints' in tensor) written.push(vector(`${name}.zeroPoints`, tensor.zeroPoints));
    return written;
  });
  if ('tensor' in preprocessing.mean)
    tensors.push({
      name: preprocessing.mean.tensor,
      shape: meanShape(preprocessing),
      data: meanImage!,
    });
  return tensors;
}

function vector(name: string, data: Float32Array | Uint8Array): WrittenTensor {
  return { name, shape: [data.length], data };
}

/** The shape of a mean image. */
export function meanShape({ resize }: Preprocessing): number[] {
  return [3, resize.size, resize.size];
}

async function readWeights(
  network: Network,
  tensors: ReadonlyMap<string, StoredTensor>,
): Promise<Weights> {
  const read = parametersOf(network).map(
    async ({ name, shape }) => [name, await readWeight(tensors, name, shape)] as const,
  );
  return new Map(await Promise.all(read));
}

/** As it is stored where it can be held so; numbers of other types become f32. */
async function readWeight(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  shape: readonly number[],
): Promise<WeightTensor> {
  const stored = findTensor(tensors, name, shape);
  if (stored.dtype === 'f16') return { dtype: 'f16', data: new Uint16Array(await raw(stored)) };
  const scales = await tensors.get(`${name}.scales`)?.read();
  if (scales === undefined) return { dtype: 'f32', data: await stored.read() };
  if (stored.dtype === 'i8') return { dtype: 'i8', data: new Int8Array(await raw(stored)), scales };
  const zeroPoints = tensors.get(`${name}.zeroPoints`);
  ensure(
    stored.dtype === 'u8' && zeroPoints?.dtype === 'u8',
    `the tensor "${name}" has scales, so it should be i8, or u8 with zero points, ` +
      `but it is ${stored.dtype}${zeroPoints === undefined ? ' without zero points' : ''}.`,
  );
  const zeros = new Uint8Array(await raw(zeroPoints));
  return { dtype: 'u8', data: new Uint8Array(await raw(stored)), scales, zeroPoints: zeros };
}

async function raw(tensor: StoredTensor): Promise<ArrayBuffer> {
  return (await tensor.readRaw()).buffer;
}

async function readTensor(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  shape: readonly number[],
): Promise<Float32Array> {
  return findTensor(tensors, name, shape).read();
}

function findTensor(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  shape: readonly number[],
): StoredTensor {
  const tensor = tensors.get(name);
  ensure(tensor !== undefined, `the model file lacks the tensor "${name}" that its network needs.`);
  ensure(
    tensor.shape.join() === shape.join(),
    () =>
      `the tensor "${name}" should have the shape ${showShape(shape)}, but has ` +
      `${showShape(tensor.shape)}.`,
  );
  return tensor;
}

/** @throws {AlexNetError} unless weights, labels and preprocessing fit the network. */
export function checkModel(model: Model): void {
  const { network, weights, labels, preprocessing, meanImage } = model;
  const parameters = parametersOf(network);
  for (const parameter of parameters) checkTensor(parameter, weights.get(parameter.name));
  if (model.quantisation) checkQuantisation(network, model.quantisation, weights);
  ensure(
    weights.size === parameters.length,
    () =>
      'The network has no parameter ' +
      `"${[...weights.keys()].find((key) => !parameters.some(({ name }) => name === key))}", ` +
      'but the weights do.',
  );
  const shapes = inferShapes(network);
  const classes = shapes.at(-1)!.output[0];
  ensure(
    labels.length === classes,
    `The network has ${classes} outputs but ${labels.length} labels.`,
  );
  const [channels, height, width] = shapes[0]!.output;
  ensure(
    channels === 3 && height === preprocessing.crop && width === preprocessing.crop,
    `The preprocessing gives pictures of 3×${preprocessing.crop}×${preprocessing.crop}, but ` +
      `the network's input is ${channels}×${height}×${width}.`,
  );
  if (!('tensor' in preprocessing.mean)) return;
  const expected = meanShape(preprocessing);
  ensure(
    meanImage?.length === expected[0]! * expected[1]! * expected[2]!,
    `The preprocessing subtracts a mean image of ${expected.join('×')}, but ` +
      `${meanImage === undefined ? 'the model has none' : `its own has ${meanImage.length} numbers`}.`,
  );
}

const three = list(number(), 3);
const side = whole('a whole number from 1 to 16384', (n) => n > 0 && n <= 16384);
const labelsCheck = list(fields<Label>({ name: text, wnid: text }, ['wnid']));
const meanTensor = fields<{ tensor: string; at?: 'crop' }>({ tensor: text, at: oneOf('crop') }, [
  'at',
]);
const preprocessingCheck = fields<Preprocessing>(
  {
    resize: fields<Preprocessing['resize']>(
      {
        how: oneOf('shorterSide', 'warp'),
        size: side,
        geometry: oneOf('torchvision'),
        kernel: oneOf('pillow', 'opencv'),
      },
      ['geometry', 'kernel'],
    ),
    colourProfile: oneOf('ignored'),
    orientation: oneOf('ignored'),
    crop: side,
    channels: oneOf('RGB', 'BGR'),
    scale: positive,
    mean: (value) => (Array.isArray(value) ? three(value) : meanTensor(value)),
    deviation: list(positive, 3),
  },
  ['colourProfile', 'orientation'],
);

/** Preprocessing from JSON. @throws {AlexNetError} naming what is not valid. */
export function parsePreprocessing(json: string): Preprocessing {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new AlexNetError(
      `it is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  const flaw = preprocessingCheck(value);
  if (flaw !== undefined) throw new AlexNetError(`it is no preprocessing: ${explain(flaw)}.`);
  return value as Preprocessing;
}

function parsePart(metadata: ReadonlyMap<string, string>, part: string, check: Check): unknown {
  const stored = metadata.get(`alexnet.${part}`);
  ensure(stored !== undefined, `the model file lacks its ${part}.`);
  const value = parseJson(stored, part);
  const flaw = check(value);
  if (flaw !== undefined)
    throw new AlexNetError(`the model file's ${part} are not valid: ${explain(flaw)}.`);
  return value;
}

/** An object of texts. @throws {AlexNetError} where JSON is something else. */
export function parseTexts(json: string): ReadonlyMap<string, string> {
  const value = parseJson(json, 'descriptions');
  const texts = typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
  ensure(
    texts?.every(([, part]) => typeof part === 'string') === true,
    "the model file's description is no object of texts.",
  );
  return new Map(texts as [string, string][]);
}

function parseJson(text: string, part: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AlexNetError(
      `the model file's ${part} are not valid JSON: ` +
        `${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
