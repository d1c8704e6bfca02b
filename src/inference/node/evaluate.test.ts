import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeModel } from '../../model/node/model-file.ts';
import { alexnet } from '../../network/variants.ts';
import { command } from '../../testing/cli.ts';
import { withFolder, writeClasses } from '../../testing/folders.ts';
import { testModel } from '../../testing/model.ts';
import { AlexNet } from '../alexnet.ts';
import { evaluate } from './evaluate.ts';

const network = alexnet('small', { classes: 3, width: 1 / 8, input: 32 });

/** Two models whose labels stand in another order, and who see their pictures differently. */
async function withModels(
  use: (models: readonly [string, string], photos: string, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const models = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')] as const;
    await writeModel(models[0], testModel(network, ['cat', 'dog', 'owl'], 3));
    const other = testModel(network, ['owl', 'cat', 'dog'], 4);
    const preprocessing = {
      ...other.preprocessing,
      resize: { how: 'warp', size: 32 },
      channels: 'BGR',
    } as const;
    await writeModel(models[1], { ...other, preprocessing });
    const photos = join(folder, 'photos');
    await writeClasses(photos, { cat: 3, dog: 4, owl: 2 });
    await use(models, photos, folder);
  });
}

test('evaluate() of several averages what each answers by its own preprocessing', async () => {
  await withModels(async (models, photos) => {
    const found = await evaluate(models, photos, { engine: 'reference', batch: 2 });
    const loaded = await Promise.all(
      models.map((file) => AlexNet.load(file, { engine: 'reference' })),
    );
    let hits = 0;
    let loss = 0;
    for (const { source, label } of found.dataset.samples) {
      const truth = found.dataset.classes[label]!;
      const sums = new Map<string, number>();
      for (const one of loaded)
        for (const { name, probability } of await one.classify(source.path, { top: 3 }))
          sums.set(name, (sums.get(name) ?? 0) + probability / 2);
      const best = [...sums].toSorted((a, b) => b[1] - a[1])[0]![0];
      hits += best === truth ? 1 : 0;
      loss -= Math.log(sums.get(truth)!) / 9;
    }
    for (const one of loaded) await one.dispose();
    assert.equal(found.images, 9);
    assert.equal(found.top1, hits / 9);
    assert.ok(Math.abs(found.loss - loss) < 1e-6, `${found.loss} ${loss}`);
    for (const [k, model] of models.entries()) {
      const {
        images,
        top1,
        top5,
        loss: own,
      } = await evaluate(model, photos, { engine: 'reference' });
      assert.deepEqual(found.models![k], { model, images, top1, top5, loss: own });
    }
    assert.notEqual(found.models![0]!.loss, found.models![1]!.loss);
  });
});

test('alexnet evaluate A B DIR says each score beside the average, in --json too', async () => {
  await withModels(async ([a, b], photos) => {
    const words = ['evaluate', a, b, photos, '--engine', 'reference'];
    const { code, out, err } = await command(words);
    assert.equal(code, 0, err);
    assert.match(out, /model +alone\n[\s\S]+a\.safetensors +top-1 [\d.]+ %, loss [\d.]+\n/);
    assert.match(out, /average of 2 models: top-1 [\d.]+ %, loss [\d.]+ on 9 pictures/);
    const answer = JSON.parse((await command([...words, '--json'])).out) as {
      models: { model: string }[];
    };
    assert.deepEqual(
      answer.models.map(({ model }) => model),
      [a, b],
    );
    const one = JSON.parse((await command(['evaluate', a, photos, '--json'])).out) as object;
    assert.equal('models' in one, false);
  });
});

test('evaluate() refuses models with other labels, whatever else they share', async () => {
  await withModels(async ([a], photos, folder) => {
    const c = join(folder, 'c.safetensors');
    const wider = alexnet('small', { classes: 4, width: 1 / 8, input: 32 });
    await writeModel(c, testModel(wider, ['cat', 'dog', 'eel', 'fox']));
    await assert.rejects(evaluate([a, c], photos, { engine: 'reference' }), {
      name: 'UsageError',
      message:
        `Models are averaged label by label, but ${c} has not the same labels as ${a}: it has 4 ` +
        'labels and the other 3; it lacks "owl"; only it has "eel", "fox". Average models that ' +
        'were trained on the same classes.',
    });
    await assert.rejects(evaluate([], photos), {
      message: 'Expected one model or several but found none.',
    });
  });
});
