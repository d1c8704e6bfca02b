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
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AlexNetError } from '../../../errors.ts';
import { buildFolders, sourceFolder } from './paths.ts';
import { advice, findToolchain } from './toolchain.ts';
import type { Toolchain } from './toolchain.ts';

const run = promisify(execFile);

/** The folders of `native/` that the addon is made of. */
const sourceFolders = ['base', 'tiles', 'layers', 'node'];

export interface Built {
  readonly built: true;
  /** Sources compiled this time: 0 where everything was there already. */
  readonly compiled: number;
  /** The addon's file. */
  readonly library: string;
  /** Of the oneDNN headers it was built against. */
  readonly version: string;
}

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
  const key = JSON.stringify([toolchain, process.version, await processor()]);
  const settings = join(folder, 'settings');
  const fresh = (await readFile(settings, 'utf8').catch(() => '')) === key;
  const files = await listFiles(sourceFolder);
  const sources = files.filter((file) => file.endsWith('.cc'));
  const objects = sources.map((file) => objectOf(folder, file));
  const stale = fresh ? await staleSources(sourceFolder, folder) : sources;
  await inParallel(stale, async (file) => {
    onProgress(`${toolchain.compiler} ${file}`);
    await compileSource(toolchain, file, objectOf(folder, file));
  });
  const library = join(folder, 'alexnet.node');
  if (stale.length > 0 || (await newest([library])) === 0) {
    await link(toolchain, objects, library);
    await writeFile(settings, key);
  }
  return { built: true, compiled: stale.length, library, version: toolchain.version };
}

/**
 * The sources, named from `from`, that are newer than their objects in `built`; all of them where a
 * header is, whatever its folder.
 */
export async function staleSources(from: string, built: string): Promise<string[]> {
  const files = await listFiles(from);
  const headers = files.filter((file) => file.endsWith('.h'));
  const newestHeader = await newest(headers.map((file) => join(from, file)));
  const stale: string[] = [];
  for (const file of files.filter((name) => name.endsWith('.cc'))) {
    const written = Math.max(newestHeader, await newest([join(from, file)]));
    if ((await newest([objectOf(built, file)])) <= written) stale.push(file);
  }
  return stale;
}

/** Sources and headers, `layers/lrn.cc`, in one order on every machine. */
async function listFiles(from: string): Promise<string[]> {
  const lists = await Promise.all(
    sourceFolders.map(async (folder) =>
      (await readdir(join(from, folder))).map((file) => `${folder}/${file}`),
    ),
  );
  return lists.flat().toSorted();
}

function objectOf(built: string, source: string): string {
  return join(built, source.replace(/\.cc$/, '.o'));
}

async function compileSource(toolchain: Toolchain, source: string, object: string): Promise<void> {
  await mkdir(dirname(object), { recursive: true });
  const file = join(sourceFolder, source);
  await compiler(toolchain.compiler, [...toolchain.compile, '-c', file, '-o', object]);
}

/** Renamed into place, so that a process that has the old one open keeps it whole. */
async function link(
  toolchain: Toolchain,
  objects: readonly string[],
  library: string,
): Promise<void> {
  const made = `${library}.new`;
  await compiler(toolchain.compiler, ['-shared', '-o', made, ...objects, ...toolchain.link]);
  await rename(made, library);
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
  const folders = buildFolders().join(', ');
  throw new AlexNetError(
    `None of the folders for the built engine can be written: ${folders}. ` +
      'Make one of them writable.',
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

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}
