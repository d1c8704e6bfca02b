import { AlexNetError } from '../errors.ts';
import type { OnnxModel, OnnxNode, OnnxTensor } from '../formats/onnx.ts';

/** Operators that only work out sizes: the shape of a Reshape may come from them. */
const shapeArithmetic = new Set([
  'Shape',
  'Gather',
  'Unsqueeze',
  'Concat',
  'Constant',
  'Slice',
  'Cast',
  'Squeeze',
  'Reshape',
  'Identity',
  'Add',
  'Sub',
  'Mul',
  'Div',
]);

/** Ways to ask an ONNX graph what its importer needs to know. */
export class OnnxGraph {
  readonly model: OnnxModel;
  readonly #producers = new Map<string, OnnxNode>();
  readonly #consumers = new Map<string, OnnxNode[]>();
  readonly #stored = new Set<OnnxTensor>();
  #storedCount = 0;
  #shown = 0;

  constructor(model: OnnxModel) {
    this.model = model;
    for (const node of model.nodes) {
      for (const output of node.outputs) {
        if (output === '') continue;
        if (this.#producers.has(output)) refuse(node, `the value "${output}" has two producers`);
        this.#producers.set(output, node);
      }
      for (const input of new Set(node.inputs))
        this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), node]);
    }
  }

  /** Who computes with a value; who only asks for its shape does not. */
  consumers(value: string): readonly OnnxNode[] {
    return (this.#consumers.get(value) ?? []).filter(({ type }) => type !== 'Shape');
  }

  /** The shape of a value, where one node asks for it. */
  shapeOf(value: string): string | undefined {
    const nodes = (this.#consumers.get(value) ?? []).filter(({ type }) => type === 'Shape');
    return nodes.length === 1 ? nodes[0]!.outputs[0] : undefined;
  }

  /** The small constants that a value is worked out from. */
  constantsBehind(value: string | undefined): (readonly number[])[] {
    const found: (readonly number[])[] = [];
    const open = [value];
    for (let steps = 0; open.length > 0 && steps < 100; steps++) {
      const at = open.pop();
      const numbers = this.numbers(at);
      if (numbers !== undefined) found.push(numbers);
      else if (at !== undefined) open.push(...(this.#producers.get(at)?.inputs ?? []));
    }
    return found;
  }

  /** The one node that computes with a value, if it is of this type. */
  only(value: string | undefined, type: string): OnnxNode | undefined {
    const nodes = value === undefined ? [] : this.consumers(value);
    return nodes.length === 1 && nodes[0]!.type === type ? nodes[0] : undefined;
  }

  /**
   * The tensor behind a value that does not change: initialiser, Constant, or a copy or cast of
   * one.
   */
  constant(value: string | undefined): OnnxTensor | undefined {
    for (let at = value, steps = 0; at !== undefined && at !== '' && steps < 16; steps++) {
      const tensor = this.model.initializers.get(at);
      if (tensor !== undefined) return tensor;
      const node = this.#producers.get(at);
      if (node?.type === 'Constant') return constantOf(node);
      if (node?.type !== 'Identity' && node?.type !== 'Cast') return undefined;
      at = node.inputs[0];
    }
    return undefined;
  }

  /**
   * The tensor that a node computes with. Layers may share one (PyTorch stores equal biases once),
   * but not until it fills the memory.
   */
  own(node: OnnxNode, index: number): OnnxTensor {
    const tensor = this.constant(node.inputs[index]);
    if (tensor === undefined) refuse(node, `its input ${index} is not stored in the model`);
    this.#shown += tensor.count;
    if (!this.#stored.has(tensor)) this.#storedCount += tensor.count;
    this.#stored.add(tensor);
    if (this.#shown > 10 * this.#storedCount)
      refuse(node, `its input ${index} belongs to more than ten layers`);
    return tensor;
  }

  /** The numbers of a small constant. */
  numbers(value: string | undefined): readonly number[] | undefined {
    return this.constant(value)?.numbers;
  }

  isShapeArithmetic(value: string | undefined): boolean {
    const open = [value];
    for (let steps = 0; open.length > 0 && steps < 100; steps++) {
      const at = open.pop();
      if (at === undefined || this.constant(at) !== undefined) continue;
      const node = this.#producers.get(at);
      if (node === undefined || !shapeArithmetic.has(node.type)) return false;
      if (node.type !== 'Shape') open.push(...node.inputs);
    }
    return open.length === 0;
  }
}

function constantOf(node: OnnxNode): OnnxTensor | undefined {
  const value =
    node.attributes.get('value') ??
    node.attributes.get('value_ints') ??
    node.attributes.get('value_floats') ??
    node.attributes.get('value_int') ??
    node.attributes.get('value_float');
  if (typeof value === 'object' && 'numbers' in value) return value;
  const numbers =
    typeof value === 'number' ? [value] : Array.isArray(value) ? (value as number[]) : undefined;
  if (numbers === undefined) return undefined;
  const shape = typeof value === 'number' ? [] : [numbers.length];
  const read = async (): Promise<Float32Array<ArrayBuffer>> => Float32Array.from(numbers);
  return {
    name: node.outputs[0] ?? '',
    dtype: 'f32',
    shape,
    count: numbers.length,
    numbers,
    read,
    readRaw: async () => new Uint8Array((await read()).buffer),
  };
}

/** @throws {AlexNetError} that names the node. */
export function refuse(
  { name, type, outputs }: Pick<OnnxNode, 'name' | 'type' | 'outputs'>,
  why: string,
): never {
  throw new AlexNetError(
    "The ONNX graph is not a chain of AlexNet's layers: the node " +
      `"${name === '' ? (outputs[0] ?? '') : name}" (${type}) does not fit, because ${why}.`,
  );
}

/** A whole-numbered attribute. */
export function int(node: OnnxNode, key: string, fallback: number): number {
  const value = node.attributes.get(key);
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    refuse(node, `its ${key} is no whole number`);
  return value;
}

/** An attribute that is a number; f32 as the shortest decimal that gives it. */
export function float(node: OnnxNode, key: string, fallback: number): number {
  const value = node.attributes.get(key);
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(node, `its ${key} is no number`);
  return shortest(value);
}

/** The shortest decimal that rounds to the same f32. */
export function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}

/** An attribute that is a list of whole numbers. */
export function ints(node: OnnxNode, key: string, fallback: readonly number[]): readonly number[] {
  const value = node.attributes.get(key);
  if (value === undefined) return fallback;
  if (
    !Array.isArray(value) ||
    value.length > 8 ||
    !value.every((item) => Number.isSafeInteger(item))
  )
    refuse(node, `its ${key} is no list of whole numbers`);
  return value as readonly number[];
}
