import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '#platform';
import { isBefore } from '../core/entries.ts';
import type { Entry, EpochEntry, Position, StepEntry } from '../core/entries.ts';
import { restartEvent, scalarsEvent, versionEvent } from './tfevents.ts';

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
      if (entry.kind === 'step' || entry.kind === 'epoch')
        await appendFile(this.#events, scalarsEvent(Date.now() / 1000, entry.step, scalars(entry)));
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
      this.#events = join(
        this.#folder,
        `events.out.tfevents.${Math.floor(now)}.alexnet.${process.pid}.${this.#files++}`,
      );
      await appendFile(this.#events, versionEvent(now));
    }
    if (to.step > 0) await appendFile(this.#events, restartEvent(now, to.step + 1));
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
  const { train, validation } = entry;
  return {
    'epoch/train_loss': train.loss,
    'epoch/train_top1': train.top1,
    ...(validation && {
      'epoch/val_loss': validation.loss,
      'epoch/val_top1': validation.top1,
      'epoch/val_top5': validation.top5,
    }),
  };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
