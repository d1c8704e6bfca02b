import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { movesWithCrop } from '../../images/colour.ts';
import { openDataset } from '../../data/node/open.ts';
import { readModel } from '../../model/node/model-file.ts';
import { Playground, writeGreys } from '../../testing/training.ts';
import { evaluate } from '../../inference/node/evaluate.ts';
import { recipes } from '../core/recipes.ts';

let playground: Playground;
let data = '';
before(async () => {
  playground = await Playground.open();
  data = playground.path('split');
  await writeGreys(playground.path('split', 'train'));
  await writeGreys(playground.path('split', 'val'), 5);
});
after(() => playground.close());

for (const recipe of Object.keys(recipes)) {
  test(`a model trained by ${recipe} says from its file what it said in training`, async () => {
    const settings = {
      variant: 'small',
      width: 1 / 8,
      input: 16,
      epochs: 2,
      batch: 9,
      learningRate: 0.002,
      warmup: 0,
    };
    const { model, best } = await playground.train(recipe, { data, recipe, settings });
    const dataset = await openDataset(data);
    const found = await evaluate(model, dataset, { split: 'val', engine: 'reference' });
    assert.equal(found.images, 15);
    assert.equal(found.top1, best.top1);
    assert.ok(
      Math.abs(found.loss - best.loss) < 1e-5 * best.loss,
      `${found.loss} is not ${best.loss}`,
    );
    const { preprocessing, meanImage, provenance } = await readModel(model);
    const { resize, channels, mean } = recipes[recipe as keyof typeof recipes].preprocessing;
    assert.deepEqual(
      [
        preprocessing.resize.how,
        preprocessing.channels,
        meanImage !== undefined,
        movesWithCrop(preprocessing),
        provenance['recipe'],
      ],
      [
        resize,
        channels,
        mean === 'image' || mean === 'imageAtCrop',
        mean === 'imageAtCrop',
        recipe,
      ],
    );
  });
}
