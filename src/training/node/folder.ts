import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AlexNetError } from '../../errors.ts';
import { makeFolders } from '../../platform/node/folders.ts';
import { isUnfinished, reason, writeWhole } from '#platform';
import { parseRecord } from '../core/record.ts';
import type { RunRecord } from '../core/record.ts';
import { lockName } from './lock.ts';

/** The file with the record of a run. */
export const recordName = 'settings.json';

/** What a search for the learning rate leaves; a run may begin beside it. */
export const rateFiles = { table: 'rates.csv', page: 'rates.html' } as const;

/** `runs/<name of the data>`, with a number where that is taken. */
export async function freshFolder(data: string): Promise<string> {
  const name = basename(resolve(data)).replaceAll(/[^\p{L}\p{N}._-]+/gu, '-') || 'run';
  for (let n = 1; ; n++) {
    const folder = join('runs', n === 1 ? name : `${name}-${n}`);
    if ((await stat(folder).catch(() => undefined)) === undefined) return folder;
  }
}

/**
 * Makes the folder of a new run. @throws {AlexNetError} where it holds something already, but for
 * {@link rateFiles}, a lock and what a run left that was killed before it began.
 */
export async function createFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
  } catch (error) {
    throw new AlexNetError(
      `The run folder ${folder} could not be made: ${reason(error)}. Choose another with --out.`,
      { cause: error },
    );
  }
  const names = (await readdir(folder)).filter((name) => !mayBeThere(name));
  if (names.length === 0) return removeUnfinished(folder);
  if (names.includes(recordName))
    throw new AlexNetError(
      `${folder} already holds a run. Go on with it by --resume, or choose another folder ` +
        'with --out.',
    );
  throw new AlexNetError(
    `${folder} is not empty, and a run needs a folder of its own. Choose another with --out.`,
  );
}

function mayBeThere(name: string): boolean {
  const { table, page } = rateFiles;
  return name === table || name === page || name.startsWith(lockName) || isUnfinished(name);
}

/**
 * Removes what a killed run was writing: half a checkpoint may be some hundred megabytes. Nobody
 * else may be writing there.
 */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (isUnfinished(name)) await rm(join(folder, name), { force: true });
}

export async function writeRecord(folder: string, record: RunRecord): Promise<void> {
  await writeWhole(join(folder, recordName), [
    new TextEncoder().encode(`${JSON.stringify(record, undefined, 2)}\n`),
  ]);
}

/** @throws {AlexNetError} where there is no run, or its settings are damaged. */
export async function readRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, recordName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new AlexNetError(
      `There is no run to resume in ${folder}: ${path} could not be read (${reason(error)}).`,
      { cause: error },
    );
  }
  try {
    return parseRecord(JSON.parse(text));
  } catch (error) {
    throw new AlexNetError(
      `${path} is damaged: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
