import { fileBeside, withFile } from '#platform';
import { AlexNetError, ensure } from '../errors.ts';
import { parsePrototxt, readBinaryProto, readCaffeModel } from '../formats/caffe.ts';
import { isNpz, isNumpy, readNpy, readNpz } from '../formats/numpy.ts';
import { isOnnx, readOnnx } from '../formats/onnx.ts';
import { isSafetensors, readSafetensors } from '../formats/safetensors.ts';
import { decodeText, readBytes } from '../formats/source.ts';
import type { ByteSource } from '../formats/source.ts';
import { isLegacyTorch, isTorchZip, readLegacyTorch, readTorchZip } from '../formats/torch.ts';
import { isZip, readZip } from '../formats/zip.ts';
import type { ZipEntry } from '../formats/zip.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { inferShapes } from '../network/shapes.ts';
import type { Variant } from '../network/variants.ts';
import { computation, variantOf } from './chain.ts';
import type { Chain } from './chain.ts';
import { likelyPreprocessing, networkWarnings, preprocessingText } from './guesses.ts';
import type { Guess } from './guesses.ts';
import { imagenetLabels } from './imagenet.ts';
import { importCaffe } from './import-caffe.ts';
import { importOnnx } from './import-onnx.ts';
import type { LeadingArithmetic } from './import-onnx.ts';
import { importTensors } from './import-tensors.ts';
import type { TensorOptions } from './import-tensors.ts';
import { descriptionArray } from './export-tensors.ts';
import { checkModel, isModel, modelFrom, parseDescription, parseTexts } from './model.ts';
import { inputName, withInput } from './input.ts';
import type { FileInput } from './input.ts';
import type { Label, Model, ReadOptions } from './model.ts';
import { checkFinite, f32Weights } from './weights.ts';
import { isWhole, wished, withLrn } from './wishes.ts';
import type { LrnWish, PreprocessingWish } from './wishes.ts';

/** The kinds of file that hold weights. */
export type WeightsKind = 'alexnet' | 'safetensors' | 'torch' | 'onnx' | 'caffe' | 'numpy';

export interface ImportOptions extends TensorOptions, ReadOptions {
  /** Default: ImageNet's where there are 1,000 classes, else "class 0", "class 1", … */
  readonly labels?: readonly Label[];
  /** Caffe: the network's description, which has the last word on the layers' settings. */
  readonly prototxt?: FileInput;
  /** Caffe: the mean image (`mean.binaryproto`) instead of the mean colour. */
  readonly mean?: FileInput;
  /** All of it, or what is known better than the file says or published weights use. */
  readonly preprocessing?: PreprocessingWish;
  /** Settings of local response normalisation that the file does not tell. */
  readonly lrn?: LrnWish;
  /**
   * ONNX: opens a file of tensors beside the model by the name that the model gives. Not needed for
   * a model that is given by its path.
   */
  readonly beside?: (name: string) => Promise<ByteSource>;
}

export interface Imported {
  readonly model: Model;
  readonly kind: WeightsKind;
  /** Undefined where no member of the family computes the same. */
  readonly variant: Variant | undefined;
  /**
   * Other variants whose weights have the same shapes, where the file does not tell them apart: ask
   * with `variant`.
   */
  readonly alternatives: readonly Variant[];
  /** What the file does not say; empty where nothing had to be guessed. */
  readonly guesses: readonly Guess[];
  /** What looks wrong, each in a sentence. */
  readonly warnings: readonly string[];
}

interface Weights extends Chain {
  readonly kind: WeightsKind;
  readonly alternatives?: readonly Variant[];
  readonly arithmetic?: LeadingArithmetic;
  readonly metadata?: ReadonlyMap<string, string>;
  readonly producer?: string;
  readonly warnings?: readonly string[];
}

/**
 * A model from a file of weights of any kind that is read (docs/formats.md); the kind is told by
 * the file's content.
 * @param weights a path (on Node), a page's File or Blob, or any source of bytes.
 * @throws {AlexNetError} naming the file and what in it does not fit.
 */
export async function importWeights(
  weights: FileInput,
  options: ImportOptions = {},
): Promise<Imported> {
  const beside = typeof weights === 'string' ? besidePath(weights) : options.beside;
  const given = { ...options, ...(beside && { beside }) };
  return withInput(weights, (source) => importSource(source, inputName(weights), given));
}

/** {@link importWeights} from a file that is open, and has this name or none. */
export async function importSource(
  source: ByteSource,
  name: string | undefined,
  options: ImportOptions = {},
): Promise<Imported> {
  const start = await readBytes(source, 0, Math.min(64, source.size), 'the file');
  const imported = await importFrom(source, start, name, options);
  checkDone(imported, options);
  return imported;
}

async function importFrom(
  source: ByteSource,
  start: Uint8Array,
  name: string | undefined,
  options: ImportOptions,
): Promise<Imported> {
  if (isSafetensors(start, source.size)) {
    const file = await readSafetensors(source);
    if (isModel(file)) return importOwn('alexnet', await modelFrom(file, options), options);
    const chain = await importTensors([...file.tensors.values()], options);
    return complete({ kind: 'safetensors', ...chain }, name, options);
  }
  if (!isZip(start))
    return complete(await readWeights(source, start, name, options), name, options);
  const entries = await readZip(source);
  const own = await ownArchive(entries, options);
  return own === undefined
    ? complete(await readArchive(entries, options), name, options)
    : importOwn('numpy', own, options);
}

/** A model of ours says everything itself. */
async function importOwn(
  kind: WeightsKind,
  model: Model,
  options: ImportOptions,
): Promise<Imported> {
  const changed = await withOptions(model, options);
  return { model: changed, kind, variant: undefined, alternatives: [], guesses: [], warnings: [] };
}

/** A wish that the file has no use for is refused, not passed over. */
function checkDone({ model, kind, variant }: Imported, options: ImportOptions): void {
  const itself = ['alexnet', 'onnx', 'caffe'].includes(kind) || variant === undefined;
  const [, height] = inferShapes(model.network)[0]!.output;
  ensure(
    options.input === undefined || options.input === height,
    `the file says itself that its input is ${height}×${height}, so an input of ` +
      `${options.input}×${options.input} cannot be asked for.`,
  );
  ensure(
    options.variant === undefined || !itself || options.variant === variantOf(model.network),
    `the file says itself what its network is, and that is not the variant ${options.variant}.`,
  );
  ensure(
    options.prefix === undefined || (kind !== 'alexnet' && kind !== 'onnx' && kind !== 'caffe'),
    `the file holds one network, so the prefix "${options.prefix}" chooses nothing.`,
  );
}

/** An `.npz` of ours with the network in it. */
async function ownArchive(
  entries: ReadonlyMap<string, ZipEntry>,
  options: ReadOptions,
): Promise<Model | undefined> {
  const entry = entries.get(`${descriptionArray}.npy`);
  if (entry === undefined || !isNpz(entries)) return undefined;
  const tensors = new Map((await readNpz(entries)).map((tensor) => [tensor.name, tensor]));
  const json = await tensors.get(descriptionArray)!.readRaw();
  const metadata = parseTexts(decodeText(json, 'its description'));
  return modelFrom({ tensors, metadata }, options);
}

async function readWeights(
  source: ByteSource,
  start: Uint8Array,
  name: string | undefined,
  options: ImportOptions,
): Promise<Weights> {
  if (isLegacyTorch(start))
    return { kind: 'torch', ...(await importTensors(await readLegacyTorch(source), options)) };
  if (isNumpy(start))
    return { kind: 'numpy', ...(await importTensors(await readNpy(source, 'array'), options)) };
  if (isOnnx(start)) {
    const model = await readOnnx(source, options.beside ?? refuseBeside);
    const { metadata, producer } = model;
    return { kind: 'onnx', metadata, producer, ...(await importOnnx(model, options.input)) };
  }
  if (start[0] === 0x0a || name?.endsWith('.caffemodel') === true)
    return { kind: 'caffe', ...(await importCaffeFile(source, options)) };
  throw new AlexNetError(unknownKind(start));
}

async function readArchive(
  entries: ReadonlyMap<string, ZipEntry>,
  options: ImportOptions,
): Promise<Weights> {
  if (isTorchZip(entries))
    return { kind: 'torch', ...(await importTensors(await readTorchZip(entries), options)) };
  if (isNpz(entries))
    return { kind: 'numpy', ...(await importTensors(await readNpz(entries), options)) };
  const names = [...entries.keys()].slice(0, 4).join(', ');
  throw new AlexNetError(
    "the zip archive is neither PyTorch's (no data.pkl) nor NumPy's (.npy files). It holds " +
      `${names === '' ? 'nothing' : names}.`,
  );
}

async function importCaffeFile(
  source: ByteSource,
  { prototxt, input }: ImportOptions,
): Promise<Chain> {
  const text = prototxt === undefined ? undefined : await readPrototxt(prototxt);
  return importCaffe(
    await readCaffeModel(source),
    text === undefined ? undefined : parsePrototxt(text),
    input,
  );
}

async function readPrototxt(prototxt: FileInput): Promise<string> {
  const name = inputName(prototxt) ?? 'The prototxt';
  const read = async (file: ByteSource): Promise<string> => {
    ensure(
      file.size <= 1 << 20,
      `${name} has ${file.size} bytes, which is too long for a prototxt.`,
    );
    return decodeText(await readBytes(file, 0, file.size, 'the prototxt'), 'the prototxt');
  };
  return withInput(prototxt, read);
}

function unknownKind(start: Uint8Array): string {
  const hdf5 = start[0] === 0x89 && start[1] === 0x48;
  const read = 'PyTorch (.pth, .pt), safetensors, ONNX, Caffe (.caffemodel), NumPy (.npz, .npy)';
  if (hdf5)
    return `it is an HDF5 file (Keras), which is not read. Save the weights as one of: ${read}.`;
  return `its content is of no known kind. Weights are read from ${read}.`;
}

/**
 * Tensors of an ONNX model that lie in files of their own, which must be in the model's folder even
 * after links are followed.
 */
function besidePath(path: string): (name: string) => Promise<ByteSource> {
  return async (name) => {
    const found = await fileBeside(path, name);
    if (found === 'missing')
      throw new AlexNetError(`its tensors are in "${name}", which is missing beside it.`);
    if (found === 'outside')
      throw new AlexNetError(
        `its tensors claim to be in "${name}", which leads out of the model's folder. ` +
          'It is not opened.',
      );
    const size = await withFile(found.path, async (file) => file.size);
    return {
      size,
      read: (into, position) => withFile(found.path, (file) => file.read(into, position)),
    };
  };
}

function refuseBeside(name: string): never {
  throw new AlexNetError(
    `its tensors are in "${name}", a file of their own. Give it with the option "beside".`,
  );
}

async function complete(
  weights: Weights,
  name: string | undefined,
  options: ImportOptions,
): Promise<Imported> {
  const { kind, network, variant, weights: values, alternatives = [], metadata } = weights;
  const own =
    metadata !== undefined && isModel({ metadata }) ? parseDescription(metadata) : undefined;
  const shapes = inferShapes(network);
  const classes = shapes.at(-1)!.output[0];
  const sameNetwork = own !== undefined && computation(own.network) === computation(network);
  const described = sameNetwork ? own.network : network;
  const named = describedNames(described, network, values);
  const { preprocessing, guess } = preprocessingFor(weights, own, shapes[0]!.output[1]);
  const ownLabels = own?.labels.length === classes ? own.labels : undefined;
  const model: Model = {
    network: withLrn(described, options.lrn),
    labels: ownLabels ?? defaultLabels(classes),
    provenance: own?.provenance ?? {
      ...(name !== undefined && { source: name.split(/[/\\]/).at(-1)! }),
      kind,
      ...(variant !== undefined && { variant }),
    },
    weights: f32Weights(named),
    preprocessing,
  };
  if (options.allowNaN !== true) checkFinite(model.weights);
  const guesses = [
    ...(guess && !isWhole(options.preprocessing ?? {}) ? [guess] : []),
    ...(ownLabels || options.labels ? [] : [labelsGuess(classes)]),
    ...(options.lrn ? [] : lrnGuess(weights)),
  ];
  return {
    model: await withOptions(model, options),
    kind,
    variant,
    alternatives,
    guesses,
    warnings: [...(weights.warnings ?? []), ...networkWarnings(network)],
  };
}

/** What the caller says has the last word on all but the network and its weights. */
async function withOptions(
  model: Model,
  { labels = model.labels, preprocessing, mean: file }: ImportOptions,
): Promise<Model> {
  ensure(
    labels.length === model.labels.length,
    `the network has ${model.labels.length} outputs, but ${labels.length} labels are given.`,
  );
  const mean = file === undefined ? undefined : await readMean(file);
  const ready = withMean(wished(model.preprocessing, preprocessing), mean);
  const { meanImage, ...rest } = model;
  const image = 'tensor' in ready.mean ? (mean?.values ?? meanImage) : undefined;
  const changed = { ...rest, labels, preprocessing: ready, ...(image && { meanImage: image }) };
  checkModel(changed);
  return changed;
}

/** The same numbers under the names of a network that computes the same. */
function describedNames(
  wanted: Model['network'],
  built: Model['network'],
  values: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, Float32Array> {
  if (wanted === built) return values;
  const names = wanted.flatMap(({ type, name }) =>
    type === 'convolution' || type === 'dense' ? [`${name}.weight`, `${name}.bias`] : [],
  );
  return new Map([...values.values()].map((array, index) => [names[index]!, array]));
}

function defaultLabels(classes: number): Label[] {
  return classes === 1000
    ? imagenetLabels()
    : Array.from({ length: classes }, (_, index) => ({ name: `class ${index}` }));
}

function labelsGuess(classes: number): Guess {
  const text =
    classes === 1000
      ? "The file has no labels: ImageNet's 1,000 in their usual order are taken."
      : `The file has no labels: its ${classes} outputs are called "class 0", "class 1", ….`;
  return { about: 'labels', text };
}

/** Tensors come without the settings of layers that have none. */
function lrnGuess({ kind, network }: Weights): Guess[] {
  const lrn = network.find(({ type }) => type === 'lrn');
  if (lrn?.type !== 'lrn' || kind === 'onnx' || kind === 'caffe') return [];
  const { size, alpha, beta, k } = lrn;
  const text =
    `The file does not hold the settings of LRN: size ${size}, alpha ${alpha}, beta ${beta}, ` +
    `k ${k} of the variant are taken (alpha as in the paper, not divided by the size).`;
  return [{ about: 'lrn', text }];
}

/** What the file says itself; else what published weights of its variant were trained on. */
function preprocessingFor(
  weights: Weights,
  own: Pick<Model, 'preprocessing'> | undefined,
  crop: number,
): { preprocessing: Preprocessing; guess?: Guess } {
  const told = own?.preprocessing;
  if (told?.crop === crop && !('tensor' in told.mean)) return { preprocessing: told };
  const { arithmetic = {} } = weights;
  const { preprocessing: usual, why } = likelyPreprocessing(weights, crop);
  const inside = Object.keys(arithmetic).length > 0;
  const { scale = 1, mean = [0, 0, 0], deviation = [1, 1, 1] } = arithmetic;
  const preprocessing = inside ? { ...usual, scale, mean, deviation } : usual;
  const missing = inside
    ? 'The graph scales its pictures itself, but does not say how they are cut or in which order ' +
      'its channels are'
    : 'The file does not say how its pictures are made ready';
  const text = `${missing}: ${preprocessingText(preprocessing)} is taken, because ${why}.`;
  return { preprocessing, guess: { about: 'preprocessing', text } };
}

interface MeanImage {
  readonly size: number;
  readonly values: Float32Array;
}

async function readMean(mean: FileInput): Promise<MeanImage> {
  const name = inputName(mean) ?? 'The file';
  const read = async (source: ByteSource): Promise<MeanImage> => {
    const tensor = await readBinaryProto(source).catch((error: unknown) => {
      if (!(error instanceof AlexNetError)) throw error;
      throw new AlexNetError(
        `expected the mean image of a Caffe network (.binaryproto). ${error.message}`,
        { cause: error },
      );
    });
    const [channels, height = 0, width] = tensor.shape.slice(-3);
    ensure(
      channels === 3 && height === width && height > 0,
      `${name} should hold a square mean image of three channels, ` +
        `but its shape is ${tensor.shape.join('×')}.`,
    );
    return { size: height, values: await tensor.read() };
  };
  return withInput(mean, read);
}

function withMean(preprocessing: Preprocessing, mean: MeanImage | undefined): Preprocessing {
  if (mean === undefined) return preprocessing;
  ensure(
    mean.size >= preprocessing.crop,
    `the mean image of ${mean.size}×${mean.size} is smaller than the network's input of ` +
      `${preprocessing.crop}×${preprocessing.crop}.`,
  );
  return {
    ...preprocessing,
    resize: { ...preprocessing.resize, size: mean.size },
    mean: { tensor: 'preprocessing.mean', at: 'crop' },
  };
}
