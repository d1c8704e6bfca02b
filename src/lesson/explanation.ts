import type { Lesson } from './lesson.ts';
import { after } from './sections/after.ts';
import { augmentation } from './sections/augmentation.ts';
import { corrections } from './sections/corrections.ts';
import { family } from './sections/family.ts';
import { judgement } from './sections/judgement.ts';
import { kernels } from './sections/kernels.ts';
import { layers } from './sections/layers.ts';
import { network } from './sections/network.ts';
import { operations } from './sections/operations.ts';
import { question } from './sections/question.ts';
import { results } from './sections/scores.ts';
import { towers } from './sections/towers.ts';
import { training } from './sections/training.ts';

/** The explanation of AlexNet as data, for a face of your own. */
export async function alexnetExplanation(): Promise<Lesson> {
  return explanation();
}

/** The explanation of AlexNet, in the order in which it is read. */
export function explanation(): Lesson {
  return {
    title: 'AlexNet, explained',
    lead: [
      'AlexNet is the neural network with which Alex Krizhevsky, Ilya Sutskever and Geoffrey ' +
        'Hinton won the ImageNet contest of 2012. This is how it works, what it is made of, and ' +
        'what can be said for and against it.',
      'Every number here is counted by code, quoted with its place in the paper, or measured ' +
        'with ' +
        'the command that measures it. Under “try it” stand commands to run yourself. They need ' +
        'Node; start with `npx alexnet demo`, which draws images and trains a small network on ' +
        'them in a few minutes. The other commands use what it makes.',
      'The paper: A. Krizhevsky, I. Sutskever, G. Hinton: ImageNet Classification with Deep ' +
        'Convolutional Neural Networks, NIPS 2012.',
    ],
    sections: [
      question(),
      network(),
      layers(),
      operations(),
      augmentation(),
      training(),
      towers(),
      kernels(),
      results(),
      judgement(),
      family(),
      after(),
      corrections(),
    ],
  };
}
