import { grouped } from '../../text.ts';
import { paper } from '../count.ts';
import { cropsDrawing } from '../figures/crops.ts';
import type { Section } from '../lesson.ts';
import { published } from '../published.ts';

/** Views of one image by crops at every offset and their mirror images. */
function views(offsets: number): number {
  return 2 * offsets ** 2;
}

export function augmentation(): Section {
  const [input] = paper;
  const size = input?.type === 'input' ? input.shape[1] : 0;
  const side = published.imageSide;
  const ours = views(side - size + 1);
  return {
    id: 'augmentation',
    title: 'Augmentation',
    blocks: [
      {
        kind: 'text',
        text:
          `Each image is scaled until its shorter side has ${side} pixels; the middle ` +
          `${side}×${side} is kept; the mean of all training images is taken off. ` +
          'More images come from the same ones: each use in training shows an ' +
          'image a little differently:',
      },
      {
        kind: 'list',
        items: [
          'a crop at a place drawn by chance, and in half of the cases its mirror image;',
          'colours moved along the three directions in which colours of the training images vary ' +
            'most (their principal components), drawn once per image and use.',
        ],
      },
      {
        kind: 'formula',
        lines: [
          'added to every pixel: [p1 p2 p3] · [α1·λ1  α2·λ2  α3·λ3]',
          `α drawn from N(0, standard deviation ${published.colourDeviation})`,
        ],
      },
      {
        kind: 'text',
        text:
          'When it answers, chance has no part: ten fixed crops are asked, and the ten sets of ' +
          'probabilities are averaged.',
      },
      {
        kind: 'figure',
        id: 'crops',
        caption: 'The crops of the test. Ten, not five: each is used with its mirror image.',
        alt: 'A square with five smaller squares in it: four in the corners, one in the middle.',
        drawing: cropsDrawing(size),
        size: 'narrow',
      },
      {
        kind: 'claims',
        claims: [
          {
            claim: 'Crops and mirror images make many views of one image.',
            evidence: [
              {
                from: 'paper',
                where: '§4.1',
                says:
                  `a factor of ${grouped(published.views)}; without it “substantial ` +
                  `overfitting”, ` +
                  'which would have forced a much smaller network.',
              },
              {
                from: 'reckoned',
                says:
                  `${size} out of ${side} gives (${side} − ${size} + 1)² × 2 = ` +
                  `${grouped(ours)} views. The authors’ code takes offsets 0 to 32 of 224: ` +
                  `33² × 2 = ${grouped(views(33))}. ${grouped(views(32))} would be 32² × 2.`,
              },
            ],
            ours:
              'Crop, mirror and colour are functions of seed, epoch and image: no view is ' +
              'stored. `alexnet experiment augmentation` trains with and without, ' +
              '`alexnet experiment crops` asks one crop and ten.',
            tries: [
              {
                kind: 'command',
                command:
                  'inspect augment paper demo/pictures/test/star/star-0330.png --out views.html',
                shows: 'one image as six epochs of training show it, and the ten crops of the test',
              },
              {
                kind: 'command',
                command: 'evaluate demo/run/model.safetensors demo/pictures --crops 10',
                shows: 'accuracy with ten crops; compare it with --crops 1',
              },
            ],
          },
          {
            claim: 'Moving colours lowers the error.',
            evidence: [
              { from: 'paper', where: '§4.1', says: 'top-1 error lower by over 1 point.' },
              {
                from: 'source',
                where: 'the authors’ code',
                says: 'multiplies α by √λ, not by λ as the formula says, and so moves further.',
              },
            ],
            ours: 'The recipe paper follows the formula (augmentation.pca), source the code.',
            tries: [
              {
                kind: 'command',
                command:
                  'inspect augment source demo/pictures/test/star/star-0330.png ' +
                  '--data demo/pictures --out noise.html',
                shows: 'the α that were drawn, and what they add to red, green and blue',
              },
            ],
          },
        ],
      },
    ],
  };
}
