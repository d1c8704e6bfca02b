import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '#platform';
import { isBefore } from '../core/entries.ts';
import type { Entry, EpochEntry, EpochScore, Position, StepEntry } from '../core/entries.ts';
import type { Model } from '../../model/model.ts';
import { valuesOf } from '../../model/weights.ts';
import { parametersOf } from '../../network/parameters.ts';
import { kernelPng } from './report/pictures.ts';
import {
  histogramsEvent,
  imageEvent,
  restartEvent,
  scalarsEvent,
  versionEvent,
} from './tfevents.ts';

const columns = [
  'epoch',
  'step',
  'train_loss',
  'train_top1',
  'train_top5',
  'val_loss',
  'val_top1',
  'val_top5',
  'learning_rate',
  'images_per_second',
  'waiting',
  'seconds',
] as const;

/**
 * What a run writes down as it goes: `log.csv` (a line per epoch), `log.jsonl` (everything) and
 * TensorBoard's events. A line that cannot be written (a full disk) is reported to `warn`, once,
 * and the run goes on.
 */
export class Journal {
  readonly #folder: string;
  readonly #warn: (error: unknown) => void;
  /** TensorBoard's file; '' before the first. */
  #events = '';
  /** What validation says, in a folder of its own: TensorBoard draws folders on one chart. */
  #validation = '';
  #files = 0;
  #warned = false;
  /** Whether a line broke off: then the files are made whole before anything is added. */
  #torn = false;

  constructor(folder: string, warn: (error: unknown) => void) {
    this.#folder = folder;
    this.#warn = warn;
  }

  /**
   * Takes out all entries after a position, which the run will write again. Comes before the first
   * {@link add}.
   */
  async rewind(to: Position): Promise<void> {
    await this.#guarded(() => this.#renew(to));
  }

  async add(entry: Entry): Promise<void> {
    await this.#guarded(async () => {
      if (this.#torn) await this.#renew({ step: entry.step, epoch: Infinity });
      await appendFile(join(this.#folder, 'log.jsonl'), jsonLine(entry));
      if (entry.kind === 'epoch') await appendFile(join(this.#folder, 'log.csv'), csvLine(entry));
      if (entry.kind !== 'step' && entry.kind !== 'epoch') return;
      const now = Date.now() / 1000;
      await appendFile(this.#events, scalarsEvent(now, entry.step, scalars(entry)));
      if (entry.kind === 'epoch' && entry.validation)
        await appendFile(this.#validation, scalarsEvent(now, entry.step, scores(entry.validation)));
    });
  }

  /** A look at the weights, for TensorBoard: a histogram of each, and the first layer's kernels. */
  async look({ network, weights, preprocessing }: Model, step: number): Promise<void> {
    await this.#guarded(async () => {
      if (this.#events === '') return;
      const now = Date.now() / 1000;
      const lists: Record<string, Float32Array> = {};
      for (const { name, kind } of parametersOf(network)) {
        const values = kind === 'weight' ? valuesOf(weights, name) : undefined;
        if (values) lists[`weights/${name.replace(/\.weight$/, '')}`] = values;
      }
      await appendFile(this.#events, histogramsEvent(now, step, lists));
      const first = parametersOf(network).find(
        ({ layer, kind }) => layer.type === 'convolution' && kind === 'weight',
      );
      const kernels = first && valuesOf(weights, first.name);
      if (!first || !kernels) return;
      const png = await kernelPng(first, kernels, preprocessing.channels);
      await appendFile(this.#events, imageEvent(now, step, 'kernels/first layer', png));
    });
  }

  /**
   * Only whole entries up to a position. TensorBoard's file is never changed: where its end may be
   * torn, a new one goes on.
   */
  async #renew(to: Position): Promise<void> {
    const entries = (await readEntries(this.#folder)).filter((entry) => isBefore(entry, to));
    await writeWhole(join(this.#folder, 'log.jsonl'), [encode(entries.map(jsonLine).join(''))]);
    await writeWhole(join(this.#folder, 'log.csv'), [
      encode(`${columns.join(',')}\n${entries.map(csvLine).join('')}`),
    ]);
    const now = Date.now() / 1000;
    if (this.#events === '' || this.#torn) {
      const name = `events.out.tfevents.${Math.floor(now)}.alexnet.${process.pid}.${this.#files++}`;
      this.#events = join(this.#folder, name);
      this.#validation = join(this.#folder, 'validation', name);
      await mkdir(join(this.#folder, 'validation'), { recursive: true });
      for (const file of [this.#events, this.#validation])
        await appendFile(file, versionEvent(now));
    }
    if (to.step > 0)
      for (const file of [this.#events, this.#validation])
        await appendFile(file, restartEvent(now, to.step + 1));
    this.#torn = false;
  }

  async #guarded(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!this.#warned) this.#warn(error);
      this.#warned = true;
      this.#torn = true;
    }
  }
}

/**
 * All entries of a run, oldest first; a last line that a killed process left unfinished is left
 * out.
 */
export async function readEntries(folder: string): Promise<Entry[]> {
  const text = await readFile(join(folder, 'log.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Entry];
    } catch {
      return [];
    }
  });
}

function jsonLine(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

function csvLine(entry: Entry): string {
  if (entry.kind !== 'epoch') return '';
  const { epoch, step, train, validation, learningRate, imagesPerSecond, waiting, seconds } = entry;
  const cells = [
    epoch,
    step,
    train.loss,
    train.top1,
    train.top5,
    validation?.loss,
    validation?.top1,
    validation?.top5,
    learningRate,
    imagesPerSecond,
    waiting,
    seconds,
  ];
  const shown = cells.map((cell) =>
    cell === undefined ? '' : String(Number(cell.toPrecision(7))),
  );
  return `${shown.join(',')}\n`;
}

function scalars(entry: StepEntry | EpochEntry): Record<string, number> {
  if (entry.kind === 'step') {
    const { loss, top1, learningRate, imagesPerSecond, waiting } = entry;
    return {
      'train/loss': loss,
      'train/top1': top1,
      'train/learning_rate': learningRate,
      'speed/images_per_second': imagesPerSecond,
      'speed/waiting_for_data': waiting,
    };
  }
  return scores(entry.train);
}

/** The same names for training and validation. */
function scores({ loss, top1, top5 }: EpochScore): Record<string, number> {
  return { 'epoch/loss': loss, 'epoch/top1': top1, 'epoch/top5': top5 };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
