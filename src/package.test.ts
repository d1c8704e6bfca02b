import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { extract } from 'tar';
import { build } from 'vite';
import { randomNumbers } from './testing/data.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * What a user gets: the packed files, unpacked into another project's node_modules beside their
 * dependencies.
 */
describe('the npm package', () => {
  let project = '';
  let files: string[] = [];
  const installed = (...path: string[]): string =>
    join(project, 'node_modules', 'alexnet', ...path);

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'alexnet-package-'));
    const { stdout } = await run(
      'npm',
      ['pack', '--ignore-scripts', '--json', '--pack-destination', project],
      { cwd: root },
    );
    const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    files = packed!.files.map(({ path }) => path);
    await mkdir(installed(), { recursive: true });
    await extract({ file: join(project, packed!.filename), cwd: installed(), strip: 1 });
    await linkDependencies(project);
    await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  });
  after(() => rm(project, { recursive: true, force: true }));

  test('holds the command, both entries with their types, and the licence', () => {
    for (const path of [
      'package.json',
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'bin/alexnet',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/browser.js',
      'dist/browser.d.ts',
      'dist/door/index.js',
      'dist/door/browser.js',
      'dist/command/main.js',
    ]) {
      assert.ok(files.includes(path), path);
    }
  });

  test('holds every file that its guides link to', async () => {
    const missing: string[] = [];
    for (const guide of files.filter((path) => path.endsWith('.md'))) {
      const text = await readFile(installed(guide), 'utf8');
      for (const [, link] of text.matchAll(/\]\((?!\w+:)([^)#\s]+)/g)) {
        const target = posix.join(posix.dirname(guide), link!);
        if (!files.some((path) => path === target || path.startsWith(`${target}/`)))
          missing.push(`${guide}: ${link}`);
      }
    }
    assert.ok(files.includes('docs/cli.md') && files.includes('examples/page/main.js'));
    assert.deepEqual(missing, []);
  });

  test('holds no tests and no leftovers of building', () => {
    assert.deepEqual(
      files.filter((path) =>
        /\.test\.|tsbuildinfo|(^|\/)testing\/|^(node_modules|build|runs)\//.test(path),
      ),
      [],
    );
  });

  test('has nothing to do or to download when it is installed', async () => {
    const { scripts } = JSON.parse(await readFile(installed('package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    assert.deepEqual(
      Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name)),
      [],
    );
  });

  test('runs its command and its library where it is installed', async () => {
    const command = await run(
      process.execPath,
      [installed('bin', 'alexnet'), 'explain', '--json'],
      { cwd: project },
    );
    assert.equal(
      (JSON.parse(command.stdout) as { totals: { parameters: number } }).totals.parameters,
      60_965_224,
    );
    await writeFile(
      join(project, 'use.js'),
      'import { alexnet, costs, findEngine } from ' +
        "'alexnet';\nconsole.log(costs(alexnet()).multiplyAdds, typeof findEngine);\n",
    );
    assert.equal(
      (await run(process.execPath, ['use.js'], { cwd: project })).stdout,
      '724406816 function\n',
    );
  });

  test('answers --help from one file, which brings nothing that is slow to load', async () => {
    const first = await readFile(installed('dist', 'command', 'main.js'), 'utf8');
    const imported = [...first.matchAll(/^import [^;]*?"([^"]+)";$/gm)].map(([, name]) => name!);
    assert.ok(imported.includes('commander'));
    const slow = (name: string): boolean =>
      !/^(commander|node:(fs|fs\/promises|os|path|url|worker_threads))$/.test(name);
    assert.deepEqual(imported.filter(slow), []);
  });

  test('gives on Node what its modules give, and one of each by both doors', async () => {
    const script = `
      import * as node from 'alexnet';
      import * as browser from 'alexnet/browser';
      const names = Object.keys(node);
      const different = Object.keys(browser).filter((name) => node[name] !== browser[name]);
      console.log(JSON.stringify({ names, different }));`;
    await writeFile(join(project, 'doors.js'), script);
    const { stdout } = await run(process.execPath, ['doors.js'], { cwd: project });
    const modules = (await import(new URL('index.js', import.meta.url).href)) as Record<
      string,
      unknown
    >;
    assert.deepEqual(JSON.parse(stdout), { names: Object.keys(modules), different: [] });
  });

  test('refuses with an error of one class, whichever module made it', async () => {
    const script = `
      import { AlexNetError, importWeights, openDataset, train } from 'alexnet';
      const trained = train({ data: 'none', out: 'run' });
      const refused = [importWeights('none.pth'), openDataset('none'), trained];
      const all = await Promise.allSettled(refused);
      console.log(all.map(({ reason }) => reason instanceof AlexNetError).join());`;
    await writeFile(join(project, 'refused.js'), script);
    assert.equal(
      (await run(process.execPath, ['refused.js'], { cwd: project })).stdout,
      'true,true,true\n',
    );
  });

  test("runs the README's example as it stands there", async () => {
    const [, example] = /```js\n(.+?)```/s.exec(await readFile(installed('README.md'), 'utf8'))!;
    await writeFile(join(project, 'example.js'), example!);
    await photographs(join(project, 'photos'));
    await copyFile(join(project, 'photos', 'light', '3.png'), join(project, 'cat.jpg'));
    const { stdout } = await run(process.execPath, ['example.js'], { cwd: project });
    assert.match(stdout, /^light, (0\.[5-9]\d|1\.00); top-1 in validation 1\.00\n$/);
  });

  /** What the compiler says about a file of the project, in this way of finding modules. */
  async function compiled(file: string, module: string, resolution: string): Promise<string> {
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--module',
      module,
      '--moduleResolution',
      resolution,
      '--target',
      'es2023',
      '--types',
      '',
      file,
    ];
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await run(process.execPath, [compiler, ...options], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    );
    return stdout;
  }

  test('ships types that a strict project can use', async () => {
    const lines = [
      "import { alexnet, costs, train, type Network, type Session } from 'alexnet';",
      "import { drawNetwork } from 'alexnet/browser';",
      "const network: Network = alexnet('paper');",
      'export const total: number = costs(network).parameters;',
      "export const picture: string = drawNetwork(network, 'paper');",
      'export const run = (session: Session): Promise<Float32Array> =>',
      '  session.forward(new Float32Array(total));',
      "export const trained = () => train({ data: 'photos', out: 'run' });",
    ];
    await writeFile(join(project, 'typed.ts'), lines.join('\n'));
    assert.equal(await compiled('typed.ts', 'nodenext', 'nodenext'), '');
  });

  test('promises to a page by its types only what the page gets', async () => {
    const lines = [
      "import { AlexNet, importWeights, openDataset } from 'alexnet';",
      'export const load = async (file: File): Promise<AlexNet> =>',
      '  AlexNet.of((await importWeights(file)).model);',
      'export const none = openDataset;',
    ];
    await writeFile(join(project, 'paged.ts'), lines.join('\n'));
    assert.match(
      await compiled('paged.ts', 'esnext', 'bundler'),
      /^paged\.ts\(1,\d+\): error TS2305: Module '"alexnet"' has no exported member 'openDataset'\.\n$/,
    );
  });

  test('bundles for the browser with Vite and without polyfills', async () => {
    await writeFile(
      join(project, 'page.js'),
      "import { alexnet, costs } from 'alexnet';\nexport const totals = " +
        "costs(alexnet());\nexport * from 'alexnet';\n",
    );
    const warnings: string[] = [];
    const warn = (message: string): void => {
      // How long Vite's own plugins took, said where a machine is busy, is no fault of the package.
      if (!message.includes('PLUGIN_TIMINGS')) warnings.push(message);
    };
    await build({
      root: project,
      configFile: false,
      publicDir: false,
      customLogger: {
        info: () => undefined,
        warn,
        warnOnce: warn,
        error: warn,
        clearScreen: () => undefined,
        hasErrorLogged: () => false,
        hasWarned: false,
      },
      build: {
        outDir: 'out',
        minify: false,
        lib: { entry: 'page.js', formats: ['es'], fileName: 'page' },
      },
    });
    assert.deepEqual(warnings, []);
    const out = join(project, 'out');
    for (const file of (await readdir(out, { recursive: true })).filter((name) =>
      name.endsWith('.js'),
    )) {
      const text = await readFile(join(out, file), 'utf8');
      assert.doesNotMatch(
        text,
        /__vite-browser-external|from\s*["']node:|require\(["']|["']#platform/,
        file,
      );
    }
    const { totals } = (await import(pathToFileURL(join(out, 'page.js')).href)) as {
      totals: { parameters: number };
    };
    assert.equal(totals.parameters, 60_965_224);
  });
});

/** Two classes that the brightness tells apart, with noise. */
async function photographs(folder: string): Promise<void> {
  for (const [label, name] of ['dark', 'light'].entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < 20; i++) {
      const pixels = Uint8ClampedArray.from(
        randomNumbers(80 * 64 * 3, 30, 20 * label + i),
        (noise) => 70 + 110 * label + noise,
      );
      await sharp(pixels, { raw: { width: 80, height: 64, channels: 3 } })
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}

/**
 * The dependencies that npm would have installed beside it, taken from here instead of from the
 * network.
 */
async function linkDependencies(project: string): Promise<void> {
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(project, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', name), link, 'junction');
  }
}
