import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../../data/node/open.ts';
import { readSource } from '../../data/read-source.ts';
import { trainingView } from '../../data/view.ts';
import { writeModel } from '../../model/node/model-file.ts';
import { alexnet } from '../../network/variants.ts';
import { withFolder, writeClasses } from '../../testing/folders.ts';
import { testModel } from '../../testing/model.ts';
import { resolveSettings } from '../core/resolve.ts';
import { blueprintFor, openPicturesOf } from './pictures.ts';
import { photographViews, recipeViews } from './views.ts';

const tell = (): void => undefined;

/** Settings on small pictures, with all that chance may do. */
const overrides = {
  variant: 'small',
  input: 32,
  batch: 4,
  seed: 3,
  holdOut: 0.25,
  augmentation: { chunk: 2, jitter: { brightness: 0.2 }, erase: { chance: 0.5, area: [0.1, 0.2] } },
} as const;

for (const recipe of ['source', 'caffe', 'photos'])
  test(`photographViews() tells what a run by ${recipe} makes of each photograph`, async () => {
    await withFolder(async (folder) => {
      await writeClasses(folder, { cat: 4, dog: 4 });
      const settings = resolveSettings(recipe, overrides);
      const { holdOut, seed } = settings;
      const dataset = await openDataset(folder, { holdOut, seed });
      const blueprint = await blueprintFor(dataset, settings, tell);
      const pictures = await openPicturesOf(dataset, blueprint, {
        folder,
        threads: 1,
        cacheBytes: undefined,
        maximumPixels: undefined,
        tell,
      });
      const options = { of: { recipe }, settings: overrides, data: folder };
      const all = await Promise.all(
        dataset.samples.map(({ source }) => photographViews(source.path, options)),
      );
      for (const epoch of [0, 1]) {
        const seen = new Map<number, Float32Array>();
        for await (const { images, indices, size } of pictures.training.epoch(epoch)) {
          const volume = images.length / size;
          for (let i = 0; i < size; i++)
            seen.set(indices[i]!, images.slice(i * volume, (i + 1) * volume));
        }
        assert.ok(seen.size > 0);
        for (const [index, { source, split }] of dataset.samples.entries()) {
          const { plan, sample, inEpoch, remarks } = all[index]!;
          const { leader, shown } = inEpoch(epoch);
          assert.equal(sample, index);
          if (split !== 'train') {
            assert.match(remarks.join(), /is kept for validation: training never sees it/);
            continue;
          }
          assert.equal(shown, seen.has(index));
          if (!shown) continue;
          const picture = await readSource(source, plan.preprocessing);
          const { input } = await trainingView(picture, plan, { epoch, sample, leader });
          assert.deepEqual(input, seen.get(index));
        }
      }
      await pictures.close();
    });
  });

test('photographViews() takes a model’s own settings, and says what it lacks', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { cat: 2, dog: 2 });
    const photo = join(folder, 'cat', '0.jpg');
    const model = testModel(alexnet('small', { classes: 2, width: 1 / 8, input: 32 }), ['a', 'b']);
    const settings = resolveSettings('paper', { seed: 9, augmentation: { mirror: 0.25 } });
    const provenance = { settings: JSON.stringify(settings) };
    const own = join(folder, 'own.safetensors');
    await writeModel(own, { ...model, provenance });
    const alone = await photographViews(photo, { of: { model: own } });
    assert.deepEqual(alone.plan.preprocessing, model.preprocessing);
    assert.deepEqual([alone.plan.seed, alone.plan.augmentation.mirror, alone.sample], [9, 0.25, 0]);
    assert.match(alone.remarks.join(), /^Colours were measured on this photograph alone/);
    const changed = { of: { model: own }, seed: 2, settings: { augmentation: { mirror: 0 } } };
    const other = await photographViews(photo, changed);
    assert.deepEqual([other.plan.seed, other.plan.augmentation.mirror], [2, 0]);

    const foreign = join(folder, 'foreign.safetensors');
    await writeModel(foreign, model);
    await assert.rejects(photographViews(photo, { of: { model: foreign } }), {
      name: 'UsageError',
      message:
        `${foreign} does not say how it was trained, as models of alexnet train do. Name the ` +
        'recipe whose way with photographs is to be seen: --recipe torchvision.',
    });
    const lent = await photographViews(photo, { of: { model: foreign }, recipe: 'torchvision' });
    assert.equal(lent.plan.augmentation.crop.from, 'original');
    assert.deepEqual(lent.plan.preprocessing, model.preprocessing);
  });
});

test('photographViews() draws for a photograph from elsewhere as for one more', async () => {
  await withFolder(async (folder) => {
    await writeClasses(join(folder, 'data'), { cat: 3, dog: 3 });
    await writeClasses(join(folder, 'other'), { owl: 1 });
    const photo = join(folder, 'other', 'owl', '0.jpg');
    const data = join(folder, 'data');
    const { sample, remarks } = await photographViews(photo, { of: { recipe: 'photos' }, data });
    assert.equal(sample, 6);
    assert.deepEqual(remarks, [
      `0.jpg is none of the 6 pictures of ${data}: it is drawn for as if it were one more.`,
    ]);
  });
});

test('recipeViews() has the size and crop of every recipe', () => {
  const sizes = recipeViews().map(({ name, size, crop }) => `${name} ${size} ${crop}`);
  assert.deepEqual(sizes.slice(0, 3), ['photos 113 99', 'paper 256 227', 'source 256 224']);
});
