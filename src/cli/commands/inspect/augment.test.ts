import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawAugmentation } from '../../../data/augment.ts';
import { command } from '../../../testing/cli.ts';
import { withFolder, writeClasses } from '../../../testing/folders.ts';
import { recipes } from '../../../training/core/recipes.ts';

async function withPhotographs(use: (folder: string, photo: string) => Promise<void>) {
  await withFolder(async (folder) => {
    await writeClasses(folder, { cat: 3, dog: 3 });
    await use(folder, join(folder, 'dog', '1.jpg'));
  });
}

interface Answer {
  readonly sample: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly crop: number;
  readonly views: readonly {
    readonly epoch: number;
    readonly box: object;
    readonly mirrored: boolean;
    readonly brightness: number;
    readonly noise: { readonly alphas: readonly number[] } | null;
  }[];
  readonly crops: readonly { readonly left: number; readonly mirrored: boolean }[];
}

async function augment(...words: string[]): Promise<Answer> {
  const { code, out, err } = await command(['inspect', 'augment', ...words, '--json']);
  assert.equal(code, 0, err);
  return JSON.parse(out) as Answer;
}

test('inspect augment draws what training draws, by seed, epoch and sample', async () => {
  await withPhotographs(async (folder, photo) => {
    const words = ['photos', photo, '--data', folder, '--seed', '4', '--first', '3'];
    const { sample, size, crop, views, crops } = await augment(...words, '--epochs', '2');
    assert.deepEqual([sample, crop, views.map(({ epoch }) => epoch)], [4, 99, [3, 4]]);
    for (const { epoch, box, mirrored, brightness, noise } of views) {
      const use = { seed: 4, epoch: epoch - 1, sample, ...size, crop };
      const drawn = drawAugmentation(recipes.photos.augmentation, use);
      assert.deepEqual(
        { box, mirrored, brightness, noise },
        {
          box: { ...drawn.box },
          mirrored: drawn.mirrored,
          brightness: drawn.told.brightness,
          noise: null,
        },
      );
    }
    assert.equal(crops.length, 10);
    assert.equal(crops.filter(({ mirrored }) => mirrored).length, 5);
    const paper = await augment('paper', photo);
    assert.ok(paper.views.every(({ noise }) => noise!.alphas.length === 3));
  });
});

test('inspect augment shows each part after the other, ten crops, all recipes', async () => {
  await withPhotographs(async (folder, photo) => {
    const out = join(folder, 'views.html');
    const set = ['--set', 'augmentation.erase={"chance":1,"area":[0.1,0.2]}'];
    const words = ['inspect', 'augment', 'paper', photo, ...set, '--epochs', '3', '--out', out];
    const { code, err } = await command(words);
    assert.equal(code, 0, err);
    const html = await readFile(out, 'utf8');
    assert.deepEqual(
      [...html.matchAll(/<h2>([^<]+)</g)].map((found) => found[1]),
      [
        'Where it is cut',
        'A crop',
        '+ A mirror image',
        '+ Colour noise',
        '+ A rectangle erased',
        'The ten crops of the test',
        'What each recipe does',
        'How to read this',
      ],
    );
    assert.equal(html.match(/<br>α [+−]?[\d.]+ [+−]?[\d.]+ [+−]?[\d.]+/g)!.length, 3);
    assert.equal(html.match(/This is what training gets\./g)!.length, 1);
    // Two whole, two with outlines, four parts in three epochs, ten crops.
    assert.equal(html.match(/<figure>/g)!.length, 2 + 2 + 4 * 3 + 10);
    for (const recipe of Object.keys(recipes))
      assert.ok(html.includes(`<th scope="row">${recipe}`));
  });
});

test('inspect augment says in a sentence what it cannot do', async () => {
  await withPhotographs(async (folder, photo) => {
    const failures: [string[], number, RegExp][] = [
      [['papers', photo], 1, /papers/],
      [['paper', join(folder, 'none.jpg')], 1, /none\.jpg: There is no such file/],
      [['paper', photo, '--max-pixels', '99'], 1, /1\.jpg: Expected at most 99 pixels/],
      [['paper', photo, '--set', 'augmentation.miror=0'], 2, /mirror/],
      [[join(folder, 'settings.json'), photo], 2, /settings\.json cannot be read/],
    ];
    for (const [words, expected, told] of failures) {
      const { code, err } = await command(['inspect', 'augment', ...words, '--json']);
      assert.equal(code, expected, err);
      assert.match(err, told);
      assert.doesNotMatch(err, /bug of alexnet/);
    }
  });
});
