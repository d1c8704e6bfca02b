import { execFile } from 'node:child_process';
import {
  access,
  constants,
  mkdir,
  readFile,
  readdir,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AlexNetError } from '../../errors.ts';
import { buildFolders, sourceFolder } from './paths.ts';

const run = promisify(execFile);

export interface Built {
  readonly built: true;
  /** Sources compiled this time: 0 where everything was there already. */
  readonly compiled: number;
  /** The addon's file. */
  readonly library: string;
  /** Of the oneDNN headers it was built against. */
  readonly version: string;
}

/** How this machine compiles. */
interface Toolchain {
  readonly compiler: string;
  readonly version: string;
  readonly compile: readonly string[];
  readonly link: readonly string[];
}

const whatToInstall = {
  linux:
    'On Debian and Ubuntu: apt install g++ libdnnl-dev. On Fedora: dnf install gcc-c++ onednn-devel. With conda: conda install -c conda-forge cxx-compiler onednn.',
  darwin: 'With Homebrew: xcode-select --install && brew install onednn libomp.',
  other: 'Install a C++17 compiler with OpenMP, and oneDNN with its headers.',
};

/**
 * Builds the addon from the package's own sources with the system's compiler against the system's
 * oneDNN. Nothing is downloaded. It is made for this machine's processor (`-march=native`), so it
 * is not for copying to another.
 * @param onProgress told which file is compiled.
 * @throws {AlexNetError} that says what to install, or shows what the compiler said.
 */
export async function buildAddon(
  onProgress: (line: string) => void = () => undefined,
): Promise<Built> {
  const toolchain = await findToolchain();
  const folder = await writableFolder();
  const sources = (await readdir(sourceFolder)).filter((file) => file.endsWith('.cc')).toSorted();
  const newestHeader = await newest(
    (await readdir(sourceFolder))
      .filter((file) => file.endsWith('.h'))
      .map((file) => join(sourceFolder, file)),
  );
  const key = JSON.stringify([toolchain, process.version, await processor()]);
  const fresh = (await readFile(join(folder, 'settings'), 'utf8').catch(() => '')) === key;
  const objects = sources.map((file) => join(folder, file.replace(/\.cc$/, '.o')));
  const stale = await filterAsync(
    sources,
    async (file, i) =>
      !fresh ||
      (await newest([objects[i]!])) <=
        Math.max(newestHeader, await newest([join(sourceFolder, file)])),
  );
  await inParallel(stale, async (file) => {
    onProgress(`${toolchain.compiler} ${file}`);
    await compiler(toolchain.compiler, [
      ...toolchain.compile,
      '-c',
      join(sourceFolder, file),
      '-o',
      join(folder, file.replace(/\.cc$/, '.o')),
    ]);
  });
  const library = join(folder, 'alexnet.node');
  if (stale.length > 0 || (await newest([library])) === 0) {
    // Renamed into place, so that a process that has the old one open keeps it whole.
    await compiler(toolchain.compiler, [
      '-shared',
      '-o',
      `${library}.new`,
      ...objects,
      ...toolchain.link,
    ]);
    await rename(`${library}.new`, library);
    await writeFile(join(folder, 'settings'), key);
  }
  return { built: true, compiled: stale.length, library, version: toolchain.version };
}

async function findToolchain(): Promise<Toolchain> {
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
      '-std=c++17',
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
  const probe = join(sourceFolder, 'version.h');
  const text = await output(compilerName, [
    '-std=c++17',
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

async function compiler(command: string, words: readonly string[]): Promise<void> {
  try {
    await run(command, words, { maxBuffer: 2 ** 26 });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new AlexNetError(
      `The onednn engine could not be built. The compiler said:\n${said.trim()}\n${advice()}`,
      { cause: error },
    );
  }
}

async function writableFolder(): Promise<string> {
  for (const folder of buildFolders()) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      return folder;
    } catch {
      // the next one
    }
  }
  throw new AlexNetError(
    `None of the folders for the built engine can be written: ${buildFolders().join(', ')}. Make one of them writable.`,
  );
}

/** What `-march=native` depends on. */
async function processor(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /^flags\s*:.*$/m.exec(text)?.[0] ?? process.arch;
}

/** The newest time of change in milliseconds, 0 where a file is missing. */
async function newest(files: readonly string[]): Promise<number> {
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(0, ...times);
}

async function filterAsync<T>(
  items: readonly T[],
  test: (item: T, index: number) => Promise<boolean>,
): Promise<T[]> {
  const results = await Promise.all(items.map(test));
  return items.filter((_, index) => results[index]);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

function advice(): string {
  return `${process.platform === 'linux' ? whatToInstall.linux : process.platform === 'darwin' ? whatToInstall.darwin : whatToInstall.other} Then run "npx alexnet native" again.`;
}
