import { alexnetExplanation } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { AnswerOf, WishOf } from '../protocol.ts';

export const lesson: Task<WishOf<'lesson'>, AnswerOf<'lesson'>> = async () => ({
  lesson: await alexnetExplanation(),
});
