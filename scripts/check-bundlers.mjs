// Bundles a page and a program that use the package, with the bundlers that docs/bundlers.md speaks
// of and as it says, and runs what comes out: the page in Chromium, with threads and without. Not
// part of `make test`, because it installs the bundlers from npm. The checkout must be built.
//   node scripts/check-bundlers.mjs [BUNDLER…]
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { openPages } from '../dist/testing/pages.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** Trains on the wasm engine: kernels are wanted, its threads and those of the data. */
const page = `
  import * as door from 'alexnet';
  import { trainThreeSteps } from 'alexnet-testing/three-steps.js';
  globalThis.result = await trainThreeSteps(door).then(String, (error) => error.stack);`;

const program = `
  import { alexnet, findEngine } from 'alexnet';
  const engine = await findEngine('wasm');
  const network = alexnet('small', { classes: 3, width: 0.1 });
  const session = await engine.prepare(network, { mode: 'inference', batch: 1 });
  const answers = await session.forward(new Float32Array(3 * 32 * 32));
  await session.dispose();
  console.log(answers.length);`;

const indexHtml = '<!doctype html><script type="module" src="./page.js"></script>';

const webpackConfig = `
  export default {
    mode: 'production',
    entry: './page.js',
    experiments: { outputModule: true },
    output: { path: process.cwd() + '/page-out', filename: 'page.js', module: true },
  };`;

const viteConfig = `
  export default {
    build: {
      outDir: 'page-out',
      target: 'esnext',
      rolldownOptions: { input: 'page.js', output: { entryFileNames: 'page.js' } },
    },
  };`;

/** The line for a page, as docs/bundlers.md has it; and for a program. */
const bundlers = {
  vite: {
    packages: ['vite'],
    files: { 'vite.config.js': viteConfig },
    page: 'vite build',
  },
  rolldown: {
    packages: ['rolldown'],
    files: {},
    page: await documentedLine('rolldown page.js'),
    program: await documentedLine('rolldown program.js'),
  },
  webpack: {
    packages: ['webpack', 'webpack-cli'],
    files: { 'webpack.config.js': webpackConfig },
    page: 'webpack',
  },
  esbuild: {
    packages: ['esbuild'],
    files: {},
    page: await documentedLine('esbuild page.js'),
    program: await documentedLine('esbuild program.js'),
  },
};

/** The commands that the guide gives from this word on, up to the end of their block. */
async function documentedLine(start) {
  const guide = await readFile(join(root, 'docs', 'bundlers.md'), 'utf8');
  const from = guide.indexOf(start);
  if (from < 0) throw new Error(`docs/bundlers.md has no line "${start} …"`);
  return guide.slice(guide.lastIndexOf('```sh\n', from) + 6, guide.indexOf('```', from));
}

async function project(packages, files) {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-bundlers-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder });
  await symlink(root, join(folder, 'node_modules', 'alexnet'), 'junction');
  const testing = join(root, 'dist', 'testing');
  await symlink(testing, join(folder, 'node_modules', 'alexnet-testing'), 'junction');
  const all = { ...files, 'page.js': page, 'program.js': program, 'index.html': indexHtml };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  await mkdir(join(folder, 'page-out'));
  return folder;
}

async function shell(command, cwd) {
  const path = `${join(cwd, 'node_modules', '.bin')}:${process.env.PATH}`;
  await run('sh', ['-ec', command], { cwd, env: { ...process.env, PATH: path } });
}

async function checkPage(folder, command) {
  await shell(command, folder);
  const pages = await openPages(pathToFileURL(`${join(folder, 'page-out')}/`));
  try {
    const found = [];
    for (const isolated of [false, true])
      found.push(await pages.result("import('/page.js');", { isolated }));
    return found;
  } finally {
    await pages.close();
  }
}

async function checkProgram(folder, command) {
  await shell(command, folder);
  return (await run('node', ['program-out/program.js'], { cwd: folder })).stdout.trim();
}

const wanted = process.argv.slice(2);
let failures = 0;
function told(what, found, right) {
  if (!right) failures++;
  console.log(`${right ? '✔' : '✖'} ${what}: ${found}`);
}

for (const [name, { packages, files, page: pageLine, program: programLine }] of Object.entries(
  bundlers,
)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const folder = await project(packages, files);
  try {
    const results = await checkPage(folder, pageLine).catch((error) => [error.message]);
    // Three losses and the sum of the squares of the weights.
    const right = results.length === 2 && results.every((text) => text.split(',').length === 4);
    told(`${name}, a page`, results.join(' | '), right);
    if (programLine === undefined) continue;
    const answer = await checkProgram(folder, programLine).catch((error) => error.message);
    told(`${name}, a program`, answer, answer === '3');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
process.exitCode = failures === 0 ? 0 : 1;
