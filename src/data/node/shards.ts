import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensure } from '../../errors.ts';
import { promisedBy } from '../../images/endings.ts';
import type { Dataset, DatasetOptions, Sample, Split } from '../dataset.ts';
import { finishDataset } from '../split.ts';
import { readMember, tarMembers } from './tar.ts';
import type { Member } from './tar.ts';
import { filesBelow } from './walk.ts';
import type { Found } from './walk.ts';

/**
 * Tar shards as WebDataset writes them: members that share a name up to its first dot are one
 * sample, `.cls` its class (a number, or a name), any picture ending its picture. `classes.txt`
 * beside the shards names the numbers, one a line. The split is told by the shard's name or folder:
 * `train-000000.tar`, `val/0007.tar`; else `train`.
 * @param root a folder of `.tar` files, or one of them.
 */
export async function tarShards(root: string, options: DatasetOptions = {}): Promise<Dataset> {
  const single = (await stat(root)).isFile();
  const shards: Found[] = single
    ? [{ path: root, name: basename(root) }]
    : (await filesBelow(root)).filter(({ name }) => name.endsWith('.tar'));
  ensure(shards.length > 0, `${root} has no .tar files in it.`);
  const names = await classNames(join(single ? dirname(root) : root, 'classes.txt'));
  const found: { sample: Omit<Sample, 'label'>; class: string }[] = [];
  const remarks: string[] = [];
  for (const shard of shards) {
    let without = 0;
    for await (const record of records(shard)) {
      if (record.class === undefined || record.picture === undefined) without++;
      else
        found.push({
          sample: {
            source: {
              path: shard.path,
              offset: record.picture.offset,
              bytes: record.picture.bytes,
            },
            name: `${shard.name}/${record.picture.name}`,
            split: splitOf(shard.name),
          },
          class: record.class,
        });
    }
    if (without > 0)
      remarks.push(
        `${shard.name}: ${without} ${without === 1 ? 'sample has' : 'samples have'} no picture ` +
          `or no .cls and ${without === 1 ? 'was' : 'were'} left out.`,
      );
  }
  ensure(
    found.length > 0,
    `${root} has ${shards.length} .tar ${shards.length === 1 ? 'file' : 'files'} but no samples ` +
      'in them. Expected members like 000001.jpg and 000001.cls.',
  );
  const classes = names ?? classesOf(found);
  const index = new Map(classes.map((name, i) => [name, i]));
  const samples = found.map(({ sample, class: text }) => ({
    ...sample,
    label: labelOf(text, classes, index, sample.name, names !== undefined),
  }));
  return finishDataset({ classes, samples, remarks, kind: 'shards', root }, options);
}

interface ShardRecord {
  picture?: Member;
  class?: string;
}

/** As `img` and `image`, too, some writers of shards call every picture. */
function isPictureEnding(ending: string): boolean {
  if (ending.includes('.')) return false;
  return /^(img|image)$/i.test(ending) || promisedBy(`.${ending}`) === 'picture';
}

/** Members of one sample stand together. */
async function* records({ path }: Found): AsyncGenerator<ShardRecord> {
  let key: string | undefined;
  let record: ShardRecord = {};
  for await (const member of tarMembers({ path })) {
    const [, memberKey, ending] = /^((?:.*\/)?[^/.]*)\.?([^/]*)$/.exec(member.name) ?? [];
    if (key !== undefined && memberKey !== key) {
      yield record;
      record = {};
    }
    key = memberKey;
    if (ending === 'cls') record.class = classIn(path, member);
    else if (isPictureEnding(ending ?? '')) record.picture = member;
  }
  if (key !== undefined) yield record;
}

/** No class has a longer name. */
const maximumName = 4096;

function classIn(path: string, member: Member): string {
  ensure(
    member.bytes <= maximumName,
    () =>
      `${path}: ${member.name} should hold a class, a number or a name, but has ` +
      `${member.bytes} bytes.`,
  );
  const name = readMember(path, member).toString('utf8').trim();
  ensure(
    name !== '',
    () =>
      `${path}: ${member.name} is empty. Expected a number or the name of a class. Mend it, or ` +
      'take the sample out.',
  );
  return name;
}

async function classNames(path: string): Promise<string[] | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text?.split(/\r?\n/).filter((line) => line !== '');
}

/** The largest lists of labels in use have some 22,000 (all of ImageNet). */
const maximumClasses = 100_000;

/** Numbers count from 0 to the largest, so that they stay what they are; names are sorted. */
function classesOf(found: readonly { sample: { name: string }; class: string }[]): string[] {
  const numbers = found.filter((each) => /^[+-]?\d+(\.\d+)?$/.test(each.class));
  if (numbers.length < found.length)
    return [...new Set(found.map((each) => each.class))].toSorted();
  let largest = 0;
  for (const { sample, class: text } of found) {
    ensure(
      /^\d+$/.test(text) && Number(text) < maximumClasses,
      () =>
        `${sample.name} has the class ${text}. Expected a number from 0 to ` +
        `${maximumClasses - 1}, or a name. Mend its .cls, or take the sample out.`,
    );
    largest = Math.max(largest, Number(text));
  }
  return Array.from({ length: largest + 1 }, (_, i) => String(i));
}

function labelOf(
  text: string,
  classes: readonly string[],
  index: ReadonlyMap<string, number>,
  sample: string,
  named: boolean,
): number {
  const label = named && /^\d+$/.test(text) ? Number(text) : index.get(text);
  ensure(
    label !== undefined && label < classes.length,
    () =>
      `${sample} has the class ${JSON.stringify(text)}, but classes.txt names only ` +
      `${classes.length} classes.`,
  );
  return label;
}

function splitOf(name: string): Split {
  const found =
    /(?:^|[-_./])(train|val|valid|validation|test)(?=[-_./\d]|$)/i.exec(name)?.[1]?.toLowerCase() ??
    'train';
  return found.startsWith('val') ? 'val' : found === 'test' ? 'test' : 'train';
}
