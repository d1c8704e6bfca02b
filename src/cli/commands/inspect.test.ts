import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { readModel, writeModel } from '../../model/node/model-file.ts';
import { alexnet } from '../../network/variants.ts';
import { assertAnswer } from '../../testing/answers.ts';
import { testParameters } from '../../testing/data.ts';
import { main } from '../main.ts';
import { f32Weights } from '../../model/weights.ts';

const network = alexnet('small', { classes: 3, width: 1 / 8, input: 32 });
let folder = '';
let model = '';
let photo = '';

async function picture(path: string, seed: number): Promise<void> {
  const data = Uint8Array.from(
    { length: 48 * 40 * 3 },
    (_, i) => (i * (seed + 3) * 37 + (i % 48) * seed * 5) % 256,
  );
  await writeFile(
    path,
    await sharp(data, { raw: { width: 48, height: 40, channels: 3 } })
      .png()
      .toBuffer(),
  );
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-inspect-'));
  model = join(folder, 'model.safetensors');
  photo = join(folder, 'photo.png');
  await writeModel(model, {
    network,
    weights: f32Weights(testParameters(network, 3)),
    labels: [{ name: 'cat' }, { name: 'dog' }, { name: 'owl' }],
    preprocessing: {
      resize: { how: 'shorterSide', size: 36 },
      crop: 32,
      channels: 'RGB',
      scale: 1,
      mean: [120, 115, 100],
      deviation: [60, 60, 60],
    },
    provenance: {},
  });
  await picture(photo, 1);
  for (const [i, name] of ['cat', 'dog', 'owl'].entries()) {
    await mkdir(join(folder, 'photos', name), { recursive: true });
    for (let k = 0; k < 3; k++) await picture(join(folder, 'photos', name, `${k}.png`), 3 * i + k);
  }
});
after(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function inspect(...words: string[]): Promise<Run> {
  const texts = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): { write: (text: string) => boolean; on: () => void } => ({
    write: (text) => Boolean((texts[name] += text)),
    on: () => undefined,
  });
  const code = await main(['inspect', ...words], { stdout: stream('out'), stderr: stream('err') });
  return { code, ...texts };
}

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await inspect(...words, '--json');
  assert.equal(code, 0, err);
  const answer = JSON.parse(out) as Record<string, unknown>;
  assertAnswer(`inspect ${words[0]}`, answer);
  return answer;
}

test('inspect kernels tells each kernel of the first layer', async () => {
  const answer = await json('kernels', model);
  assert.deepEqual(
    [answer['layer'], answer['shape'], (answer['kernels'] as unknown[]).length],
    ['conv1', [6, 3, 5, 5], 6],
  );
  assert.equal('out' in answer, false);
});

test('inspect maps gives every channel, strongest first', async () => {
  const answer = await json('maps', model, photo, '--layer', 'relu2');
  const means = (answer['maps'] as { mean: number }[]).map(({ mean }) => mean);
  assert.equal(means.length, 12);
  assert.deepEqual(
    means,
    means.toSorted((a, b) => b - a),
  );
});

test('inspect why gives one number per pixel for every method, shuffled too', async () => {
  const answer = await json(
    'why',
    model,
    photo,
    '--class',
    'dog',
    '--method',
    'all',
    '--patch',
    '12',
    '--stride',
    '10',
    '--samples',
    '2',
    '--steps',
    '8',
    '--randomize',
    'conv5',
  );
  assert.equal((answer['class'] as { label: string }).label, 'dog');
  const found = answer['explanations'] as {
    method: string;
    heat: { height: number; width: number; values: number[] };
    randomized: { layer: string; correlation: number };
  }[];
  assert.deepEqual(
    found.map(({ method }) => method),
    [
      'grad-cam',
      'guided-grad-cam',
      'saliency',
      'smoothgrad',
      'integrated-gradients',
      'guided-backprop',
      'deconvnet',
      'occlusion',
    ],
  );
  for (const { heat, randomized } of found) {
    assert.deepEqual(
      [heat.height, heat.width, heat.values.length, randomized.layer],
      [32, 32, 1024, 'conv5'],
    );
    assert.ok(Math.abs(randomized.correlation) <= 1);
  }
});

test('inspect unit finds the strongest photographs and their receptive fields', async () => {
  const answer = await json(
    'unit',
    model,
    '--layer',
    'conv2',
    '--channel',
    '1',
    '--steps',
    '4',
    '--images',
    join(folder, 'photos'),
  );
  const strongest = answer['strongest'] as {
    value: number;
    field: { rows: { start: number; end: number } };
  }[];
  assert.equal(strongest.length, 9);
  assert.deepEqual(
    strongest.map(({ value }) => value),
    strongest.map(({ value }) => value).toSorted((a, b) => b - a),
  );
  assert.ok(
    strongest.every(
      ({ field: { rows } }) => rows.start >= 0 && rows.end <= 32 && rows.end > rows.start,
    ),
  );
});

test('inspect neighbours finds a copy at no distance, and leaves itself out', async () => {
  const other = join(folder, 'copy.png');
  await writeFile(other, await readFile(join(folder, 'photos', 'dog', '1.png')));
  const answer = await json('neighbours', model, other, join(folder, 'photos'), '--top', '4');
  const found = answer['neighbours'] as { name: string; label: string; distance: number }[];
  assert.deepEqual(
    [found.length, found[0]!.name, found[0]!.label, found[0]!.distance],
    [4, 'dog/1.png', 'dog', 0],
  );
  const unknown = answer['query'] as { label?: string; predictions: { label: string }[] };
  assert.deepEqual([unknown.label, unknown.predictions.length], [undefined, 3]);
  const again = await json(
    'neighbours',
    model,
    join(folder, 'photos', 'dog', '1.png'),
    join(folder, 'photos'),
    '--top',
    '9',
  );
  assert.equal((again['query'] as { label?: string }).label, 'dog');
  assert.equal(
    (again['neighbours'] as { name: string }[]).some(({ name }) => name === 'dog/1.png'),
    false,
  );
});

test('inspect neighbours of several photographs finds what it finds for each alone', async () => {
  const photos = join(folder, 'photos');
  const own = join(photos, 'owl', '2.png');
  const grid = await json('neighbours', model, photo, own, photos, '--top', '3');
  const queries = grid['queries'] as { file: string; neighbours: unknown[] }[];
  assert.deepEqual(
    queries.map(({ file, neighbours }) => [file, neighbours.length]),
    [
      [photo, 3],
      [own, 3],
    ],
  );
  for (const [k, file] of [photo, own].entries()) {
    const alone = await json('neighbours', model, file, photos, '--top', '3');
    const { layer, metric, photographs, ...found } = alone;
    assert.deepEqual(queries[k], found);
    assert.deepEqual([layer, metric, photographs], ['relu7', 'euclidean', 9]);
  }
  const page = join(folder, 'grid.html');
  assert.equal((await inspect('neighbours', model, photo, own, photos, '--out', page)).code, 0);
  const html = await readFile(page, 'utf8');
  assert.equal(html.match(/style="--columns:7"/g)!.length, 2);
  assert.equal(html.match(/<figure>/g)!.length, 14);
  const { code, err } = await inspect('neighbours', model, photo);
  assert.equal(code, 2);
  assert.match(err, /Usage: alexnet inspect neighbours \[options\] <model> <photo\.\.\.> <dir>/);
});

test('inspect neighbours goes by any layer and by angle', async () => {
  const [own, other] = ['0', '2'].map((name) => join(folder, 'photos', 'cat', `${name}.png`));
  const all = await json(
    'neighbours',
    model,
    own!,
    join(folder, 'photos'),
    '--layer',
    'pool5',
    '--metric',
    'cosine',
    '--top',
    '9',
  );
  const found = all['neighbours'] as { file: string; distance: number }[];
  assert.deepEqual([all['layer'], all['metric'], found.length], ['pool5', 'cosine', 8]);
  assert.ok(
    found.every(({ distance }, i) => distance >= (found[i - 1]?.distance ?? 0) && distance <= 2),
  );
  const back = await json(
    'neighbours',
    model,
    other!,
    join(folder, 'photos'),
    '--layer',
    'pool5',
    '--metric',
    'cosine',
    '--top',
    '9',
  );
  const between = (list: { file: string; distance: number }[], file: string): number =>
    list.find((one) => one.file === file)!.distance;
  assert.ok(
    Math.abs(
      between(found, other!) -
        between(back['neighbours'] as { file: string; distance: number }[], own!),
    ) < 1e-6,
    'an angle is the same from both sides',
  );
});

test('shuffled weights have an index of features of their own', async () => {
  const words = [
    'neighbours',
    model,
    photo,
    join(folder, 'photos'),
    '--index',
    join(folder, 'shared.index'),
  ];
  const plain = await json(...words);
  const random = await json(...words, '--randomize', 'conv2');
  assert.notDeepEqual(random['neighbours'], plain['neighbours']);
  assert.deepEqual(await json(...words), plain);
});

test('every way that answers can be asked again with shuffled weights', async () => {
  const shuffled: Record<string, string[]> = {
    kernels: [model],
    maps: [model, photo, '--layer', 'relu1'],
    unit: [model, '--layer', 'conv2', '--channel', '0', '--steps', '2'],
    map: [model, join(folder, 'photos'), '--no-umap'],
    mistakes: [model, join(folder, 'photos')],
    compare: [model, model, photo],
    story: [model, photo],
  };
  for (const [way, words] of Object.entries(shuffled)) {
    const random = await json(way, ...words, '--randomize', 'conv1');
    assert.notDeepEqual(random, await json(way, ...words), way);
  }
});

test('inspect map gives two numbers per photograph, and files for the projector', async () => {
  const tsv = join(folder, 'map.tsv');
  const answer = await json('map', model, join(folder, 'photos'), '--tsv', tsv);
  const points = answer['points'] as { pca: number[]; umap: number[] }[];
  assert.equal(points.length, 9);
  assert.ok(
    points.every(
      ({ pca, umap }) =>
        pca.length === 2 && umap.length === 2 && [...pca, ...umap].every(Number.isFinite),
    ),
  );
  assert.deepEqual(await json('map', model, join(folder, 'photos')), answer);
  const rows = (await readFile(tsv, 'utf8')).trimEnd().split('\n');
  assert.deepEqual([rows.length, rows[0]!.split('\t').length], [9, 32]);
  assert.equal(
    (await readFile(join(folder, 'map.metadata.tsv'), 'utf8')).split('\n')[1],
    'cat\tcat/0.png',
  );
});

test('inspect mistakes counts what is wrong', async () => {
  const answer = await json('mistakes', model, join(folder, 'photos'));
  const wrong = (answer['mistakes'] as unknown[]).length;
  assert.equal(answer['images'], 9);
  assert.equal(answer['top1'], (9 - wrong) / 9);
});

test('inspect mistakes refuses a folder called like several classes of the model', async () => {
  const twins = join(folder, 'twins.safetensors');
  const labels = [{ name: 'cat' }, { name: 'dog', wnid: 'n1' }, { name: 'dog', wnid: 'n2' }];
  await writeModel(twins, { ...(await readModel(model)), labels });
  const { code, err } = await inspect('mistakes', twins, join(folder, 'photos'), '--json');
  assert.equal(code, 2);
  assert.ok(
    err.includes(
      'The model has 2 labels named "dog": name the folder by the WordNet number instead (n1 ' +
        'or n2).',
    ),
    err,
  );
});

test('inspect mistakes looks at what was not trained on, or at the part named', async () => {
  const parts = join(folder, 'parts');
  for (const [split, count] of [
    ['train', 3],
    ['val', 1],
    ['test', 2],
  ] as const) {
    for (const name of ['cat', 'dog']) {
      await mkdir(join(parts, split, name), { recursive: true });
      for (let k = 0; k < count; k++)
        await picture(join(parts, split, name, `${k}.png`), 10 * count + k);
    }
  }
  const looked = async (...words: string[]): Promise<unknown[]> => {
    const answer = await json('mistakes', model, parts, ...words);
    return [answer['split'], answer['images']];
  };
  assert.deepEqual(await looked(), ['test', 4]);
  assert.deepEqual(await looked('--split', 'train'), ['train', 6]);
  await rm(join(parts, 'test'), { recursive: true });
  assert.deepEqual(await looked(), ['val', 2]);
  const { code, err } = await inspect('mistakes', model, parts, '--split', 'test');
  assert.equal(code, 2);
  assert.ok(
    err.startsWith(`${parts} has no photographs in test. It has val (2), train (6).\n`),
    err,
  );
});

test('inspect compare of a model with itself differs nowhere', async () => {
  const answer = await json('compare', model, model, photo);
  const layers = answer['layers'] as { layer: string; differences: { distance: number }[] }[];
  assert.deepEqual(
    layers.map(({ layer }) => layer),
    ['relu1', 'relu2', 'relu3', 'relu4', 'relu5'],
  );
  assert.ok(layers.every(({ differences }) => differences.every(({ distance }) => distance === 0)));
});

test('every page is one file that names its source and tells what it cannot show', async () => {
  const ways: Record<string, string[]> = {
    kernels: [model],
    maps: [model, photo, '--layer', 'conv3'],
    why: [model, photo, '--method', 'grad-cam,guided-backprop'],
    unit: [model, '--layer', 'fc8', '--channel', '2', '--steps', '2'],
    neighbours: [model, photo, join(folder, 'photos')],
    map: [model, join(folder, 'photos')],
    mistakes: [model, join(folder, 'photos'), '--top', '2'],
    compare: [model, model, photo],
    story: [model, photo],
  };
  for (const [way, words] of Object.entries(ways)) {
    const out = join(folder, `${way}.html`);
    const { code, err } = await inspect(way, ...words, '--out', out);
    assert.equal(code, 0, `${way}: ${err}`);
    const html = await readFile(out, 'utf8');
    assert.ok(html.includes('What it cannot show') && html.includes('<dt>Source</dt>'), way);
    assert.ok(
      !/(src|href)="(https?:)?\/\//.test(html) && !html.includes('@import'),
      `${way} needs a network`,
    );
    assert.ok(!/<img(?![^>]*\balt=)/.test(html), `${way} has a picture without words`);
    assert.ok(
      !html.includes('undefined') || way === 'map' || way === 'story',
      `${way} says undefined`,
    );
  }
});

test('what is clipped, what an image lacks and whose map it is are said on the pages', async () => {
  const page = async (...words: string[]): Promise<string> => {
    const out = join(folder, 'said.html');
    const { code, err } = await inspect(...words, '--out', out);
    assert.equal(code, 0, err);
    return readFile(out, 'utf8');
  };
  const why = await page('why', model, photo, '--method', 'saliency', '--randomize', 'fc6');
  assert.equal(why.match(/class="scale"/g)!.length, 2, 'each map has a scale of its own');
  assert.match(why, /lie beyond the scale and have the colour of its end; the largest is/);
  assert.match(why, /what the network sees of it/);
  const compare = await page('compare', model, model, photo);
  assert.match(compare, /A, model\.safetensors, and B, model\.safetensors, the same file, on/);
  assert.match(compare, /it has no unit, and 0 is the same map\. A: \d+ of \d+ numbers lie beyond/);
  assert.match(compare, /<strong>the photograph<\/strong><br>photo\.png/);
  const story = await page('story', model, photo);
  assert.match(story, /maps\. \d+ of \d+ numbers lie beyond the scale/);
  assert.match(story, /<p>\d+ of \d+ numbers lie beyond the scale/);
  assert.match(story, /<figcaption>the photograph<\/figcaption>/);
  assert.match(story, /what the network sees of it: 32×32 pixels/);
  const photos = join(folder, 'photos');
  const unit = ['unit', model, '--layer', 'conv2', '--channel', '1', '--images', photos];
  const said = /A photograph excites it more \([^)]+\): this image shows less/;
  assert.match(await page(...unit, '--steps', '1', '--decay', '1'), said);
  assert.doesNotMatch(await page(...unit, '--steps', '64'), said);
});

test('inspect writes PNG too', async () => {
  const out = join(folder, 'kernels.png');
  assert.equal((await inspect('kernels', model, '--layer', 'conv2', '--out', out)).code, 0);
  assert.equal((await sharp(out).metadata()).width, 1200);
});

test('the page of a deeper layer’s kernels says what its own tiles are', async () => {
  const out = join(folder, 'deep.html');
  assert.equal((await inspect('kernels', model, '--layer', 'conv2', '--out', out)).code, 0);
  const html = await readFile(out, 'utf8');
  assert.match(html, /combines the maps of the layer below: red adds, blue takes away/);
  assert.doesNotMatch(html, /Mid-grey|Fourier|Figure 3/i);
});

test('mistakes of the user are one sentence with what there is', async () => {
  const layers = network.map(({ name }) => name).join(', ');
  const cases: [string[], number, string][] = [
    [
      ['maps', model, photo, '--layer', 'conv9'],
      2,
      `There is no layer "conv9" in this network. Its layers are: ${layers}.\n`,
    ],
    [
      ['unit', model, '--layer', 'conv1', '--channel', '6'],
      2,
      'Layer "conv1" has no channel 6: its output is 6×32×32, with channels 0 to 5.\n',
    ],
    [
      ['why', model, photo, '--class', 'dgo'],
      2,
      'The model has no class "dgo". Did you mean "dog"? It has 3, numbered 0 to 2: cat, ' +
        'dog, owl.\n',
    ],
    [
      ['kernels', model, '--layer', 'fc6'],
      2,
      'Layer "fc6" has no kernels. Those that have: conv1, conv2, conv3, conv4, conv5.\n',
    ],
  ];
  for (const [words, code, message] of cases) {
    const { err, ...told } = await inspect(...words);
    assert.deepEqual(told, { code, out: '' });
    assert.equal(err.slice(0, message.length), message);
    assert.match(err.slice(message.length), /^Usage: alexnet inspect \w+ /);
  }
  const unknown = await inspect('why', model, photo, '--method', 'gradcam');
  assert.equal(unknown.code, 2);
  assert.ok(
    unknown.err.startsWith(
      'There is no method "gradcam". Did you mean "grad-cam"? The methods are: grad-cam, ',
    ),
    unknown.err,
  );
  const ending = await inspect('map', model, join(folder, 'photos'), '--out', 'map.png');
  assert.ok(
    ending.code === 2 &&
      ending.err.startsWith('Expected --out to end in .html but found "map.png".'),
    ending.err,
  );
});

test('a photograph smaller than the input is enlarged, and every way says so', async () => {
  const small = join(folder, 'small.png');
  await writeFile(small, await sharp(photo).resize(20, 16).png().toBuffer());
  const sentence =
    "small.png has 20×16 pixels, fewer than the network's input of 32×32: it was enlarged, which " +
    'adds no detail.\n';
  const photos = join(folder, 'photos');
  for (const words of [
    ['maps', model, small, '--layer', 'conv1'],
    ['why', model, small],
    ['neighbours', model, small, photos],
    ['story', model, small],
    ['compare', model, model, small],
  ]) {
    const { code, err } = await inspect(...words, '--json');
    assert.deepEqual([code, err], [0, sentence], words[0]);
  }
});

test('Ctrl-C stops every long way with a sentence, and leaves no page', async () => {
  const photos = join(folder, 'photos');
  const ways: Record<string, string[]> = {
    why: [model, photo, '--method', 'occlusion', '--patch', '4', '--stride', '1'],
    unit: [model, '--layer', 'conv3', '--channel', '1', '--steps', '5000'],
    mistakes: [model, photos, '--batch', '1'],
    map: [model, photos, '--index', join(folder, 'other.index'), '--batch', '1'],
  };
  for (const [way, words] of Object.entries(ways)) {
    const out = join(folder, `stopped-${way}.html`);
    const { code, err } = await stoppedInspect(way, ...words, '--out', out);
    assert.equal(code, 1, way);
    assert.match(
      err,
      /Stopped: no page was written\.( The features of \d of 9 photographs are kept, so the next time goes on from there\.)?\n$/,
      way,
    );
    await assert.rejects(readFile(out), { code: 'ENOENT' });
    assert.equal(process.listenerCount('SIGINT'), 0, `${way} lets go of the signal`);
  }
});

test('features that were computed before Ctrl-C are kept for the next time', async () => {
  const index = join(folder, 'stopped.index');
  const words = [
    'neighbours',
    model,
    photo,
    join(folder, 'photos'),
    '--index',
    index,
    '--batch',
    '1',
  ];
  const { err } = await stoppedInspect(...words);
  const kept = Number(/The features of (\d) of 9 photographs are kept/.exec(err)?.[1]);
  assert.ok(kept >= 1 && kept < 9, err);
  const done: string[] = [];
  const answer = await animated((line) => done.push(line), ...words, '--json');
  assert.equal(answer.code, 0);
  assert.ok(
    done.some((line) => line.includes(`of ${9 - kept}`)) &&
      !done.some((line) => line.includes('of 9')),
    done.join(' '),
  );
  const whole = await json(
    ...words.map((word) => (word === index ? join(folder, 'whole.index') : word)),
  );
  assert.deepEqual(JSON.parse(answer.out), whole);
});

/** As on a terminal, where progress redraws its line. */
async function animated(onProgress: (line: string) => void, ...words: string[]): Promise<Run> {
  const texts = { out: '', err: '' };
  const stdout = { write: (text: string) => Boolean((texts.out += text)), on: () => undefined };
  const stderr = {
    isTTY: true,
    on: () => undefined,
    write(text: string) {
      texts.err += text;
      if (/\d+ of \d+/.test(text)) onProgress(text);
      return true;
    },
  };
  const code = await main(['inspect', ...words], { stdout, stderr });
  return { code, ...texts };
}

/** Sends this process the signal of Ctrl-C at the first sign of progress. */
async function stoppedInspect(...words: string[]): Promise<Run> {
  let sent = false;
  return animated(
    () => {
      if (!sent) process.kill(process.pid, 'SIGINT');
      sent = true;
    },
    ...words,
  );
}

test('no way of looking writes over what it reads or what others made', async () => {
  const photos = join(folder, 'photos');
  const words: Record<string, string[]> = {
    kernels: [model],
    towers: [model],
    maps: [model, photo, '--layer', 'conv3'],
    why: [model, photo],
    unit: [model, '--layer', 'fc8', '--channel', '2', '--steps', '1000000'],
    neighbours: [model, photo, photos],
    map: [model, photos],
    mistakes: [model, photos],
    compare: [model, model, photo],
    story: [model, photo],
  };
  const theirs = join(folder, 'theirs.html');
  await writeFile(theirs, '<p>notes');
  for (const [way, rest] of Object.entries(words)) {
    const { code, err } = await inspect(way, ...rest, '--out', theirs);
    assert.deepEqual(
      [code, err],
      [
        1,
        `--out ${theirs} exists, and alexnet did not make it. Name another file, or write over ` +
          'it with --force.\n',
      ],
      way,
    );
  }
  assert.equal(await readFile(theirs, 'utf8'), '<p>notes');
  const forced = await inspect('kernels', model, '--out', theirs, '--force');
  assert.equal(forced.code, 0, forced.err);
  const own = await inspect('why', model, photo, '--out', photo, '--force');
  assert.equal(own.code, 1);
  assert.ok(own.err.includes('is what this command reads, and is not written over'), own.err);
  const nowhere = await inspect('unit', ...words['unit']!, '--out', join(folder, 'no', 'a.png'));
  assert.match(nowhere.err, /--out .*a\.png could not be written: /);
});

test('the other files of inspect too: the projector’s, and the index', async () => {
  const photos = join(folder, 'photos');
  const tsv = join(folder, 'mine.tsv');
  const metadata = join(folder, 'mine.metadata.tsv');
  await writeFile(metadata, 'my notes');
  const map = ['map', model, photos, '--no-umap', '--json'];
  const kept = await inspect(...map, '--tsv', tsv);
  assert.equal(kept.code, 1);
  assert.ok(kept.err.startsWith(`--tsv ${metadata} exists, and alexnet did not make it.`));
  assert.equal(await readFile(metadata, 'utf8'), 'my notes');
  assert.equal((await inspect(...map, '--tsv', tsv, '--force')).code, 0);
  const other = join(folder, 'other.safetensors');
  await writeModel(other, await readModel(model));
  const before = await readFile(other);
  for (const index of [model, other])
    assert.equal((await inspect(...map, '--index', index)).code, 1, index);
  assert.deepEqual(await readFile(other), before);
  const index = join(folder, 'features.safetensors');
  for (let k = 0; k < 2; k++)
    assert.equal((await inspect(...map, '--index', index)).code, 0, 'an index is written again');
});

test('inspect takes photographs of as many pixels as --max-pixels says', async () => {
  const small = await inspect('maps', model, photo, '--layer', 'conv1', '--max-pixels', '1000');
  assert.equal(small.code, 1);
  assert.match(small.err, /photo\.png/);
  assert.match(small.err, /at most 1000 pixels but the picture has 48×40 = 1920/);
  const none = await inspect('map', model, join(folder, 'photos'), '--max-pixels', '1000');
  assert.equal(none.code, 1);
  const more = await inspect('story', model, photo, '--max-pixels', '2k', '--json');
  assert.equal(more.code, 0, more.err);
});

test('inspect says what it guesses of weights that do not say it', async () => {
  const foreign = fileURLToPath(
    new URL('../../../test/weights/torchvision.safetensors', import.meta.url),
  );
  const { code, out, err } = await inspect('kernels', foreign, '--json');
  assert.equal(code, 0, err);
  assert.match(err, /torchvision\.safetensors: .*To say otherwise, make a model of it: alexnet/);
  assert.ok(out.startsWith('{'));
  const quiet = await inspect('kernels', foreign, '--json', '--quiet');
  assert.equal(quiet.err, '');
  assert.equal((await inspect('kernels', model, '--json')).err, '', 'of ours nothing is guessed');
});
