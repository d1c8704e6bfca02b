import { AlexNetError, UsageError } from '../../errors.ts';
import { resolveSettings } from './resolve.ts';
import type { SettingsOverrides } from './resolve.ts';
import { flawsOf, list, nullable, number, object, text } from './rules.ts';
import { parseSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import type { Transfer } from './transfer.ts';

/**
 * All that a run was started with, so that it can be understood, repeated and resumed. Written
 * before the first step.
 */
export interface RunRecord extends Host {
  readonly started: string;
  readonly engine: string;
  /**
   * A resumed run takes as many again, since with some engines their number shows in the last bits.
   */
  readonly threads: number;
  /** Seconds that the run may take; null: as long as it needs. */
  readonly budget: number | null;
  readonly data: DataRecord;
  readonly settings: Settings;
  /** What was taken over from the model in `settings.from`. */
  readonly transfer: Transfer | null;
}

/** What trains, and where; what the place does not tell is left out. */
export interface Host {
  /** This package's version. */
  readonly alexnet?: string;
  readonly node?: string;
  readonly machine?: { readonly cores: number; readonly system: string };
}

/** Where pictures come from. */
export interface DataOrigin {
  /** As people named it. */
  readonly root: string;
  readonly kind: string;
  /** The same for the same pictures, labels and split. */
  readonly digest: string;
  /** How files were read: a run that goes on reads them alike. */
  readonly reading?: Reading;
}

export interface Reading {
  /** Of class folders that hold folders: how far down the classes are. */
  readonly depth?: number;
  /** Of one picture: more were refused. */
  readonly maximumPixels?: number;
  /** Other data whose pictures are all for validation, as people named it. */
  readonly validation?: string;
}

export interface DataRecord extends DataOrigin {
  readonly classes: number;
  readonly train: number;
  readonly validation: number;
}

const count = number({ whole: true, atLeast: 0 });
const positive = number({ whole: true, atLeast: 1 });
const names = list(text);

/** Settings have rules of their own. */
const recordRule = object<Omit<RunRecord, 'settings'>>(
  {
    alexnet: text,
    node: text,
    machine: object<NonNullable<Host['machine']>>({ cores: count, system: text }),
    started: text,
    engine: text,
    threads: number({ whole: true, atLeast: 1, atMost: 4096 }),
    budget: nullable(number({ above: 0 })),
    data: object<DataRecord>(
      {
        root: text,
        kind: text,
        digest: text,
        reading: object<Reading>({ depth: positive, maximumPixels: positive, validation: text }, [
          'depth',
          'maximumPixels',
          'validation',
        ]),
        classes: count,
        train: count,
        validation: count,
      },
      ['reading'],
    ),
    transfer: nullable(
      object<Transfer>({
        taken: names,
        fresh: list(object<Transfer['fresh'][number]>({ layer: text, why: text })),
      }),
    ),
  },
  ['alexnet', 'node', 'machine'],
);

/** A record that was written down. @throws {AlexNetError} with what is wrong in it. */
export function parseRecord(value: unknown): RunRecord {
  if (typeof value !== 'object' || value === null)
    throw new AlexNetError('Expected an object with the record of a run.');
  const { settings, ...rest } = value as Readonly<Record<string, unknown>>;
  const [flaw] = flawsOf(recordRule, rest);
  if (flaw !== undefined) throw new AlexNetError(`At "${flaw.path.join('.')}": ${flaw.expected}.`);
  return { ...(rest as unknown as Omit<RunRecord, 'settings'>), settings: parseSettings(settings) };
}

/**
 * A run that goes on keeps its settings; the same may be given again, as those do that start a
 * command line anew after a crash.
 * @param given settings that differ from the recipe, as they would start a run.
 * @throws {UsageError} where one is given that differs.
 */
export function checkSameSettings(
  { settings, engine }: RunRecord,
  given: {
    readonly recipe?: string | undefined;
    readonly engine?: string | undefined;
    readonly settings?: SettingsOverrides | undefined;
  },
  place: string,
): void {
  const { recipe, settings: overrides = {} } = given;
  const wanted = resolveSettings(recipe ?? settings.recipe, overrides);
  const pairs: Pair[] = [
    ...(recipe === undefined ? [] : [['recipe', settings.recipe, recipe] as const]),
    ...pairsOf(overrides, settings, wanted),
    ...(given.engine === undefined || given.engine === 'auto'
      ? []
      : [['engine', engine, given.engine] as const]),
  ];
  const other = pairs.find(([, kept, asked]) => JSON.stringify(kept) !== JSON.stringify(asked));
  if (other === undefined) return;
  const [name, kept, asked] = other;
  throw new UsageError(
    `A resumed run keeps its settings: ${name} is ${shown(kept)} in ${place}, but ` +
      `${shown(asked)} was given. Leave it out, or start a new run from the weights: ` +
      `--from ${place}/last.safetensors.`,
  );
}

/**
 * How a run that goes on reads its files: as it did, and where something is given, the same.
 * @throws {UsageError} where what is given differs.
 */
export function sameReading(before: RunRecord, given: Reading, place: string): Reading {
  const { reading } = before.data;
  // Older runs do not say it.
  if (reading === undefined) return given;
  for (const key of ['depth', 'maximumPixels'] as const) {
    const [kept, asked] = [reading[key], given[key]];
    if (kept !== undefined && asked !== undefined && kept !== asked)
      throw new UsageError(
        `A resumed run keeps its settings: ${key} is ${kept} in ${place}, but ${asked} was ` +
          'given. Leave it out, or start a new run from the weights: ' +
          `--from ${place}/last.safetensors.`,
      );
  }
  return { ...reading, ...given };
}

type Pair = readonly [name: string, kept: unknown, asked: unknown];

/** What is given, key by key: what the run has, and what was asked for. */
function pairsOf(given: unknown, kept: unknown, asked: unknown, path = ''): Pair[] {
  if (!isObject(given) || !isObject(asked) || !isObject(kept)) return [[path, kept, asked]];
  return Object.keys(given).flatMap((key) =>
    pairsOf(given[key], kept[key], asked[key], path === '' ? key : `${path}.${key}`),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

/** @throws {AlexNetError} where a run that is to go on was started on other pictures. */
export function checkSameData({ data }: RunRecord, now: DataOrigin, classes: number): void {
  if (data.digest === now.digest) return;
  throw new AlexNetError(
    `The run was started on other data: ${data.root} with ${data.classes} classes, ` +
      `${data.train} training and ${data.validation} validation pictures. ` +
      `Now ${now.root} has ${classes} classes, and its files or their split differ. ` +
      'Resume with the data as it was, or start a new run from the weights with --from.',
  );
}
