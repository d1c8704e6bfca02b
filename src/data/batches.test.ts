import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { randomNumbers } from '../testing/data.ts';
import { jpeg, withFolder, writeClasses, writeFiles } from '../testing/folders.ts';
import { goodPictures } from '../testing/pictures.ts';
import { drawAugmentation } from './augment.ts';
import { readingFor } from './augmentation.ts';
import type { Augmentation } from './augmentation.ts';
import { openBatches } from './batches.ts';
import type { BatchesOptions } from './batches.ts';
import type { Dataset } from './dataset.ts';
import { picturesInMemory } from './in-memory.ts';
import { imageFolder } from './node/folder.ts';
import { readSource } from './read-source.ts';
import { measureColours } from './measure.ts';
import { openWorkers } from '#workers';
import type { WorkersOptions } from './workers.ts';

const preprocessing: Preprocessing = {
  resize: { how: 'shorterSide', size: 36 },
  crop: 31,
  channels: 'RGB',
  scale: 1,
  mean: [120, 110, 100],
  deviation: [1, 1, 1],
};
const statistics = {
  pictures: 1,
  mean: [0.5, 0.5, 0.5],
  deviation: [0.3, 0.3, 0.3],
  eigenvalues: [0.2, 0.02, 0.004],
  eigenvectors: [
    [0.6, 0.6, 0.53],
    [0.7, -0.7, 0],
    [0.4, 0.4, -0.8],
  ],
} as const;
const paper: Augmentation = { crop: { from: 'square' }, mirror: 0.5, pca: { deviation: 0.1 } };
const photos: Augmentation = {
  crop: { from: 'resized', area: [0.3, 1], aspect: [0.75, 1.33] },
  mirror: 0.5,
  jitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3 },
  grey: 0.1,
  erase: { chance: 0.5, area: [0.05, 0.2] },
};
const options: BatchesOptions = {
  split: 'train',
  batch: 4,
  preprocessing,
  augmentation: paper,
  statistics,
  seed: 7,
};

interface Seen {
  readonly number: number;
  readonly labels: readonly number[];
  readonly indices: readonly number[];
  readonly digest: string;
}

async function read(
  dataset: Dataset,
  batchesOptions: BatchesOptions,
  workersOptions: WorkersOptions,
  epochs: readonly [epoch: number, from: number][],
): Promise<Seen[]> {
  const workers = await openWorkers(workersOptions);
  try {
    const batches = await openBatches(dataset, { ...batchesOptions, workers });
    const seen: Seen[] = [];
    for (const [epoch, from] of epochs) {
      for await (const { number, images, labels, indices } of batches.epoch(epoch, from)) {
        assert.ok(images.buffer instanceof SharedArrayBuffer);
        assert.equal(images.length, labels.length * 3 * 31 * 31);
        seen.push({
          number,
          labels: [...labels],
          indices: [...indices],
          digest: createHash('sha256').update(Buffer.from(images.slice().buffer)).digest('hex'),
        });
      }
    }
    await batches.close();
    return seen;
  } finally {
    await workers.close();
  }
}

test('batches are the same bits whatever the workers, the cache and the place', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 7, bee: 9, cat: 6 });
    const dataset = await imageFolder(folder);
    for (const augmentation of [paper, photos]) {
      const wanted = { ...options, augmentation };
      const truth = await read(dataset, wanted, { threads: 1, cacheBytes: 2 ** 25 }, [
        [0, 0],
        [1, 0],
      ]);
      assert.deepEqual(
        truth.map(({ number }) => number),
        [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
      );
      assert.equal(new Set(truth.map(({ digest }) => digest)).size, 10);
      const epoch0 = truth.slice(0, 5).flatMap(({ indices }) => indices);
      assert.equal(new Set(epoch0).size, 20);
      assert.notDeepEqual(
        epoch0,
        truth.slice(5).flatMap(({ indices }) => indices),
      );
      assert.deepEqual(
        await read(dataset, wanted, { threads: 3, cacheBytes: 2 ** 26, cacheDirectory: null }, [
          [0, 0],
          [1, 0],
        ]),
        truth,
      );
      assert.deepEqual(
        await read(dataset, wanted, { threads: 2, cacheBytes: 0, cacheDirectory: folder }, [
          [0, 0],
          [1, 0],
        ]),
        truth,
      );
      assert.deepEqual(
        await read(
          dataset,
          { ...wanted, prefetch: 0 },
          { threads: 2, cacheBytes: 0, cacheDirectory: null },
          [
            [0, 0],
            [1, 0],
          ],
        ),
        truth,
      );
      assert.deepEqual(await read(dataset, wanted, { threads: 2 }, [[1, 3]]), truth.slice(8));
      assert.notDeepEqual(
        await read(dataset, { ...wanted, seed: 8 }, { threads: 2 }, [[0, 0]]),
        truth.slice(0, 5),
      );
    }
  });
});

test('batches without augmentation are what prediction makes of the files', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 3, bee: 2 });
    const dataset = await imageFolder(folder, { as: 'test' });
    for (const crops of [1, 10] as const) {
      const batches = await openBatches(dataset, { split: 'test', batch: 2, preprocessing, crops });
      const images: number[] = [];
      const labels: number[] = [];
      for await (const batch of batches.epoch(0)) {
        for (const value of batch.images) images.push(value);
        labels.push(...batch.labels);
      }
      await batches.close();
      const expected: number[] = [];
      for (const { source } of dataset.samples)
        for (const value of preprocess(
          await loadPicture(source.path, preprocessing),
          preprocessing,
          crops,
        ))
          expected.push(value);
      assert.deepEqual(labels, [0, 0, 0, 1, 1]);
      assert.deepEqual(images, expected);
    }
  });
});

test('training on the crop in the centre sees what validation sees', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 3, bee: 2 });
    const dataset = await imageFolder(folder);
    const seen = async (more: Partial<BatchesOptions>): Promise<Map<number, Float32Array>> => {
      const { augmentation: _, ...plain } = options;
      const batches = await openBatches(dataset, { ...plain, batch: 5, ...more });
      const size = 3 * 31 * 31;
      const images = new Map<number, Float32Array>();
      for await (const batch of batches.epoch(0))
        batch.indices.forEach((index, i) =>
          images.set(index, batch.images.slice(i * size, (i + 1) * size)),
        );
      await batches.close();
      return images;
    };
    const trained = await seen({ augmentation: { crop: { from: 'centre' } } });
    const validated = await seen({});
    assert.equal(trained.size, 5);
    for (const [index, image] of trained) assert.deepEqual(image, validated.get(index));
  });
});

test('a mean image that moves is taken off where each crop lies, mirrored with it', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 9, bee: 8 });
    const dataset = await imageFolder(folder);
    // A mean that says where it is: the input plus what lies under the crop is the crop itself.
    const meanImage = Float32Array.from({ length: 3 * 36 * 36 }, (_, i) => 1000 * ((i % 36) + 1));
    const augmentation: Augmentation = { crop: { from: 'square' }, mirror: 0.5 };
    const inputs = async (mean: Preprocessing['mean']): Promise<Float32Array> => {
      const changed = { ...preprocessing, mean };
      const batches = await openBatches(dataset, {
        ...options,
        batch: 17,
        augmentation,
        preprocessing: changed,
        ...('tensor' in mean && { meanImage }),
      });
      let images = new Float32Array();
      for await (const batch of batches.epoch(0)) images = batch.images.slice();
      await batches.close();
      return images;
    };
    const plain = await inputs([0, 0, 0]);
    const moving = await inputs({ tensor: 'mean', at: 'crop' });
    const size = 3 * 31 * 31;
    const kinds = new Set<string>();
    for (let picture = 0; picture < 17; picture++) {
      const at = (i: number): number =>
        Math.round((plain[picture * size + i]! - moving[picture * size + i]!) / 1000) - 1;
      const [left, right] = [at(0), at(30)];
      assert.equal(Math.abs(right - left), 30);
      assert.ok(Math.min(left, right) >= 0 && Math.max(left, right) <= 35);
      for (let i = 0; i < size; i += 97) {
        const x = i % 31;
        assert.equal(at(i), left < right ? left + x : left - x);
      }
      kinds.add(`${Math.min(left, right)} ${left < right}`);
    }
    assert.ok(kinds.size > 4, [...kinds].join());
    const still = await inputs({ tensor: 'mean' });
    for (let i = 0; i < still.length; i += 31)
      assert.equal(Math.round((plain[i]! - still[i]!) / 1000), 3);
  });
});

test('openBatches() refuses a moving mean image that crops do not lie on', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 9, bee: 8 });
    await assert.rejects(
      openBatches(await imageFolder(folder), {
        ...options,
        augmentation: photos,
        preprocessing: { ...preprocessing, mean: { tensor: 'mean', at: 'crop' } },
        meanImage: new Float32Array(3 * 36 * 36),
      }),
      {
        message:
          'Expected crops of the central square (crop.from "square"), because the mean image ' +
          'moves with the crop, but found "resized".',
      },
    );
  });
});

test('pictures that cannot be read are named, and leave the others as they were', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 20, bee: 21 });
    const whole = await read(await imageFolder(folder), options, { threads: 2 }, [[0, 0]]);
    await writeFiles(folder, { 'ant/13.jpg': 'not a picture' });
    const dataset = await imageFolder(folder);
    const bad = dataset.samples.findIndex(({ name }) => name === 'ant/13.jpg');
    const batches = await openBatches(dataset, options);
    for (const epoch of [0, 0]) {
      let seen = 0;
      for await (const { number, indices, size } of batches.epoch(epoch)) {
        assert.deepEqual(
          [...indices],
          whole[number]!.indices.filter((index) => index !== bad),
        );
        assert.equal(size, indices.length);
        seen += size;
      }
      assert.equal(seen, 40 - (whole.some(({ indices }) => indices.includes(bad)) ? 1 : 0));
    }
    assert.deepEqual(batches.failures, [
      {
        index: bad,
        name: 'ant/13.jpg',
        kind: 'notAPicture',
        detail: 'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture but found text.',
      },
    ]);
    await batches.close();
  });
});

test('every kind of picture becomes input: of all formats, a strip, a single pixel', async () => {
  await withFolder(async (folder) => {
    const plain = (width: number, height: number): Promise<Buffer> =>
      sharp({ create: { width, height, channels: 3, background: '#ff8000' } })
        .png()
        .toBuffer();
    const files = Object.fromEntries(
      (await goodPictures()).map(({ file, bytes }) => [`zoo/${file}`, bytes]),
    );
    await writeFiles(folder, {
      ...files,
      'flat/strip.png': await plain(1, 3000),
      'flat/lying.png': await plain(3000, 1),
      'flat/pixel.png': await plain(1, 1),
    });
    const dataset = await imageFolder(folder);
    for (const augmentation of [paper, photos]) {
      const batches = await openBatches(dataset, { ...options, augmentation, batch: 64 });
      for await (const { images, size } of batches.epoch(0)) {
        assert.equal(size, Object.keys(files).length + 3);
        assert.ok(images.every((value) => Math.abs(value) < 600));
      }
      assert.deepEqual(batches.failures, []);
      await batches.close();
    }
  });
});

test('an epoch stops where more than 5 % of the pictures cannot be read', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 10, bee: 10 });
    await writeFiles(folder, { 'ant/3.jpg': '', 'bee/4.jpg': (await jpeg(1)).subarray(0, 300) });
    const batches = await openBatches(await imageFolder(folder), {
      ...options,
      batch: 20,
      partial: true,
    });
    await assert.rejects(batches.epoch(0).next(), {
      name: 'AlexNetError',
      message: [
        '2 of 20 pictures could not be read, which is more than 5 %:',
        '  ant/3.jpg: The file is empty.',
        '  bee/4.jpg: The JPEG ends too early: the file is cut off. Copy it again from where it ' +
          'came from.',
        'Look at them with `alexnet data check`, and mend or remove them.',
      ].join('\n'),
    });
    await batches.close();
  });
});

test('an epoch can be left and another begun; two at once are refused', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 9, bee: 9 });
    const batches = await openBatches(await imageFolder(folder), options);
    const first = batches.epoch(0);
    const { value } = await first.next();
    assert.equal(value?.number, 0);
    await assert.rejects(batches.epoch(1).next(), {
      message:
        'Expected the epoch before to be over or left before another is begun: only one at a ' +
        'time can be read.',
    });
    await first.return();
    const numbers: number[] = [];
    for await (const { number } of batches.epoch(1)) numbers.push(number);
    assert.deepEqual(numbers, [0, 1, 2, 3]);
    await batches.close();
  });
});

test('workers run in a program that is given on the command line too', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 2, bee: 2 });
    const code = `import { imageFolder, measureColours } from '${new URL('../index.js', import.meta.url).href}';
      const resize = { how: 'shorterSide', size: 32 };
      const { statistics } = await measureColours(await imageFolder('${folder}'), { resize });
      console.log(statistics.pictures);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    assert.deepEqual([stdout, stderr], ['4\n', '']);
  });
});

test('openBatches() refuses what cannot work', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 2, bee: 2 });
    const dataset = await imageFolder(folder);
    await assert.rejects(openBatches(dataset, { ...options, split: 'val' }), {
      message: `The dataset ${folder} has no pictures for val.`,
    });
    await assert.rejects(openBatches(dataset, { ...options, batch: 0 }), {
      message: 'Expected a batch of at least 1 picture but found 0.',
    });
    await assert.rejects(
      openBatches(dataset, { ...options, preprocessing: { ...preprocessing, crop: 40 } }),
      { message: "Expected a crop no larger than the resized picture's 36 pixels but found 40." },
    );
    const { statistics: _, ...without } = options;
    await assert.rejects(openBatches(dataset, without), {
      message:
        'Colour noise and erasing need the colour statistics of the training pictures: measure ' +
        'them with measureColours().',
    });
    await assert.rejects(
      openWorkers({ cacheDirectory: join(folder, 'nowhere'), threads: 1 }),
      /^AlexNetError: Decoded pictures cannot be kept in .*nowhere \(ENOENT.*Name another folder for the cache, or none\.$/,
    );
  });
});

test('workers that are closed end a waiting epoch with a sentence, not a hang', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 5, bee: 5 });
    const workers = await openWorkers({ threads: 2 });
    const batches = await openBatches(await imageFolder(folder), { ...options, workers });
    const coming = batches.epoch(0).next();
    await workers.close();
    await assert.rejects(coming, {
      name: 'AlexNetError',
      message: 'The data workers were closed.',
    });
    await assert.rejects(batches.epoch(1).next(), {
      message: 'The data workers are closed: no more pictures can be read through them.',
    });
    await batches.close();
  });
});

test('measureColours() gives what a plain computation gives', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 5, bee: 6 });
    const dataset = await imageFolder(folder);
    const { statistics: found, meanImage } = await measureColours(dataset, {
      resize: preprocessing.resize,
      meanImage: true,
    });
    const plain = { ...preprocessing, crop: 36, mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
    const images = await Promise.all(
      dataset.samples.map(async ({ source }) =>
        preprocess(await loadPicture(source.path, plain), plain),
      ),
    );
    const plane = 36 * 36;
    images[0]!.forEach((_, i) =>
      assert.ok(
        Math.abs(
          meanImage![i]! - images.reduce((sum, image) => sum + image[i]!, 0) / images.length,
        ) < 1e-3,
      ),
    );
    const channel = (c: number): number[] =>
      images.flatMap((image) =>
        [...image.subarray(c * plane, (c + 1) * plane)].map((value) => value / 255),
      );
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const channels = [0, 1, 2].map(channel);
    const covariance = channels.map((a) =>
      channels.map((b) => mean(a.map((value, i) => value * b[i]!)) - mean(a) * mean(b)),
    );
    assert.equal(found.pictures, 11);
    for (const c of [0, 1, 2]) {
      assert.ok(Math.abs(found.mean[c]! - mean(channels[c]!)) < 1e-9);
      assert.ok(Math.abs(found.deviation[c]! - Math.sqrt(covariance[c]![c]!)) < 1e-9);
      const vector = found.eigenvectors[c]!;
      covariance.forEach((row, i) =>
        assert.ok(
          Math.abs(
            row.reduce((sum, value, j) => sum + value * vector[j]!, 0) -
              found.eigenvalues[c]! * vector[i]!,
          ) < 1e-9,
        ),
      );
    }
    assert.ok(
      found.eigenvalues[0] >= found.eigenvalues[1] && found.eigenvalues[1] >= found.eigenvalues[2],
    );
  });
});

test('crops of the original are cut from the photograph as it lies there, and of large ones from what is kept', async () => {
  const size = 64;
  const data = Uint8Array.from(randomNumbers(size * size * 3, 127, 3), (value) => value + 128);
  const large = { width: 2 * size, height: 2 * size, data: new Uint8Array(12 * size * size) };
  const dataset = await picturesInMemory([
    { picture: { width: size, height: size, data }, label: 'a' },
    { picture: large, label: 'b' },
  ]);
  // A quarter of the area: the crop's own size, so that it is cut and not resampled.
  const crop = { from: 'original', area: [0.25, 0.25], aspect: [1, 1], kept: size } as const;
  const resize = { how: 'shorterSide', size: 40 } as const;
  for (const [content, kept, side] of [
    [large, size, size],
    [large, 500, 2 * size],
    [
      await sharp(large.data, { raw: { ...large, channels: 3 } })
        .png()
        .toBuffer(),
      500,
      2 * size,
    ],
    [
      await sharp(large.data, { raw: { ...large, channels: 3 } })
        .png()
        .toBuffer(),
      size,
      size,
    ],
  ] as const) {
    const reading = readingFor({ resize }, { crop: { ...crop, kept } });
    const read = await readSource({ path: 'b', content }, reading);
    assert.deepEqual([read.width, read.height], [side, side]);
  }
  const plain = { mean: [0, 0, 0], deviation: [1, 1, 1], channels: 'RGB', scale: 1 } as const;
  const batches = await openBatches(dataset, {
    split: 'train',
    batch: 2,
    seed: 4,
    preprocessing: { ...plain, resize, crop: 32 },
    augmentation: { crop },
  });
  try {
    for await (const { images, indices } of batches.epoch(0)) {
      const use = { seed: 4, epoch: 0, sample: 0, width: size, height: size, crop: 32 };
      const { box } = drawAugmentation({ crop }, use);
      const from = indices.indexOf(0) * 3 * 32 * 32;
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < 32; y++)
          for (let x = 0; x < 32; x++)
            assert.equal(
              images[from + (c * 32 + y) * 32 + x],
              data[3 * ((box.top + y) * size + box.left + x) + c],
            );
    }
  } finally {
    await batches.close();
  }
});
