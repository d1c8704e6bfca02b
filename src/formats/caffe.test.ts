import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { anyFloats, anyShape, anyText, bitsOf, sizeOf } from '../testing/arbitraries.ts';
import { parsePrototxt, readBinaryProto, readCaffeModel } from './caffe.ts';
import { ProtobufWriter } from './protobuf.ts';
import { bytesSource } from './source.ts';
import { bytesOf } from './tensor.ts';

const anyBlob = fc
  .oneof(
    anyShape.map((shape) => ({ shape, old: false })),
    fc
      .array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 })
      .map((shape) => ({ shape, old: true })),
  )
  .chain(({ shape, old }) => anyFloats(sizeOf(shape)).map((data) => ({ shape, old, data })));

const anyLayer = fc.record({
  name: anyText,
  bottoms: fc.array(anyText, { maxLength: 2 }),
  tops: fc.array(anyText, { maxLength: 2 }),
  blobs: fc.array(anyBlob, { maxLength: 2 }),
  outputs: fc.nat(5000),
  alpha: fc.float({ noNaN: true }),
});

/** Sizes in field 7, or as the four old fields; f32 in field 5. */
function blobMessage({
  shape,
  old,
  data,
}: {
  shape: readonly number[];
  old: boolean;
  data: Float32Array;
}): ProtobufWriter {
  const blob = new ProtobufWriter();
  if (old) shape.forEach((size, i) => blob.whole(i + 1, size));
  else blob.message(7, new ProtobufWriter().packedWholes(1, shape));
  return blob.bytes(5, bytesOf(data));
}

/**
 * Where LayerParameter and V1LayerParameter keep name, type, bottoms, tops, blobs, and the settings
 * of a convolution and of LRN.
 */
const places = [
  { layer: 100, name: 1, bottom: 3, top: 4, blob: 7, convolution: 106, lrn: 118 },
  { layer: 2, name: 4, bottom: 2, top: 3, blob: 6, convolution: 10, lrn: 18 },
] as const;

for (const place of places) {
  test(`any layers come back from field ${place.layer}, blobs bit for bit`, async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(anyLayer, { maxLength: 3 }), async (net, layers) => {
        const model = new ProtobufWriter().bytes(1, net);
        for (const { name, bottoms, tops, blobs, outputs, alpha } of layers) {
          const layer = new ProtobufWriter().bytes(place.name, name);
          if (place.layer === 2) layer.whole(5, 4);
          else layer.bytes(2, 'Convolution');
          for (const bottom of bottoms) layer.bytes(place.bottom, bottom);
          for (const top of tops) layer.bytes(place.top, top);
          for (const blob of blobs) layer.message(place.blob, blobMessage(blob));
          layer
            .message(
              place.convolution,
              new ProtobufWriter().whole(1, outputs).packedWholes(4, [3, 5]),
            )
            .message(place.lrn, new ProtobufWriter().float(2, alpha));
          model.message(place.layer, layer);
        }
        const found = await readCaffeModel(bytesSource(Buffer.concat([...model.write()])));
        assert.equal(found.name, net);
        assert.equal(found.layers.length, layers.length);
        for (const [i, { name, bottoms, tops, blobs, outputs, alpha }] of layers.entries()) {
          const layer = found.layers[i]!;
          assert.deepEqual(
            [layer.name, layer.type, layer.bottoms, layer.tops],
            [name, 'Convolution', bottoms, tops],
          );
          assert.deepEqual(
            [...layer.settings],
            [
              ['num_output', [outputs]],
              ['kernel_size', [3, 5]],
              ['alpha', [alpha]],
            ],
          );
          assert.deepEqual(
            layer.blobs.map(({ shape }) => shape),
            blobs.map(({ shape }) => shape),
          );
          for (const [k, blob] of layer.blobs.entries())
            assert.deepEqual(bitsOf(await blob.read()), bitsOf(blobs[k]!.data));
        }
      }),
    );
  });
}

const blobFile = (blob: ProtobufWriter): Buffer => Buffer.concat([...blob.write()]);
const damaged = 'The Caffe file is damaged or not supported: ';

test('readBinaryProto() reads f64 too, and refuses numbers that miss the shape', async () => {
  const doubles = new ProtobufWriter()
    .whole(1, 1)
    .whole(2, 3)
    .bytes(8, bytesOf(new Float64Array([1, 2, 3])));
  assert.deepEqual(
    [...(await (await readBinaryProto(bytesSource(blobFile(doubles)))).read())],
    [1, 2, 3],
  );
  const short = new ProtobufWriter()
    .whole(1, 1)
    .whole(2, 3)
    .bytes(5, bytesOf(new Float32Array(2)));
  await assert.rejects(readBinaryProto(bytesSource(blobFile(short))), {
    name: 'AlexNetError',
    message: `${damaged}the mean image of f32 [1,3,1,1] has 8 bytes.`,
  });
  const huge = new ProtobufWriter().whole(1, 2 ** 40).whole(2, 2 ** 40);
  await assert.rejects(readBinaryProto(bytesSource(blobFile(huge))), {
    message:
      'The file is damaged: the shape of the mean image, [1099511627776,1099511627776,1,1], ' +
      'is larger than any tensor can be.',
  });
  const twice = new ProtobufWriter().bytes(5, new Uint8Array(4)).bytes(5, new Uint8Array(4));
  await assert.rejects(readBinaryProto(bytesSource(blobFile(twice))), {
    message: `${damaged}the mean image has its numbers in two pieces.`,
  });
});

test('parsePrototxt() reads layers of both forms, comments, lists and nested messages', () => {
  const { name, input, layers } = parsePrototxt(`
    name: "Net" # a comment
    input_dim: 1 input_dim: 3 input_dim: 227 input_dim: 227
    layers {
      name: 'conv1' type: CONVOLUTION bottom: "data" top: "conv1"
      convolution_param {
        num_output: 96 kernel_size: [11, 7]; weight_filler { type: "gaussian" std: 1e-2 }
      }
      include: { phase: TRAIN }
    }
    layer < name: "ip" type: "InnerProduct" inner_product_param: { bias_term: false } >
  `);
  assert.deepEqual([name, input], ['Net', [1, 3, 227, 227]]);
  assert.deepEqual(
    layers.map(({ name: layer, type, phase }) => [layer, type, phase]),
    [
      ['ip', 'InnerProduct', undefined],
      ['conv1', 'Convolution', 'train'],
    ],
  );
  assert.deepEqual(
    [...layers[1]!.settings],
    [
      ['num_output', [96]],
      ['kernel_size', [11, 7]],
    ],
  );
  assert.deepEqual([...layers[0]!.settings], [['bias_term', [0]]]);
});

const refused: [text: string, expected: string][] = [
  ['layer {', 'expected "}" in line 1 but found its end'],
  ['name "a"\n}', 'expected the name of a field in line 2 but found "}"'],
  ['name:\n  }', 'expected a value in line 2 but found "}"'],
  ['a { '.repeat(20), 'expected no more than 16 levels in line 1 but found "a"'],
  ['a: [1, 2', 'expected a value in line 1 but found its end'],
];

for (const [text, expected] of refused) {
  test(`parsePrototxt() refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.throws(() => parsePrototxt(text), {
      name: 'AlexNetError',
      message: `The prototxt is not valid: ${expected}.`,
    });
  });
}
