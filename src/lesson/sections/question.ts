import { grouped } from '../../text.ts';
import type { Section } from '../lesson.ts';
import { published } from '../published.ts';

export function question(): Section {
  const { trainingImages, validationImages, testImages, classes } = published;
  return {
    id: 'question',
    title: 'The question',
    blocks: [
      {
        kind: 'text',
        text:
          'Here is an image. Which of 1,000 kinds of thing does it show? That was the question ' +
          'of ' +
          'the ImageNet Large Scale Visual Recognition Challenge (ILSVRC), a yearly contest from ' +
          '2010 on. A kind may be as broad as “balloon” or as narrow as one of many breeds of dog.',
      },
      {
        kind: 'table',
        caption: 'What was given (paper, §2)',
        columns: [{ title: 'part' }, { title: 'images', numbers: true }],
        rows: [
          ['to learn from', `about ${grouped(trainingImages)}`],
          ['to check choices on (validation)', grouped(validationImages)],
          ['to be judged on (test)', grouped(testImages)],
        ],
      },
      {
        kind: 'text',
        text:
          'A system may name several kinds, the likeliest first. **Top-1 error** is the share of ' +
          'images whose right kind is not the first named. **Top-5 error** is the share whose ' +
          'right kind is not among the first five. Whoever guesses has a top-5 error of ' +
          `${(100 * (1 - 5 / classes)).toFixed(1)} %.`,
      },
      {
        kind: 'claims',
        claims: [
          {
            claim: 'In 2012 one entry was far ahead of all others. AlexNet was in it.',
            evidence: [
              {
                from: 'paper',
                where: 'abstract and §6',
                says:
                  'top-5 test error 15.3 % against 26.2 % for the second-best entry. ' +
                  'The 15.3 % are of seven networks averaged; [one network had 18.2 %](#scores).',
              },
            ],
            tries: [
              {
                kind: 'command',
                command:
                  'predict demo/run/model.safetensors demo/pictures/test/star/star-0330.png ' +
                  '--top 5',
                shows: 'five named kinds, the likeliest first, with their probabilities',
              },
            ],
          },
        ],
      },
    ],
  };
}
