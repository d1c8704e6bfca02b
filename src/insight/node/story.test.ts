import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeModel } from '../../model/node/model-file.ts';
import { f32Weights } from '../../model/weights.ts';
import { alexnet } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';
import { testParameters } from '../../testing/data.ts';
import { jpeg, withFolder } from '../../testing/folders.ts';
import { openPhotograph, withModel } from './open.ts';
import { storyHtml } from './story.ts';

async function storyOf(variant: Variant, input: number): Promise<string> {
  const network = alexnet(variant, { classes: 3, width: 1 / 16, input });
  return withFolder(async (folder) => {
    const model = join(folder, 'model.safetensors');
    await writeModel(model, {
      network,
      weights: f32Weights(testParameters(network, 3)),
      labels: ['cat', 'dog', 'owl'].map((name) => ({ name })),
      preprocessing: {
        resize: { how: 'shorterSide', size: input },
        crop: input,
        channels: 'RGB',
        scale: 1,
        mean: [120, 115, 100],
        deviation: [60, 60, 60],
      },
      provenance: {},
    });
    await writeFile(join(folder, 'photo.jpg'), await jpeg(1, 80, 80));
    return withModel(model, {}, async (opened) => {
      const photograph = await openPhotograph(join(folder, 'photo.jpg'), opened);
      return (await storyHtml(opened, photograph)).html;
    });
  });
}

/** The text of one layer's section. */
function section(html: string, layer: string): string {
  return html.slice(html.indexOf(`<section id="${layer}">`)).split('</section>')[0]!;
}

test('the story of two towers says whose maps they are and what a kernel sees', async () => {
  const html = await storyOf('paper', 67);
  assert.ok(html.includes('8 layers with weights: 5 convolutional, 3 dense'));
  assert.ok(html.includes('2 towers, one row each; red where they see each other.'));
  const conv1 = section(html, 'conv1');
  assert.ok(conv1.includes('Tower 1:') && conv1.includes('Tower 2:'));
  // Six kernels, three for each tower.
  assert.match(conv1, /map 2 \(tower 1\)/);
  assert.match(conv1, /map 3 \(tower 2\)/);
  assert.ok(!conv1.includes('A kernel here sees'));
  assert.match(section(html, 'conv2'), /A kernel here sees only the maps of its own tower\./);
  assert.match(section(html, 'conv3'), /A kernel here sees the maps of all towers\./);
});

test('the story of one tower speaks of none', async () => {
  const html = await storyOf('single', 67);
  assert.ok(!/tower/i.test(html));
});
