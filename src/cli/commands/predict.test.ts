import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertAnswer } from '../../testing/answers.ts';
import { command } from '../../testing/cli.ts';
import { writeFiles } from '../../testing/folders.ts';
import { printable } from '../../text.ts';
import { asNobody } from '../../testing/users.ts';
import { Playground, greyLabels, smallSettings, writeGreys } from '../../testing/training.ts';

const program = fileURLToPath(new URL('../../../bin/alexnet', import.meta.url));

type Answer =
  | { file: string; predictions: { label: string; probability: number }[] }
  | { file: string; error: string };

let playground: Playground;
let model = '';
let photos = '';
before(async () => {
  playground = await Playground.open();
  const { run } = await playground.train('run', { settings: { ...smallSettings, average: null } });
  model = join(run, 'last.safetensors');
  photos = playground.path('photos');
  await writeGreys(photos, 4);
});
after(() => playground.close());

/** What a list of pictures says of a model: the share that is named rightly, and the mean loss. */
function scored(answers: readonly Answer[]): { top1: number; loss: number } {
  const said = answers.flatMap((one) =>
    'error' in one ? [] : [{ label: one.file.split('/').at(-2)!, predictions: one.predictions }],
  );
  const loss = said.map(
    ({ label, predictions }) =>
      -Math.log(predictions.find((each) => each.label === label)!.probability),
  );
  return {
    top1:
      said.filter(({ label, predictions }) => predictions[0]!.label === label).length / said.length,
    loss: loss.reduce((sum, value) => sum + value, 0) / said.length,
  };
}

for (const crops of ['1', '10']) {
  test(`alexnet evaluate and predict agree about the same pictures, --crops ${crops}`, async () => {
    const evaluated = await command([
      'evaluate',
      model,
      photos,
      '--crops',
      crops,
      '--engine',
      'reference',
      '--json',
    ]);
    assert.equal(evaluated.code, 0, evaluated.err);
    assertAnswer('evaluate', JSON.parse(evaluated.out));
    const answer = JSON.parse(evaluated.out) as {
      images: number;
      top1: number;
      top5: number;
      loss: number;
      perClass: { label: string; images: number; top1: number }[];
      confusion: number[][];
      skipped: unknown[];
    };
    assert.deepEqual(Object.keys(answer), [
      'images',
      'top1',
      'top5',
      'loss',
      'perClass',
      'confusion',
      'skipped',
    ]);
    assert.deepEqual([answer.images, answer.top5, answer.skipped], [12, 1, []]);
    assert.deepEqual(
      answer.perClass.map(({ label, images }) => [label, images]),
      greyLabels.map((label) => [label, 4]),
    );
    assert.deepEqual(
      answer.confusion.map((row) => row.reduce((sum, count) => sum + count)),
      [4, 4, 4],
    );
    assert.deepEqual(
      answer.confusion.map((row, i) => row[i]! / 4),
      answer.perClass.map(({ top1 }) => top1),
    );
    const predicted = await command([
      'predict',
      model,
      photos,
      '--crops',
      crops,
      '--engine',
      'reference',
      '--json',
    ]);
    assertAnswer('predict', JSON.parse(predicted.out));
    const answers = JSON.parse(predicted.out) as Answer[];
    assert.equal(answers.length, 12);
    const { top1, loss } = scored(answers);
    assert.equal(top1, answer.top1);
    assert.ok(Math.abs(loss - answer.loss) < 1e-5 * loss, `${loss} is not ${answer.loss}`);
  });
}

test('ten crops are not one', async () => {
  const loss = async (crops: string): Promise<unknown> =>
    (
      JSON.parse(
        (
          await command([
            'evaluate',
            model,
            photos,
            '--crops',
            crops,
            '--engine',
            'reference',
            '--json',
          ])
        ).out,
      ) as { loss: number }
    ).loss;
  assert.notEqual(await loss('1'), await loss('10'));
});

test('alexnet predict takes files and folders, and goes on past bad ones', async () => {
  const mixed = playground.path('mixed');
  const good = await readFile(join(photos, 'light', '0.png'));
  await writeFiles(mixed, {
    'a b/ünïcode.jpg': good,
    'broken.jpg': good.subarray(0, 200),
    'empty.png': '',
    'no ending': good,
    'notes.txt': 'no picture',
  });
  const { code, out, err } = await command([
    'predict',
    model,
    join(photos, 'dark', '1.png'),
    mixed,
    join(mixed, 'gone.jpg'),
    '--top',
    '2',
    '--json',
    '--engine',
    'reference',
  ]);
  const failed = '3 of 6 pictures could not be read';
  assert.deepEqual([code, err], [1, `${failed} (--skip-bad exits with 0 all the same).\n`]);
  const skipping = await command([
    'predict',
    model,
    mixed,
    join(mixed, 'gone.jpg'),
    '--skip-bad',
    '--engine',
    'reference',
  ]);
  assert.deepEqual([skipping.code, skipping.err], [0, '3 of 5 pictures could not be read.\n']);
  const answers = JSON.parse(out) as Answer[];
  assert.deepEqual(
    answers.map(({ file }) => file),
    [
      join(photos, 'dark', '1.png'),
      ...['a b/ünïcode.jpg', 'broken.jpg', 'empty.png', 'no ending', 'gone.jpg'].map((name) =>
        join(mixed, name),
      ),
    ],
  );
  assert.deepEqual(
    answers.map((one) => ('error' in one ? one.error : Object.keys(one).join())),
    [
      'file,predictions',
      'file,predictions',
      'The PNG ends too early: the file is cut off. Copy it again from where it came from.',
      'The file is empty.',
      'file,predictions',
      'There is no such file (or a link that leads nowhere).',
    ],
  );
  for (const one of answers) {
    if ('error' in one) continue;
    assert.equal(one.predictions.length, 2);
    assert.deepEqual(Object.keys(one.predictions[0]!), ['label', 'probability']);
    assert.ok(one.predictions[0]!.probability >= one.predictions[1]!.probability);
  }
  const text = await command([
    'predict',
    model,
    join(photos, 'dark', '1.png'),
    join(mixed, 'empty.png'),
    '--engine',
    'reference',
  ]);
  assert.match(
    text.out,
    new RegExp(
      `^${join(photos, 'dark', '1.png')}\n( +\\d+\\.\\d %  ` +
        `\\w+\n){3}${join(mixed, 'empty.png')}\n  The file is empty\\.\n$`,
    ),
  );
});

/** The program with something on its standard input. */
function piped(
  words: readonly string[],
  input: Uint8Array | string,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [program, ...words], { stdio: 'pipe' });
  let [out, err] = ['', ''];
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  child.stdin.on('error', () => undefined); // it may end before it has read all
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

test('alexnet predict - reads a picture, or names line by line, from standard input', async () => {
  const file = join(photos, 'dark', '2.png');
  const words = ['predict', model, '-', '--json', '--engine', 'reference'];
  const picture = await piped(words, await readFile(file));
  const names = await piped(
    words,
    `${file}\n${join(photos, 'grey')}\r\n\n${join(photos, 'none.jpg')}`,
  );
  assert.deepEqual([picture.code, names.code], [0, 1]);
  const [one] = JSON.parse(picture.out) as Answer[];
  const listed = JSON.parse(names.out) as Answer[];
  assert.deepEqual(
    listed.map((each) => each.file),
    [file, ...[0, 1, 2, 3].map((i) => join(photos, 'grey', `${i}.png`)), join(photos, 'none.jpg')],
  );
  assert.deepEqual(one, { ...listed[0], file: '-' });
});

test('alexnet predict names a folder that may not be read, and goes on', async () => {
  const folder = playground.path('partly');
  await writeGreys(folder, 1);
  const closed = join(folder, 'closed');
  await mkdir(closed);
  await chmod(closed, 0);
  const words = ['predict', model, closed, join(folder, 'dark'), '--json', '--engine', 'reference'];
  for (const path of [playground.path('.'), folder, join(folder, 'dark')]) await chmod(path, 0o755);
  const { code, out, err } = await asNobody(() => command(words));
  assert.deepEqual([code, err.split('(')[0]], [1, '1 of 2 pictures could not be read ']);
  const [first, second] = JSON.parse(out) as Answer[];
  assert.deepEqual(first, {
    file: closed,
    error:
      `The folder ${closed} cannot be read: permission was denied. ` +
      'Change its permissions, or move it away.',
  });
  assert.ok('predictions' in second!);
  for (const path of [join(folder, 'grey'), join(folder, 'light')]) await chmod(path, 0o755);
  const above = ['predict', model, folder, '--json', '--engine', 'reference'];
  const all = JSON.parse((await asNobody(() => command(above))).out) as Answer[];
  assertAnswer('predict', all);
  assert.deepEqual(
    all.map((one) => [one.file, 'error' in one]),
    [[closed, true], ...greyLabels.map((name) => [join(folder, name, '0.png'), false])],
    'what lies beside it is answered',
  );
  await chmod(closed, 0o755);
});

test('alexnet predict writes out what would steer a terminal in the names of files', async () => {
  const folder = playground.path('steering');
  const name = '\u001b]0;owned\u0007\u001b[31m\u009b2J\n\u202egpj.jpg';
  await writeFiles(folder, { [name]: '' });
  for (const isTTY of [false, true]) {
    const words = ['predict', model, join(folder, name), join(photos, 'dark'), '--skip-bad'];
    const { out } = await command(words, { isTTY });
    const shown = '\\u001b]0;owned\\u0007\\u001b[31m\\u009b2J\\u000a\\u202egpj.jpg';
    assert.equal(out.split('\n')[0], join(folder, shown));
    // Our own styles are the only escape sequences.
    const plain = ['0', '1', '2', '31', '32'].reduce(
      (text, code) => text.replaceAll(`\u001b[${code}m`, ''),
      out,
    );
    assert.equal(printable(plain, 'lines'), plain);
    assert.equal(out.includes('\u001b'), isTTY);
  }
  const { out } = await command(['predict', model, join(folder, name), '--json']);
  assert.equal((JSON.parse(out) as Answer[])[0]!.file, join(folder, name));
  assert.equal(printable(out, 'lines'), out);
});

test('alexnet predict - names what is neither a picture nor a list', async () => {
  const words = ['predict', model, '-', '--engine', 'reference'];
  const says = async (input: Uint8Array | string, found: string): Promise<void> => {
    const { code, err } = await piped(words, input);
    assert.deepEqual(
      [code, err],
      [
        1,
        'Standard input: expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture, or names of ' +
          `files line by line, but found ${found}.\n`,
      ],
    );
  };
  await says(await readFile(model), 'something else');
  await says('%PDF-1.7 …', 'a PDF document');
  await says('x'.repeat(40_000), 'a line that is no name');
});

test('alexnet predict and evaluate exit with 1, or 2 for classes unknown', async () => {
  const fails = async (words: readonly string[], code: number, message: string): Promise<void> => {
    const failed = await command([...words, '--engine', 'reference']);
    assert.deepEqual([failed.code, failed.err.split('\n')[0]], [code, message]);
  };
  const none = playground.path('none');
  await writeFiles(none, { 'bad.jpg': 'text', 'more/notes.txt': 'x' });
  await fails(['predict', model, join(none, 'bad.jpg')], 1, 'The picture could not be read.');
  await fails(
    ['predict', model, join(none, 'bad.jpg'), none],
    1,
    'None of the 2 pictures could be read.',
  );
  await fails(
    ['predict', model, join(none, 'more')],
    1,
    `No pictures were found in ${join(none, 'more')}.`,
  );
  await fails(
    ['predict', join(none, 'x.safetensors'), photos],
    1,
    `${join(none, 'x.safetensors')} could not be opened: there is no such file or folder.`,
  );
  const misnamed = playground.path('misnamed');
  await writeFiles(misnamed, { 'lihgt/1.png': await readFile(join(photos, 'light', '0.png')) });
  await fails(
    ['evaluate', model, misnamed],
    2,
    'The model has no label "lihgt", which is a folder of the data. Did you mean "light"? ' +
      'Its 3 labels are: dark, grey, light.',
  );
  await writeFiles(misnamed, { 'light/broken.png': 'text' });
  await rm(join(misnamed, 'lihgt'), { recursive: true });
  await fails(
    ['evaluate', model, misnamed],
    1,
    `None of the 1 pictures of ${misnamed} could be read. The first: light/broken.png: ` +
      'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture but found text.',
  );
});

test('alexnet evaluate names the pictures that it skipped', async () => {
  const spoilt = playground.path('spoilt');
  await writeGreys(spoilt, 2);
  await writeFiles(spoilt, { 'grey/broken.jpg': '' });
  const { code, out, err } = await command([
    'evaluate',
    model,
    spoilt,
    '--engine',
    'reference',
    '--json',
  ]);
  const failed = '1 of 7 pictures could not be read';
  assert.deepEqual(
    [code, err],
    [
      1,
      'skipped grey/broken.jpg: The file is empty.\n' +
        `${failed} (--skip-bad exits with 0 all the same).\n`,
    ],
  );
  const words = ['evaluate', model, spoilt, '--engine', 'reference', '--skip-bad'];
  const skipping = await command(words);
  assert.deepEqual(
    [skipping.code, skipping.err],
    [0, `skipped grey/broken.jpg: The file is empty.\n${failed}.\n`],
  );
  // With three classes top-5 says nothing.
  assert.match(skipping.out, /\ntop-1 \d+\.\d %, loss \d+\.\d+ on 6 pictures\n/);
  assertAnswer('evaluate', JSON.parse(out));
  const { images, skipped } = JSON.parse(out) as { images: number; skipped: unknown };
  assert.deepEqual(
    [images, skipped],
    [6, [{ file: 'grey/broken.jpg', kind: 'empty', detail: 'The file is empty.' }]],
  );
});

test('alexnet predict and evaluate say what they guess of foreign weights', async () => {
  const at = (name: string): string =>
    new URL(`../../../test/weights/${name}`, import.meta.url).pathname;
  const theirs = at('torchvision.pth');
  const { code, err } = await command(['predict', theirs, at('photograph.png')]);
  assert.equal(code, 0, err);
  assert.match(err, /torchvision\.pth: The file does not say how its pictures are made ready: RGB/);
  assert.match(err, /torchvision\.pth: The file has no labels: /);
  const folder = playground.path('numbered');
  for (const name of ['class 0', 'class 3']) {
    await mkdir(join(folder, name), { recursive: true });
    await copyFile(at('photograph.png'), join(folder, name, 'a.png'));
  }
  const evaluated = await command(['evaluate', theirs, folder]);
  assert.equal(evaluated.code, 0, evaluated.err);
  for (const line of err.split('\n')) assert.ok(evaluated.err.includes(line), evaluated.err);
});
