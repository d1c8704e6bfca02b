import { hasParameters } from './layer.ts';
import type { Layer, LrnLayer, Network, Padding, Shape, Window } from './layer.ts';

/**
 * A layer's constants in the words of the field: `256 of 5×5×48, padding 2, 2 groups`; '' where it
 * has none.
 * @param input the layer's input, for the depth of its kernels.
 */
export function describeLayer(layer: Layer, input: Shape): string {
  switch (layer.type) {
    case 'convolution':
      return listed(
        `${layer.kernels} of ${layer.kernel.join('×')}×${input[0] / layer.groups}`,
        describeWindow(layer),
        layer.groups > 1 && `${layer.groups} groups`,
      );
    case 'maxPool':
    case 'averagePool':
      return listed(layer.kernel.join('×'), describeWindow(layer));
    case 'lrn':
      return describeLrn(layer);
    case 'dropout':
      return `rate ${layer.rate}`;
    case 'dense':
      return `${layer.outputs} of ${input[0] * input[1] * input[2]}`;
    case 'adaptiveAveragePool':
    case 'input':
    case 'relu':
    case 'tanh':
    case 'softmax':
      return '';
  }
}

/** How deep a network is: `8 layers with weights: 5 convolutional, 3 dense`. */
export function describeDepth(network: Network): string {
  const weighted = network.filter(hasParameters);
  const convolutional = weighted.filter(({ type }) => type === 'convolution').length;
  const layers = weighted.length === 1 ? 'layer' : 'layers';
  const dense = weighted.length - convolutional;
  const kinds = `${convolutional} convolutional, ${dense} dense`;
  return `${weighted.length} ${layers} with weights: ${kinds}`;
}

function describeLrn({ across, size, alpha, beta, k, groups }: LrnLayer): string {
  const window = across === 'map' ? `${size}×${size} of each map` : `n ${size}`;
  return listed(
    window,
    `k ${k}`,
    `α ${scientific(alpha)}`,
    `β ${beta}`,
    groups > 1 && `${groups} groups`,
  );
}

function describeWindow({ stride, padding, rounding }: Window): string | false {
  const strides = stride[0] === stride[1] ? String(stride[0]) : stride.join('×');
  return (
    listed(
      strides !== '1' && `stride ${strides}`,
      describePadding(padding),
      rounding === 'ceil' && 'ceil',
    ) || false
  );
}

function describePadding({ top, right, bottom, left }: Padding): string | false {
  if (top === right && right === bottom && bottom === left) return top > 0 && `padding ${top}`;
  return `padding ${top} top, ${right} right, ${bottom} bottom, ${left} left`;
}

function scientific(value: number): string {
  return value !== 0 && value < 1e-2 ? value.toExponential() : String(value);
}

function listed(...parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false && part !== '').join(', ');
}
