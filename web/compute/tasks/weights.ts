import { f32Values, weightStatistics } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { AnswerOf, WishOf } from '../protocol.ts';

/** How large a model's weights are, tensor by tensor. */
export const weights: Task<WishOf<'weights'>, AnswerOf<'weights'>> = async ({ model }, asked) => {
  const { model: found } = await asked.models.get(model, asked.progress);
  const parameters = [...found.weights].map(([name, tensor]) =>
    weightStatistics(name, f32Values(tensor)),
  );
  return { parameters };
};
