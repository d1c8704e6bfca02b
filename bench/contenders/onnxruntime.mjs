import ort from 'onnxruntime-node';
import { alexnet } from '../../dist/network/variants.js';
import { parametersOf } from '../../dist/network/parameters.js';
import { images, weights } from '../made-up.mjs';
import { onnxModel } from '../onnx.mjs';

/**
 * onnxruntime-node on its CPU provider: native code with the widest vectors the machine has.
 * Inference only.
 */
export async function prepare({ variant, batch, threads, precision = 'f32' }) {
  if (precision !== 'f32') throw new Error(`onnxruntime is measured in f32, not ${precision}.`);
  const network = alexnet(variant);
  const session = await ort.InferenceSession.create(
    onnxModel(network, weights(parametersOf(network))),
    { intraOpNumThreads: threads, interOpNumThreads: 1, executionProviders: ['cpu'] },
  );
  const input = images(network, batch);
  return {
    run: async () =>
      (await session.run({ input: new ort.Tensor('float32', input, [batch, ...network[0].shape]) }))
        .output.data,
    details: `onnxruntime ${ort.env.versions?.node ?? ''}`,
  };
}
