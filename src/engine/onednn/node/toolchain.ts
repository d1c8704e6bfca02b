import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AlexNetError } from '../../../errors.ts';
import { sourceFolder } from './paths.ts';

const run = promisify(execFile);

/** How this machine compiles. */
export interface Toolchain {
  readonly compiler: string;
  readonly version: string;
  readonly compile: readonly string[];
  readonly link: readonly string[];
}

const whatToInstall = {
  linux:
    'On Debian and Ubuntu: apt install g++ libdnnl-dev. ' +
    'On Fedora: dnf install gcc-c++ onednn-devel. ' +
    'With conda: conda install -c conda-forge cxx-compiler onednn.',
  darwin: 'With Homebrew: xcode-select --install && brew install onednn libomp.',
  other: 'Install a C++20 compiler with OpenMP, and oneDNN with its headers.',
};

/** What to do where the addon cannot be built. */
export function advice(): string {
  const { platform } = process;
  const known = platform === 'linux' || platform === 'darwin' ? platform : 'other';
  return `${whatToInstall[known]} Then run "npx alexnet native" again.`;
}

/**
 * @throws {AlexNetError} that says what to install, where there is no compiler or no oneDNN.
 */
export async function findToolchain(): Promise<Toolchain> {
  const prefixes = await libraryPrefixes();
  const search = {
    compile: prefixes.map((prefix) => `-I${prefix}/include`),
    link: prefixes.flatMap((prefix) => [`-L${prefix}/lib`, `-Wl,-rpath,${prefix}/lib`]),
  };
  const compilerName = await firstThatRuns([process.env['CXX'], 'g++', 'clang++', 'c++']);
  if (compilerName === undefined)
    throw new AlexNetError(
      `There is no C++ compiler (looked for $CXX, g++, clang++ and c++). ${advice()}`,
    );
  const headers = ['node-addon-api', 'node-api-headers'].map(headerFolder);
  const openmp = process.platform === 'darwin' ? ['-Xclang', '-fopenmp'] : ['-fopenmp'];
  const version = await libraryVersion(compilerName, search.compile);
  return {
    compiler: compilerName,
    version,
    compile: [
      '-std=c++20',
      '-O3',
      '-march=native',
      '-fno-math-errno',
      ...openmp,
      '-fPIC',
      '-fvisibility=hidden',
      '-Wall',
      '-Wextra',
      '-DNAPI_VERSION=8',
      '-DNAPI_CPP_EXCEPTIONS',
      `-I${sourceFolder}`,
      ...headers.map((folder) => `-I${folder}`),
      ...search.compile,
    ],
    link: [
      ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup', '-lomp'] : ['-fopenmp']),
      ...search.link,
      '-ldnnl',
    ],
  };
}

/**
 * Where package managers that have a folder of their own put libraries: Homebrew, an active conda
 * environment.
 */
async function libraryPrefixes(): Promise<string[]> {
  const brewed =
    process.platform === 'darwin'
      ? await Promise.all(['onednn', 'libomp'].map((name) => output('brew', ['--prefix', name])))
      : [];
  return [process.env['CONDA_PREFIX'], ...brewed].filter(
    (prefix) => prefix !== undefined && prefix !== '',
  ) as string[];
}

/** Asks the preprocessor, which knows where headers are. */
async function libraryVersion(compilerName: string, search: readonly string[]): Promise<string> {
  const probe = join(sourceFolder, 'base', 'version.h');
  const text = await output(compilerName, [
    '-std=c++20',
    '-E',
    '-P',
    '-x',
    'c++',
    ...search,
    probe,
  ]);
  const version = /oneDNN version (\d+) (\d+) (\d+)/.exec(text ?? '');
  if (version === null)
    throw new AlexNetError(`The headers of oneDNN were not found by ${compilerName}. ${advice()}`);
  return version.slice(1).join('.');
}

function headerFolder(name: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  return name === 'node-api-headers' ? join(folder, 'include') : folder;
}

async function firstThatRuns(
  commands: readonly (string | undefined)[],
): Promise<string | undefined> {
  for (const command of commands)
    if (
      command !== undefined &&
      command !== '' &&
      (await output(command, ['--version'])) !== undefined
    )
      return command;
  return undefined;
}

async function output(command: string, words: readonly string[]): Promise<string | undefined> {
  try {
    return (await run(command, words)).stdout.trim();
  } catch {
    return undefined;
  }
}
