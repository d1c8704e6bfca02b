import type { Model } from '../../model/model.ts';
import { inferShapes } from '../../network/shapes.ts';
import type { LayerShape } from '../../network/shapes.ts';
import { onlyVersion } from '../models/repository.ts';

/** The extensions of the protocol that are served. */
export const extensions = [
  'binary_tensor_data',
  'classification',
  'model_configuration',
  'model_repository',
  'statistics',
] as const;

export interface TensorDescription {
  readonly name: string;
  readonly datatype: string;
  /** Of one picture, without the batch. */
  readonly shape: readonly number[];
}

/** What goes in: FP32 under the name of the network's first layer; pictures as BYTES too. */
export function inputOf(model: Model): TensorDescription {
  const first = inferShapes(model.network)[0]!;
  return { name: first.layer.name, datatype: 'FP32', shape: first.output };
}

/** What comes out where nothing is asked for by name. */
export function outputsOf(model: Model): TensorDescription[] {
  const classes = model.labels.length;
  return ['probabilities', 'logits'].map((name) => ({
    name,
    datatype: 'FP32',
    shape: [classes],
  }));
}

/** The shape of an output by its name, of one picture; undefined where there is none. */
export function outputShape(model: Model, name: string): readonly number[] | undefined {
  const known = outputsOf(model).find((output) => output.name === name);
  if (known !== undefined) return known.shape;
  const shape = inferShapes(model.network).find(({ layer }) => layer.name === name);
  return shape && layerShape(shape);
}

function layerShape({ layer, output }: LayerShape): readonly number[] {
  const [channels, height, width] = output;
  const vector = layer.type !== 'input' && height === 1 && width === 1;
  return vector ? [channels] : output;
}

/** `GET /v2/models/M` */
export function metadata(name: string, model: Model): Record<string, unknown> {
  const open = ({ shape, ...tensor }: TensorDescription): Record<string, unknown> => ({
    ...tensor,
    shape: [-1, ...shape],
  });
  return {
    name,
    versions: [onlyVersion],
    platform: 'alexnet',
    inputs: [open(inputOf(model))],
    outputs: outputsOf(model).map(open),
  };
}

/** `GET /v2/models/M/config`, as Triton's tools ask for it. */
export function configuration(name: string, model: Model, batch: number): Record<string, unknown> {
  const tensor = ({ name, shape }: TensorDescription): Record<string, unknown> => ({
    name,
    data_type: 'TYPE_FP32',
    dims: shape,
  });
  return {
    name,
    platform: 'alexnet',
    backend: 'alexnet',
    version_policy: { latest: { num_versions: 1 } },
    max_batch_size: batch,
    input: [{ ...tensor(inputOf(model)), format: 'FORMAT_NCHW', optional: false }],
    output: outputsOf(model).map(tensor),
    dynamic_batching: {
      preferred_batch_size: [],
      max_queue_delay_microseconds: 0,
      preserve_ordering: true,
    },
    instance_group: [{ name, kind: 'KIND_CPU', count: 1 }],
    parameters: {},
  };
}
