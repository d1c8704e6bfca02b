import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alexnet, variants } from '../variants.ts';
import type { Variant } from '../variants.ts';
import { layOut, oblique } from './layout.ts';
import { stagesOf } from './stages.ts';
import { drawNetwork } from './svg.ts';

/** Stages of two boxes that other towers' boxes reach. */
function talks(variant: Variant): string[] {
  return stagesOf(alexnet(variant)).flatMap(({ layer, talk, towers }) =>
    towers > 1 && talk !== 'none' && layer.name !== 'conv1' ? [`${layer.name} ${talk}`] : [],
  );
}

test('stagesOf() lets the towers talk where the paper does', () => {
  assert.deepEqual(talks('paper'), ['conv3 all', 'fc6 all', 'fc7 all']);
  assert.deepEqual(talks('source'), ['conv3 all', 'fc6 all', 'fc7 all']);
});

test("stagesOf() notices that Caffe's LRN crosses the border between the towers", () => {
  assert.deepEqual(talks('caffe'), [
    'pool1 border',
    'pool2 border',
    'conv3 all',
    'fc6 all',
    'fc7 all',
  ]);
  assert.deepEqual(talks('caffenet'), ['conv2 border', 'conv3 all', 'fc6 all', 'fc7 all']);
});

test('stagesOf() knows one tower from two, and joins them at both ends', () => {
  assert.deepEqual(
    stagesOf(alexnet('paper')).map(({ towers }) => towers),
    [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1],
  );
  for (const variant of ['single', 'torchvision', 'small'] as const)
    assert.ok(
      stagesOf(alexnet(variant)).every(({ towers }) => towers === 1),
      variant,
    );
});

test('stagesOf() names every layer once, in order', () => {
  for (const variant of Object.keys(variants) as Variant[]) {
    const network = alexnet(variant);
    assert.deepEqual(
      stagesOf(network).flatMap(({ layer, after }) => [layer, ...after]),
      network,
    );
  }
});

test('layOut() keeps one scale for maps, one for channels and one for vectors', () => {
  for (const variant of ['paper', 'torchvision', 'small'] as const) {
    const { columns, scales } = layOut(stagesOf(alexnet(variant)));
    for (const {
      stage: {
        output: [channels, height, width],
        towers,
        layer,
      },
      boxes,
    } of columns) {
      assert.equal(boxes.length, towers);
      for (const box of boxes) {
        if (layer.type === 'dense')
          assert.equal(box.height, Math.max(2, (channels / towers) * scales.unit));
        else {
          assert.equal(box.height, height * scales.cell);
          assert.equal(box.depthX, width * scales.cell * oblique.x);
          assert.equal(box.width, Math.max(1.5, (channels / towers) * scales.channel));
        }
      }
    }
  }
});

test('layOut() lets no box touch another or the captions', () => {
  for (const variant of Object.keys(variants) as Variant[]) {
    const { columns, bottom, width } = layOut(stagesOf(alexnet(variant)));
    let right = 0;
    for (const { boxes } of columns) {
      for (const box of boxes)
        assert.ok(
          box.x > right && box.y - box.depthY > 40 && box.y + box.height < bottom,
          `${variant} ${JSON.stringify(box)}`,
        );
      for (const [i, box] of boxes.entries())
        if (i > 0) assert.ok(box.y - box.depthY > boxes[i - 1]!.y + boxes[i - 1]!.height, variant);
      right = Math.max(...boxes.map((box) => box.x + box.width + box.depthX));
    }
    assert.ok(right < width, variant);
  }
});

test('drawNetwork() writes one SVG with every name, and escapes its title', () => {
  const network = alexnet('caffe', { classes: 7 });
  const svg = drawNetwork(network, 'cats & <dogs>');
  assert.ok(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg" ') && svg.endsWith('</svg>\n'));
  assert.ok(svg.includes('<title>cats &amp; &lt;dogs&gt;</title>'));
  for (const name of ['input', 'conv1', 'pool5', 'fc8'])
    assert.ok(svg.includes(`>${name}</text>`), name);
  assert.equal(svg.match(/stroke-dasharray/g)?.length, 4);
  assert.ok(!/NaN|undefined|Infinity/.test(svg));
});
