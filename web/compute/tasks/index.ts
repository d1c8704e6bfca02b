import type { Task } from '../context.ts';
import type { AnswerOf, Kind, WishOf } from '../protocol.ts';
import { answer } from './answer.ts';
import { differences } from './differences.ts';
import { column, maps } from './maps.ts';
import { kernels } from './kernels.ts';
import { lesson } from './lesson.ts';
import { maximised } from './maximise.ts';
import { modelFacts } from './model.ts';
import { number } from './number.ts';
import { patches } from './patches.ts';
import { start } from './start.ts';
import { weights } from './weights.ts';
import { why } from './why.ts';

/** What fulfils each kind of wish. */
export const tasks: { readonly [K in Kind]: Task<WishOf<K>, AnswerOf<K>> } = {
  start,
  model: modelFacts,
  answer,
  maps,
  column,
  kernels,
  differences,
  number,
  patches,
  maximise: maximised,
  why,
  weights,
  lesson,
};
