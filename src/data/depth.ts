import { ensure } from '../errors.ts';
import { byName } from './class-folder.ts';
import type { ClassFolder } from './class-folder.ts';

/** Folders in folders beyond this are nobody's classes. */
export const maximumDepth = 8;

/**
 * Class folders read at another depth: at 1 each folder is a class with all that is below it, at 2
 * each folder in it is one, called `animal/cat`. A picture that lies higher belongs to the folder
 * that it is in.
 */
export function atDepth(folders: readonly ClassFolder[], depth: number): ClassFolder[] {
  ensure(
    Number.isInteger(depth) && depth >= 1 && depth <= maximumDepth,
    `Expected a depth from 1 to ${maximumDepth} but found ${depth}.`,
  );
  if (depth === 1) return [...folders];
  const all = folders.flatMap((folder) => {
    const classes = new Map<
      string,
      { name: string; source: ClassFolder['files'][number]['source'] }[]
    >();
    for (const { name, source } of folder.files) {
      const steps = name.split('/');
      const taken = Math.min(depth - 1, steps.length - 1);
      const own = [folder.name, ...steps.slice(0, taken)].join('/');
      const files = classes.get(own) ?? [];
      files.push({ name: steps.slice(taken).join('/'), source });
      classes.set(own, files);
    }
    const found = [...classes].map(([name, files], i) => ({
      name,
      files,
      left: i === 0 ? folder.left : 0,
    }));
    return found.length > 0 ? found : [folder];
  });
  return all.toSorted(byName);
}

/**
 * What else folders could be read as, where folders hold folders: a sentence with the number of
 * classes at each depth, or undefined where there is one reading.
 */
export function otherReadings(
  folders: readonly ClassFolder[],
  depth: number | undefined,
): string | undefined {
  if (depth !== undefined) return undefined;
  const counts: number[] = [];
  for (let each = 1; each <= deepest(folders); each++)
    counts.push(atDepth(folders, each).filter(({ files }) => files.length > 0).length);
  if (counts.every((count) => count === counts[0])) return undefined;
  const [first, ...more] = counts.map(
    (count, i) => `${count} ${count === 1 ? 'class' : 'classes'} at depth ${i + 1}`,
  );
  return (
    `The folders hold folders: they are ${first}, ${more.join(', ')}. Depth 1 is taken; ` +
    'choose with --depth.'
  );
}

/** How far down there are pictures. */
function deepest(folders: readonly ClassFolder[]): number {
  let most = 1;
  for (const { files } of folders)
    for (const { name } of files)
      if (name.includes('/')) most = Math.max(most, name.split('/').length);
  return Math.min(maximumDepth, most);
}
