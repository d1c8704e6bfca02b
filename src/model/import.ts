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
import { computation } from './chain.ts';
import type { Chain } from './chain.ts';
import { imagenetLabels } from './imagenet.ts';
import { importCaffe } from './import-caffe.ts';
import { importOnnx } from './import-onnx.ts';
import type { LeadingArithmetic } from './import-onnx.ts';
import { importTensors } from './import-tensors.ts';
import type { TensorOptions } from './import-tensors.ts';
import { descriptionArray } from './export-tensors.ts';
import { isModel, modelFrom, parseDescription, parseTexts } from './model.ts';
import { inputName, withInput } from './input.ts';
import type { FileInput } from './input.ts';
import type { Label, Model } from './model.ts';
import { publishedPreprocessing } from './published.ts';
import { f32Weights } from './weights.ts';

/** The kinds of file that hold weights. */
export type WeightsKind = 'alexnet' | 'safetensors' | 'torch' | 'onnx' | 'caffe' | 'numpy';

export interface ImportOptions extends TensorOptions {
  /** Default: ImageNet's where there are 1,000 classes, else "class 0", "class 1", … */
  readonly labels?: readonly Label[];
  /** Caffe: the network's description, which has the last word on the layers' settings. */
  readonly prototxt?: FileInput;
  /** Caffe: the mean image (`mean.binaryproto`) instead of the mean colour. */
  readonly mean?: FileInput;
  /** Instead of what published weights of the variant use. */
  readonly preprocessing?: Preprocessing;
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
}

interface Weights extends Chain {
  readonly kind: WeightsKind;
  readonly alternatives?: readonly Variant[];
  readonly arithmetic?: LeadingArithmetic;
  readonly metadata?: ReadonlyMap<string, string>;
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
  if (isSafetensors(start, source.size)) {
    const file = await readSafetensors(source);
    if (isModel(file))
      return {
        model: await changed(await modelFrom(file), options),
        kind: 'alexnet',
        variant: undefined,
        alternatives: [],
      };
    return complete(
      { kind: 'safetensors', ...(await importTensors([...file.tensors.values()], options)) },
      name,
      options,
    );
  }
  const entries = isZip(start) ? await readZip(source) : undefined;
  const own = entries && (await ownArchive(entries));
  if (own !== undefined)
    return {
      model: await changed(own, options),
      kind: 'numpy',
      variant: undefined,
      alternatives: [],
    };
  const weights = entries
    ? await readArchive(entries, options)
    : await readWeights(source, start, name, options);
  return complete(weights, name, options);
}

/** An `.npz` of ours with the network in it. */
async function ownArchive(entries: ReadonlyMap<string, ZipEntry>): Promise<Model | undefined> {
  const entry = entries.get(`${descriptionArray}.npy`);
  if (entry === undefined || !isNpz(entries)) return undefined;
  const tensors = new Map((await readNpz(entries)).map((tensor) => [tensor.name, tensor]));
  const json = await tensors.get(descriptionArray)!.readRaw();
  return modelFrom({ tensors, metadata: parseTexts(decodeText(json, 'its description')) });
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
    return { kind: 'onnx', metadata: model.metadata, ...(await importOnnx(model, options.input)) };
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
  return typeof prototxt === 'string' ? withFile(prototxt, read) : withInput(prototxt, read);
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
  const described = {
    network:
      own !== undefined && computation(own.network) === computation(network)
        ? own.network
        : network,
    labels: own?.labels.length === classes ? own.labels : defaultLabels(classes),
    provenance: own?.provenance ?? {
      ...(name !== undefined && { source: name.split(/[/\\]/).at(-1)! }),
      kind,
      ...(variant !== undefined && { variant }),
    },
  };
  const named = describedNames(described.network, network, values);
  const preprocessing = preprocessingFor(weights, own?.preprocessing, shapes[0]!.output[1]);
  return {
    model: await changed({ ...described, weights: f32Weights(named), preprocessing }, options),
    kind,
    variant,
    alternatives,
  };
}

/** What the caller says has the last word on all but the network and its weights. */
async function changed(
  model: Model,
  { labels = model.labels, preprocessing = model.preprocessing, mean: file }: ImportOptions,
): Promise<Model> {
  ensure(
    labels.length === model.labels.length,
    `the network has ${model.labels.length} outputs, but ${labels.length} labels are given.`,
  );
  const mean = file === undefined ? undefined : await readMean(file);
  return {
    ...model,
    labels,
    preprocessing: withMean(preprocessing, mean),
    ...(mean && { meanImage: mean.values }),
  };
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

/** What the file says itself; else what published weights of its variant were trained on. */
function preprocessingFor(
  { variant, arithmetic = {} }: Weights,
  own: Preprocessing | undefined,
  crop: number,
): Preprocessing {
  if (own?.crop === crop && !('tensor' in own.mean)) return own;
  const usual = publishedPreprocessing(variant, crop);
  if (Object.keys(arithmetic).length === 0) return usual;
  const { scale = 1, mean = [0, 0, 0], deviation = [1, 1, 1] } = arithmetic;
  return { ...usual, scale, mean, deviation };
}

interface MeanImage {
  readonly size: number;
  readonly values: Float32Array;
}

async function readMean(mean: FileInput): Promise<MeanImage> {
  const name = inputName(mean) ?? 'The file';
  const read = async (source: ByteSource): Promise<MeanImage> => {
    const tensor = await readBinaryProto(source);
    const [channels, height = 0, width] = tensor.shape.slice(-3);
    ensure(
      channels === 3 && height === width && height > 0,
      `${name} should hold a square mean image of three channels, ` +
        `but its shape is ${tensor.shape.join('×')}.`,
    );
    return { size: height, values: await tensor.read() };
  };
  return typeof mean === 'string' ? withFile(mean, read) : withInput(mean, read);
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
