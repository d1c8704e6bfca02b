import type { SoftmaxLayer } from '../../network/layer.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { call } from './signatures.ts';

/** `{n, classes} -> {n, classes}`. Its backward starts at the loss: see the session. */
export function softmax({ x, y }: LayerSite<SoftmaxLayer>): LayerJobs {
  return {
    forward: (images) => [
      call.softmax(images, {
        logits: x.origin,
        logitsImage: x.strides.image,
        probabilities: y.origin,
        probabilitiesImage: y.strides.image,
        classes: y.shape[0],
      }),
    ],
  };
}
