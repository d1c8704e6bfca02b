import type { SoftmaxLayer } from '../../network/layer.ts';
import type { LayerJobs, LayerSite } from './layer.ts';

/** `{n, classes} -> {n, classes}`. Its way back starts at the loss: see the session. */
export function softmax({ x, y }: LayerSite<SoftmaxLayer>): LayerJobs {
  return {
    forward: (images) => [
      {
        kernel: 'softmax',
        tasks: images,
        arguments: [x.origin, x.strides.image, y.origin, y.strides.image, y.shape[0]],
      },
    ],
  };
}
