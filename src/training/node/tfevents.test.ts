import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Playground, smallSettings } from '../../testing/training.ts';
import { histogramsEvent } from './tfevents.ts';

let playground: Playground;
before(async () => (playground = await Playground.open()));
after(() => playground.close());

type Field = readonly [number: number, value: Uint8Array | number];

/** The fields of a protobuf message: numbers, and bytes. */
function fieldsOf(message: Uint8Array): Field[] {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const number = key >> 3;
    switch (key & 7) {
      case 0:
        fields.push([number, varint()]);
        break;
      case 1:
        fields.push([number, view.getFloat64((at += 8) - 8, true)]);
        break;
      case 2: {
        const length = varint();
        fields.push([number, message.subarray(at, (at += length))]);
        break;
      }
      default:
        fields.push([number, view.getFloat32((at += 4) - 4, true)]);
    }
  }
  return fields;
}

function inside(message: Uint8Array, ...path: readonly number[]): (Uint8Array | number)[] {
  const [first, ...rest] = path;
  const found = fieldsOf(message).flatMap(([number, value]) => (number === first ? [value] : []));
  return rest.length === 0 ? found : found.flatMap((value) => inside(value as Uint8Array, ...rest));
}

/** The tags of an event file's values, each as often as it stands there. */
function tagsIn(file: Uint8Array): string[] {
  const tags: string[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(new DataView(file.buffer, file.byteOffset + at).getBigUint64(0, true));
    const event = file.subarray(at + 12, at + 12 + length);
    for (const tag of inside(event, 5, 1, 1))
      tags.push(new TextDecoder().decode(tag as Uint8Array));
    at += length + 16;
  }
  return tags;
}

async function tagsOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('events.out'));
  const files = await Promise.all(names.map((name) => readFile(`${folder}/${name}`)));
  return files.flatMap(tagsIn);
}

test('training and validation carry the same names, so that they share a chart', async () => {
  const { run } = await playground.train('run', { settings: { ...smallSettings, epochs: 2 } });
  const scores = ['epoch/loss', 'epoch/top1', 'epoch/top5'];
  assert.deepEqual(await tagsOf(`${run}/validation`), [...scores, ...scores]);
  const own = await tagsOf(run);
  assert.deepEqual(
    own.filter((tag) => tag.startsWith('epoch/')),
    [...scores, ...scores],
  );
  for (const tag of ['weights/conv1', 'weights/fc8', 'kernels/first layer'])
    assert.equal(own.filter((one) => one === tag).length, 2, tag);
});

test('a histogram counts every number once, between the lowest and the highest', () => {
  const numbers = Float32Array.from([-1, 0, 0, 0.25, 2]);
  const event = histogramsEvent(1, 2, { w: numbers }).subarray(12, -4);
  const [histogram] = inside(event, 5, 1, 5) as Uint8Array[];
  const value = (field: number): unknown => inside(histogram!, field)[0];
  assert.deepEqual([1, 2, 3, 4, 5].map(value), [-1, 2, 5, 1.25, 5.0625]);
  const doubles = (field: number): Float64Array =>
    new Float64Array((value(field) as Uint8Array).slice().buffer);
  const [limits, counts] = [doubles(6), doubles(7)];
  assert.equal(limits.length, counts.length);
  assert.ok(Math.abs(limits.at(-1)! - 2) < 1e-9);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    5,
  );
  const zeros = limits.findIndex((limit) => limit > 0);
  assert.equal(counts[zeros], 2);
});
