import type { ConvolutionLayer } from '../../network/layer.ts';
import { shownMaps, strongestOf } from './story-told.ts';
import type { Told } from './story-told.ts';

/** What the page needs to compute numbers of a convolution again: its input, and some kernels. */
export async function stepOf(told: Told, index: number): Promise<object> {
  const {
    opened: { session, model },
    shapes,
    activations,
  } = told;
  const { layer, input, output, window } = shapes[index]!;
  const convolution = layer as ConvolutionLayer;
  const weight = await session.getParameter(`${layer.name}.weight`);
  const bias = await session.getParameter(`${layer.name}.bias`);
  const [size, places] = [weight.length / convolution.kernels, output[1] * output[2]];
  const channels = strongestOf(told, index).slice(0, shownMaps);
  const below = shapes[index - 1]!.layer;
  const map = (channel: number): object => ({
    bias: bias[channel]!,
    weights: base64(weight.subarray(channel * size, (channel + 1) * size)),
    values: base64(activations.get(layer.name)!.subarray(channel * places, (channel + 1) * places)),
  });
  return {
    name: layer.name,
    input: base64(activations.get(below.name)!),
    shape: input,
    from: below.type === 'input' ? 'the photograph' : `the maps of ${below.name}`,
    kernel: convolution.kernel,
    stride: convolution.stride,
    padding: { top: window!.padding.top, left: window!.padding.left },
    groups: convolution.groups,
    kernels: convolution.kernels,
    size: [output[1], output[2]],
    maps: Object.fromEntries(channels.map((channel) => [channel, map(channel)])),
    relu: shapes[index + 1]?.layer.type === 'relu',
    channelNames:
      below.type === 'input' && input[0] === 3 ? colourNames[model.preprocessing.channels] : [],
  };
}

const colourNames = { RGB: ['red', 'green', 'blue'], BGR: ['blue', 'green', 'red'] } as const;

function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
