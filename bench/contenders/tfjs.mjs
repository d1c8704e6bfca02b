import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import { inferShapes } from '../../dist/network/shapes.js';
import { parametersOf } from '../../dist/network/parameters.js';
import { alexnet } from '../../dist/network/variants.js';
import { images, weights } from '../made-up.mjs';

/**
 * TensorFlow.js on its wasm backend: one thread in Node. Inference only (it has no kernel for a
 * convolution's gradient), channels last, no groups. Bias and ReLU are fused where it offers that.
 */
export async function prepare({ variant, batch }) {
  wasm.setWasmPaths(
    join(dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm'))), '/'),
  );
  await tf.setBackend('wasm');
  await tf.ready();
  const network = alexnet(variant);
  const values = weights(parametersOf(network));
  const shapes = inferShapes(network);
  const layers = shapes.flatMap((shape, index) =>
    layerOf(shape, shapes[index + 1]?.layer.type === 'relu', values),
  );
  const [channels, height, width] = network[0].shape;
  const planes = images(network, batch);
  return {
    run: async () => {
      const out = tf.tidy(() =>
        layers.reduce(
          (x, layer) => layer(x),
          tf.transpose(tf.tensor4d(planes, [batch, channels, height, width]), [0, 2, 3, 1]),
        ),
      );
      const probabilities = await out.data();
      out.dispose();
      return probabilities;
    },
    details: `TensorFlow.js ${tf.version_core}`,
  };
}

function layerOf({ layer, input, window }, relu, values) {
  const activation = relu ? 'relu' : 'linear';
  switch (layer.type) {
    case 'convolution': {
      if (layer.groups !== 1) throw new Error('TensorFlow.js has no grouped convolution.');
      const [kh, kw] = layer.kernel;
      const filter = tf.transpose(
        tf.tensor4d(values.get(`${layer.name}.weight`), [layer.kernels, input[0], kh, kw]),
        [2, 3, 1, 0],
      );
      const bias = tf.tensor1d(values.get(`${layer.name}.bias`));
      const pad = window.padding.top;
      return [
        (x) =>
          tf.fused.conv2d({
            x,
            filter,
            strides: layer.stride,
            pad,
            dimRoundingMode: 'floor',
            bias,
            activation,
          }),
      ];
    }
    case 'dense': {
      const [c, h, w] = input;
      // Channels last, so a map's weights are transposed once.
      const b = tf.reshape(
        tf.transpose(
          tf.tensor4d(values.get(`${layer.name}.weight`), [layer.outputs, c, h, w]),
          [2, 3, 1, 0],
        ),
        [c * h * w, layer.outputs],
      );
      const bias = tf.tensor1d(values.get(`${layer.name}.bias`));
      return [
        (x) => tf.fused.matMul({ a: tf.reshape(x, [x.shape[0], c * h * w]), b, bias, activation }),
      ];
    }
    case 'lrn':
      return [
        (x) =>
          tf.localResponseNormalization(x, (layer.size - 1) / 2, layer.k, layer.alpha, layer.beta),
      ];
    case 'maxPool':
      return [(x) => tf.maxPool(x, layer.kernel, layer.stride, 'valid')];
    case 'dropout':
      return layer.scale === 'test' ? [(x) => tf.mul(x, 1 - layer.rate)] : [];
    case 'softmax':
      return [(x) => tf.softmax(x)];
    default:
      return [];
  }
}
