import { Option } from 'commander';
import { AlexNetError } from '../errors.ts';
import { grouped } from '../text.ts';
import type { Terminal } from './terminal.ts';

/** Of verbs that go on past pictures that cannot be read. */
export function skipBadOption(): Option {
  return new Option('--skip-bad', 'exit with 0 though pictures could not be read');
}

/**
 * The last line of a verb that answered for some pictures and not for others.
 * @throws {AlexNetError} with it, after the answer, unless that was asked for with `--skip-bad`: so
 * the exit code says that not all were answered.
 */
export function tellFailed(
  failed: number,
  all: number,
  { skipBad }: { readonly skipBad?: true },
  terminal: Terminal,
): void {
  if (failed === 0) return;
  const line = `${grouped(failed)} of ${grouped(all)} pictures could not be read`;
  if (!skipBad) throw new AlexNetError(`${line} (--skip-bad exits with 0 all the same).`);
  terminal.note(`${line}.`);
}
