import { z } from 'zod';
import { AlexNetError } from '../errors.ts';
import type { Layer, Network } from './layer.ts';
import { inferShapes } from './shapes.ts';

const whole = z.int().positive();
const cells = z.int().min(0);
const size = z.tuple([whole, whole]).readonly();
const distribution = z.discriminatedUnion('distribution', [
  z.strictObject({ distribution: z.literal('constant'), value: z.number() }),
  z.strictObject({ distribution: z.literal('normal'), standardDeviation: z.number().min(0) }),
  z.strictObject({ distribution: z.literal('uniform'), bound: z.number().min(0) }),
]);
const rule = z.strictObject({ initial: distribution, learningRate: z.number().min(0), decay: z.number().min(0) });
const parameters = z.strictObject({ weight: rule, bias: rule });
const name = z.string().regex(/^[A-Za-z][\w-]*$/, 'letters, digits, _ and -, starting with a letter');
const window = {
  kernel: size,
  stride: size,
  padding: z.strictObject({ top: cells, right: cells, bottom: cells, left: cells }),
  rounding: z.enum(['floor', 'ceil', 'exact']),
};

const layerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('input'), name, shape: z.tuple([whole, whole, whole]).readonly() }),
  z.strictObject({ type: z.literal('convolution'), name, kernels: whole, groups: whole, parameters, ...window }),
  z.strictObject({ type: z.literal('relu'), name }),
  z.strictObject({
    type: z.literal('lrn'),
    name,
    across: z.enum(['channels', 'map']),
    size: whole.refine((n) => n % 2 === 1, 'an odd number, so that the window has a middle'),
    alpha: z.number().min(0),
    beta: z.number().min(0),
    k: z.number().positive(),
    groups: whole,
  }),
  z.strictObject({ type: z.literal('maxPool'), name, ...window }),
  z.strictObject({ type: z.literal('averagePool'), name, ...window }),
  z.strictObject({ type: z.literal('adaptiveAveragePool'), name, output: size }),
  z.strictObject({ type: z.literal('dense'), name, outputs: whole, parameters }),
  z.strictObject({ type: z.literal('dropout'), name, rate: z.number().min(0).lt(1), scale: z.enum(['train', 'test']) }),
  z.strictObject({ type: z.literal('softmax'), name }),
]);

/** A network as JSON text, one layer a line. Read it back with {@link parseNetwork}. */
export function stringifyNetwork(network: Network): string {
  return `[\n${network.map((layer) => `  ${JSON.stringify(layer)}`).join(',\n')}\n]\n`;
}

/**
 * Reads a network from JSON text or from the value that `JSON.parse` gave, and checks all of it: every layer's fields,
 * names given once, the input first, a softmax last and nowhere else, and that all sizes fit.
 * @throws {AlexNetError} naming the layer, the field, what was expected and what was found.
 */
export function parseNetwork(json: unknown): Network {
  const value = typeof json === 'string' ? parseText(json) : json;
  if (!Array.isArray(value)) throw new AlexNetError(`A network must be a JSON array of layers, but found ${describe(value)}.`);
  const network = value.map((layer, index) => parseLayer(layer, index));
  checkOrder(network);
  inferShapes(network);
  return network;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AlexNetError(`The network is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function parseLayer(value: unknown, index: number): Layer {
  const result = layerSchema.safeParse(value);
  if (result.success) return checkPooling(result.data);
  const given = typeof value === 'object' && value !== null && 'name' in value ? ` "${String(value.name)}"` : '';
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new AlexNetError(`Layer ${index}${given} of the network is not valid${path === '' ? '' : `: its "${path}" (found ${describe(at(value, issue?.path ?? []))})`}: ${issue?.message ?? 'unknown reason'}.`);
}

/** A pooling window that sees nothing but padding has no maximum and no mean. */
function checkPooling(layer: Layer): Layer {
  if (layer.type === 'maxPool' || layer.type === 'averagePool') {
    const { kernel, padding } = layer;
    if (Math.max(padding.top, padding.bottom) >= kernel[0] || Math.max(padding.left, padding.right) >= kernel[1]) {
      throw new AlexNetError(`Layer "${layer.name}" is not valid: its padding must be smaller than its kernel of ${kernel.join('×')}, but found ${JSON.stringify(padding)}.`);
    }
  }
  return layer;
}

function checkOrder(network: Network): void {
  const seen = new Set<string>();
  for (const [index, layer] of network.entries()) {
    if (seen.has(layer.name)) throw new AlexNetError(`Layer names must differ, but "${layer.name}" is given twice (the second time to layer ${index}).`);
    seen.add(layer.name);
    if (layer.type === 'input' && index > 0) throw new AlexNetError(`Layer "${layer.name}" is an input, which only the first layer can be; it is layer ${index}.`);
    if (layer.type === 'softmax' && index !== network.length - 1) throw new AlexNetError(`Layer "${layer.name}" is a softmax, which only the last layer can be; it is layer ${index} of ${network.length}.`);
  }
  const last = network.at(-1);
  if (last?.type !== 'softmax') throw new AlexNetError(`A network must end with a softmax, but its last layer is ${last === undefined ? 'missing' : `"${last.name}" of type "${last.type}"`}.`);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined), value);
}

function describe(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
