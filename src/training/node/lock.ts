import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { reason } from '#platform';
import { AlexNetError } from '../../errors.ts';

/** The file that says which process trains in a run folder. */
export const lockName = 'run.lock';

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When it took the folder, ISO 8601. */
  readonly since: string;
  /** What the system says of the process's start, where it does: numbers are given again. */
  readonly start: string | null;
}

/** A holder shows that it lives this often. */
const renewMilliseconds = 60_000;

/** Of a process on another machine one can only see whether it still does. */
const silentMilliseconds = 600_000;

/** A run folder that is ours alone until it is given back. */
export interface Lock {
  release(): Promise<void>;
}

/** Folders that this process holds: its own number in a lock may be an earlier process's. */
const held = new Set<string>();

/**
 * Takes a run folder for this process. The lock of a process that has ended is taken over.
 * @param remark told of such a takeover.
 * @throws {AlexNetError} where another process trains there.
 */
export async function lockFolder(folder: string, remark: (text: string) => void): Promise<Lock> {
  const path = join(folder, lockName);
  const own: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    start: await startOf(process.pid),
  };
  const content = `${JSON.stringify(own)}\n`;
  for (let attempt = 0; !(await create(path, content)); attempt++) {
    const found = await readFile(path, 'utf8').catch(() => undefined);
    if (found === undefined) continue; // it was given back meanwhile
    if (attempt > 3 || (await isAlive(path, found))) throw heldError(folder, path, found);
    if (await remove(path, found))
      remark(`${folder} was held by ${nameOf(found)}, which has ended: the run is taken over.`);
  }
  held.add(path);
  const renewal = setInterval(() => void renew(path, content), renewMilliseconds).unref();
  return {
    release: async () => {
      clearInterval(renewal);
      held.delete(path);
      if ((await readFile(path, 'utf8').catch(() => undefined)) === content)
        await rm(path, { force: true });
    },
  };
}

/** @throws {AlexNetError} where another process trains in a folder. */
export async function refuseHeld(folder: string): Promise<void> {
  const path = join(folder, lockName);
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found !== undefined && (await isAlive(path, found))) throw heldError(folder, path, found);
}

/** @returns false where there is a lock already. */
async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new AlexNetError(`${path} could not be written: ${reason(error)}.`, { cause: error });
  }
}

/** Removes a dead process's lock, unless another has taken it over meanwhile. */
async function remove(path: string, dead: string): Promise<boolean> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return false;
  }
  const moved = await readFile(aside, 'utf8');
  if (moved !== dead) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return moved === dead;
}

async function isAlive(path: string, content: string): Promise<boolean> {
  const holder = parse(content);
  if (holder === undefined || holder.host !== hostname()) return !(await isSilent(path));
  if (holder.pid === process.pid) return held.has(path);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const start = await startOf(holder.pid);
  return start === null || holder.start === null || start === holder.start;
}

/** By the clock of the disk that the lock lies on: machines' clocks differ. */
async function isSilent(path: string): Promise<boolean> {
  const probe = `${path}.${randomUUID()}`;
  try {
    await writeFile(probe, '');
    const [now, then] = [await stat(probe), await stat(path)];
    return now.mtimeMs - then.mtimeMs > silentMilliseconds;
  } catch {
    return false;
  } finally {
    await rm(probe, { force: true });
  }
}

/** Writes the same again, so that the disk's clock tells when. */
async function renew(path: string, content: string): Promise<void> {
  const file = await open(path, 'r+').catch(() => undefined);
  await file?.write(content, 0).catch(() => undefined);
  await file?.close().catch(() => undefined);
}

/** Linux: the ticks from the machine's start to the process's. */
async function startOf(pid: number): Promise<string | null> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field, the program's name, may hold spaces and brackets.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function heldError(folder: string, path: string, content: string): AlexNetError {
  return new AlexNetError(
    `${folder} is in use: ${nameOf(content)} trains there. Wait for it or end it; ` +
      `if it has ended, remove ${path}.`,
  );
}

function nameOf(content: string): string {
  const holder = parse(content);
  return holder === undefined
    ? 'another process'
    : `process ${holder.pid} on ${holder.host} (since ${holder.since})`;
}

function parse(content: string): Holder | undefined {
  try {
    const { pid, host, since, start } = JSON.parse(content) as Partial<Holder>;
    const complete =
      Number.isSafeInteger(pid) &&
      pid! > 0 &&
      typeof host === 'string' &&
      typeof since === 'string';
    return complete ? { pid: pid!, host, since, start: start ?? null } : undefined;
  } catch {
    return undefined;
  }
}
