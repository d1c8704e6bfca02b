import { inputPicture } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { PictureAnswer, Scene } from '../protocol.ts';

/** What is on the picture. */
export const answer: Task<Scene, PictureAnswer> = async (scene, asked) => {
  const { imported, input, probabilities, milliseconds } = await asked.opened.see(scene, asked);
  const { preprocessing, meanImage } = imported.model;
  return {
    probabilities: probabilities.slice(),
    ranking: rankingOf(probabilities),
    picture: inputPicture(input, preprocessing, meanImage),
    milliseconds,
  };
};

function rankingOf(probabilities: Float32Array): number[] {
  if (probabilities.some((value) => !Number.isFinite(value)))
    throw new Error(
      'The network answers NaN instead of probabilities: its weights are not finite, or so large ' +
        'that they overflow. Try another epoch of it.',
    );
  const order = Array.from(probabilities, (_, index) => index);
  return order.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
}
