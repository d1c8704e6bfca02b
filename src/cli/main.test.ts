import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { engines } from '../engine/registry.ts';
import { variants } from '../network/variants.ts';
import { assertAnswer } from '../testing/answers.ts';
import { answers, answersText } from './answers.ts';
import { main, verbs } from './main.ts';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], { isTTY = false, columns = 80 } = {}): Promise<Run> {
  const texts = { out: '', err: '' };
  const stream = (
    name: 'out' | 'err',
  ): { isTTY: boolean; columns: number; write: (text: string) => boolean; on: () => void } => ({
    isTTY,
    columns,
    write: (text) => {
      texts[name] += text;
      return true;
    },
    on: () => undefined,
  });
  const code = await main(argv, { stdout: stream('out'), stderr: stream('err') });
  return { code, ...texts };
}

function json(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

describe('alexnet explain', () => {
  test("gives the contract's JSON and nothing else", async () => {
    const { code, out, err } = await run(['explain', '--variant', 'paper', '--json']);
    assert.equal(code, 0);
    assert.equal(err, '');
    const answer = json(out);
    assert.deepEqual(Object.keys(answer), ['variant', 'input', 'layers', 'totals', 'network']);
    assert.equal(answer['variant'], 'paper');
    assert.deepEqual(answer['input'], [3, 227, 227]);
    assert.deepEqual(answer['totals'], {
      parameters: 60_965_224,
      multiplyAdds: 724_406_816,
      weightsBytes: 243_860_896,
      trainingBytes: 1_753_097_952,
    });
    const layers = answer['layers'] as Record<string, unknown>[];
    assert.deepEqual(layers[0], {
      name: 'conv1',
      type: 'convolution',
      output: [96, 55, 55],
      parameters: 34_944,
      multiplyAdds: 105_415_200,
    });
    assert.deepEqual(
      layers.find(({ name }) => name === 'fc6'),
      {
        name: 'fc6',
        type: 'dense',
        output: [4096],
        parameters: 37_752_832,
        multiplyAdds: 37_748_736,
      },
    );
    assert.deepEqual(layers.at(-1), {
      name: 'softmax',
      type: 'softmax',
      output: [1000],
      parameters: 0,
      multiplyAdds: 0,
    });
  });

  test('counts caffe and caffenet as the paper', async () => {
    for (const variant of ['caffe', 'caffenet']) {
      const { parameters, multiplyAdds } = json(
        (await run(['explain', '--variant', variant, '--json'])).out,
      )['totals'] as Record<string, number>;
      assert.deepEqual([parameters, multiplyAdds], [60_965_224, 724_406_816], variant);
    }
  });

  test('takes classes, input and batch', async () => {
    const answer = json(
      (
        await run([
          'explain',
          '--variant',
          'small',
          '--classes',
          '10',
          '--input',
          '64',
          '--batch',
          '1',
          '--json',
        ])
      ).out,
    );
    assert.deepEqual(answer['input'], [3, 64, 64]);
    assert.deepEqual((answer['layers'] as Record<string, unknown>[]).at(-1)!['output'], [10]);
  });

  test('is a plain table where it is piped', async () => {
    const { out } = await run(['explain']);
    const lines = out.split('\n');
    assert.equal(
      lines[0],
      'paper: two towers, as the paper of 2012 describes it; LRN inside each tower; 227×227',
    );
    const conv1 = lines.find((line) => line.startsWith('conv1'))!;
    assert.deepEqual(conv1.split(/ {2,}/), [
      'conv1',
      '96 of 11×11×3, stride 4',
      'floor((227 − 11 + 2·0)/4) + 1 = 55',
      '96×55×55',
      '34,944',
      '0.1 %',
      '105,415,200',
      '14.6 %',
      '149 MB',
    ]);
    assert.ok(
      lines.includes(
        'The convolutions hold 3.8 % of the parameters and do 91.9 % of the work; the dense ' +
          'layers hold 96.2 % of the parameters and do 8.1 % of the work.',
      ),
    );
    assert.ok(!out.includes('\u001b'));
  });

  test('fits a narrow terminal, with the formulas under their layers', async () => {
    for (const variant of Object.keys(variants)) {
      const { out } = await run(['explain', '--variant', variant], { isTTY: true, columns: 80 });
      const table = stripVTControlCharacters(out)
        .split('\n')
        .filter((line) => /^(conv|pool|fc|total)/.test(line));
      assert.ok(
        table.every((line) => line.length <= 80),
        variant,
      );
    }
    const { out } = await run(['explain'], { isTTY: true, columns: 80 });
    assert.match(
      stripVTControlCharacters(out),
      /\nconv1 .+\n {2}96 of 11×11×3, stride 4: floor\(\(227 − 11 \+ 2·0\)\/4\) \+ 1 = 55\n/,
    );
  });

  test('has colours on a terminal, unless NO_COLOR is set', async () => {
    assert.ok((await run(['explain'], { isTTY: true })).out.includes('\u001b[1m'));
    process.env['NO_COLOR'] = '1';
    try {
      assert.ok(!(await run(['explain'], { isTTY: true })).out.includes('\u001b'));
    } finally {
      delete process.env['NO_COLOR'];
    }
  });

  test('refuses an unknown variant with the nearest name and the list', async () => {
    assert.deepEqual(await run(['explain', '--variant', 'papr', '--json']), {
      code: 2,
      out: '',
      err:
        'There is no variant "papr". Did you mean "paper"? The variants are: paper, single, ' +
        'source, caffe, caffenet, torchvision, onetower, small.\nUsage: alexnet explain ' +
        '[options] [model]\nMore: alexnet explain --help\n',
    });
  });

  test('refuses 224 for the paper in one sentence after another, without a stack', async () => {
    const { code, out, err } = await run(['explain', '--input', '224']);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(
      err,
      /^Layer "conv1" does not fit its input of 3×224×224: .+Four ways that are right: .+\n$/,
    );
  });

  test('draws into a file', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'alexnet-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'caffe.svg');
    const { code, out, err } = await run([
      'explain',
      '--variant',
      'caffe',
      '--svg',
      file,
      '--json',
    ]);
    assert.deepEqual([code, err], [0, `Drawn into ${file}.\n`]);
    assert.equal(json(out)['variant'], 'caffe');
    assert.match(
      await readFile(file, 'utf8'),
      /<title>AlexNet, variant caffe: 60,965,224 parameters, 724,406,816 multiply-adds<\/title>/,
    );
    const missing = join(folder, 'none', 'a.svg');
    const failed = await run(['explain', '--svg', missing]);
    assert.equal(failed.code, 1);
    assert.equal(
      failed.err,
      `--svg ${missing} could not be written: there is no such file or folder.\n`,
    );
  });
});

describe('alexnet doctor', () => {
  test('names every engine of the registry', async () => {
    const { code, out, err } = await run(['doctor', '--json']);
    assert.deepEqual([code, err], [0, '']);
    const answer = json(out);
    assert.deepEqual(Object.keys(answer), ['node', 'threads', 'engines']);
    assert.equal(answer['node'], process.versions.node);
    const found = answer['engines'] as Record<string, unknown>[];
    assert.deepEqual(
      found.map(({ name }) => name),
      engines.map(({ name }) => name),
    );
    for (const engine of found) {
      const { integers = true, ...rest } = engine;
      assert.deepEqual(Object.keys(rest), ['name', 'available', 'reason', 'details']);
      assert.equal(integers, true);
      assert.match(String(engine['reason']), /\.$/);
    }
  });

  test('says to a person which engine is taken', async () => {
    const { out } = await run(['doctor']);
    assert.match(out, /✔ reference {2}Plain TypeScript/);
    assert.match(out, /"--engine auto" takes \w+\./);
  });
});

describe('alexnet bench', () => {
  for (const mode of ['infer', 'train']) {
    test(`answers with the contract's keys for ${mode}`, async () => {
      const { code, out } = await run([
        'bench',
        '--variant',
        'small',
        '--batch',
        '2',
        '--steps',
        '1',
        '--mode',
        mode,
        '--threads',
        '1',
        '--json',
      ]);
      assert.equal(code, 0);
      const answer = json(out);
      assert.deepEqual(Object.keys(answer), [
        'engine',
        'variant',
        'batch',
        'precision',
        'threads',
        'mode',
        'imagesPerSecond',
        'milliseconds',
        'flopsPerImage',
        'flopsPerSecond',
      ]);
      assert.deepEqual(
        [
          answer['variant'],
          answer['batch'],
          answer['precision'],
          answer['threads'],
          answer['mode'],
        ],
        ['small', 2, 'f32', 1, mode],
      );
      const { milliseconds, imagesPerSecond, flopsPerImage, flopsPerSecond } = answer as Record<
        string,
        number
      >;
      assert.ok(milliseconds! > 0);
      assert.ok(Math.abs((imagesPerSecond! * milliseconds!) / 2000 - 1) < 1e-9);
      assert.ok(Math.abs(flopsPerSecond! / (imagesPerSecond! * flopsPerImage!) - 1) < 1e-9);
    });
  }

  test('refuses an unknown engine and an unknown precision', async () => {
    const engine = await run(['bench', '--engine', 'cuda']);
    assert.deepEqual(
      [engine.code, engine.err.split('\n')[0]],
      [
        2,
        'There is no engine "cuda". The engines are: auto, ' +
          `${engines.map(({ name }) => name).join(', ')}.`,
      ],
    );
    const precision = await run(['bench', '--precision', 'f64']);
    assert.deepEqual(
      [precision.code, precision.err.split('\n')[0]],
      [2, "Option '--precision <p>' argument 'f64' is invalid. Allowed choices are f32, bf16."],
    );
  });
});

describe('alexnet', () => {
  test('lists its verbs without one, and with --help', async () => {
    for (const argv of [[], ['--help'], ['help']]) {
      const { code, out, err } = await run(argv);
      assert.deepEqual([code, err], [0, '']);
      for (const verb of Object.keys(verbs)) assert.match(out, new RegExp(`\\n  ${verb} `));
    }
  });

  for (const verb of Object.keys(verbs)) {
    test(`${verb} --help has an example and the common options`, async () => {
      for (const argv of [
        [verb, '--help'],
        ['help', verb],
      ]) {
        const { code, out, err } = await run(argv);
        assert.deepEqual([code, err], [0, '']);
        assert.match(out, new RegExp(`Examples?:\\n(.*\\n)*? *(npx )?alexnet ${verb}`));
        for (const flag of ['--engine', '--threads', '--seed', '--quiet', '--json'])
          assert.ok(out.includes(flag), flag);
      }
    });
  }

  test('prints the version of the package', async () => {
    const { version } = json(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    assert.deepEqual(await run(['--version']), { code: 0, out: `${String(version)}\n`, err: '' });
  });

  test('refuses unknown verbs, flags and words with the usage and code 2', async () => {
    const list = Object.keys(verbs).join(', ');
    assert.deepEqual(await run(['exlain']), {
      code: 2,
      out: '',
      err:
        `There is no verb "exlain". Did you mean "explain"? The verbs are: ${list}.\nUsage: ` +
        'alexnet <verb> [options]\nMore: alexnet --help\n',
    });
    const usage = '\nUsage: alexnet explain [options] [model]\nMore: alexnet explain --help\n';
    assert.deepEqual(await run(['explain', '--nope']), {
      code: 2,
      out: '',
      err: `Unknown option '--nope'.${usage}`,
    });
    assert.deepEqual(await run(['explain', 'model', 'extra']), {
      code: 2,
      out: '',
      err: `Too many arguments for 'explain'. Expected 1 argument but got 2.${usage}`,
    });
    assert.deepEqual(await run(['explain', '--batch', '1.5']), {
      code: 2,
      out: '',
      err:
        "Option '--batch <n>' argument '1.5' is invalid. Expected a whole number of at least " +
        `1 but found "1.5".${usage}`,
    });
    assert.equal((await run(['constructor'])).code, 2);
    assert.equal((await run(['--nope'])).code, 2);
  });

  test('shows the stack of what is a bug of ours', async () => {
    const err: string[] = [];
    const broken = {
      write: () => {
        throw new TypeError('no such thing');
      },
      on: () => undefined,
    };
    const code = await main(['explain'], {
      stdout: broken,
      stderr: { write: (text) => err.push(text) > 0, on: () => undefined },
    });
    assert.equal(code, 1);
    assert.match(
      err.join(''),
      /^This is a bug of alexnet, not a mistake of yours\. Please report it with these lines:\nTypeError: no such thing\n {4}at /,
    );
  });

  test('ends quietly when nobody reads on', async () => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../bin/alexnet', import.meta.url)), 'explain'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stdout.destroy();
    const err: Buffer[] = [];
    child.stderr.on('data', (data: Buffer) => err.push(data));
    const [code] = (await once(child, 'close')) as [number];
    assert.deepEqual([code, Buffer.concat(err).toString()], [0, '']);
  });
});

describe('what is too much or cannot be written', () => {
  test('threads are at most four per core, and bench has a highest number of steps', async () => {
    for (const words of [
      ['doctor', '--threads', '100000'],
      ['bench', '--steps', '9007199254740991'],
      ['bench', '--batch', '9007199254740991'],
    ]) {
      const { code, err } = await run(words);
      assert.equal(code, 2, words.join(' '));
      assert.match(err, /Expected a whole number from 1 to \d+ but found "\d+"\./);
    }
  });

  test(
    'an answer that does not fit on the disk is a failure in a sentence',
    { skip: process.platform !== 'linux' && 'only Linux has /dev/full' },
    async () => {
      const full = await open('/dev/full', 'w');
      const program = fileURLToPath(new URL('../../bin/alexnet', import.meta.url));
      const child = spawn(process.execPath, [program, 'explain'], {
        stdio: ['ignore', full.fd, 'pipe'],
      });
      let err = '';
      child.stderr!.on('data', (data: Buffer) => (err += data.toString()));
      const [code] = (await once(child, 'close')) as [number];
      await full.close();
      assert.deepEqual(
        [code, err],
        [1, 'Standard output could not be written: the disk is full.\n'],
      );
    },
  );

  test('progress that cannot be written stops nothing', async () => {
    const listeners: ((error: NodeJS.ErrnoException) => void)[] = [];
    const stream = { write: () => true, on: () => undefined };
    const stderr = {
      write: () => true,
      on: (_: 'error', listener: (error: NodeJS.ErrnoException) => void) =>
        listeners.push(listener),
    };
    assert.equal(await main(['explain'], { stdout: stream, stderr }), 0);
    for (const code of ['ENOSPC', 'EPIPE', 'EIO'])
      for (const listener of listeners) listener(Object.assign(new Error(code), { code }));
    assert.equal(listeners.length, 1);
  });
});

describe('--help shows the keys of the JSON', () => {
  test('of every verb', async () => {
    for (const [name, answer] of Object.entries(answers)) {
      const form = / (MODEL|--\S+)$/.exec(name);
      const words = (form === null ? name : name.slice(0, form.index)).split(' ');
      const { code, out } = await run([...words, '--help']);
      assert.equal(code, 0, name);
      const given = form === null ? '' : `${form[1]} and `;
      assert.ok(out.includes(`\nWith ${given}--json:\n  ${answer}`), name);
    }
    for (const verb of Object.keys(verbs))
      assert.ok(
        Object.keys(answers).some((name) => name.split(' ')[0] === verb),
        verb,
      );
  });

  test('as they are', async () => {
    const bench = ['bench', '--variant', 'small', '--batch', '1', '--steps', '1'];
    const weights = fileURLToPath(new URL('../../test/weights/torchvision.pth', import.meta.url));
    const asked: Record<string, string[]> = {
      explain: ['explain'],
      'explain MODEL': ['explain', weights],
      doctor: ['doctor'],
      bench,
    };
    for (const [form, words] of Object.entries(asked))
      assertAnswer(form, json((await run([...words, '--json'])).out));
    assert.throws(() => assertAnswer('convert', { from: 'a', to: 'b' }), /parameters is missing/);
    assert.throws(() => assertAnswer('app', { address: '', more: 1 }), /more is not promised/);
  });

  test('in the guide too', async () => {
    const guide = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    assert.ok(guide.includes(answersText()), 'docs/cli.md: run `make docs`');
  });
});
