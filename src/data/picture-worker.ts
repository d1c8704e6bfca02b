import { setDecodeLimits } from '../images/decode-limits.ts';
import { loadPixelKernels } from '../images/workbench.ts';
import type { Picture } from '../images/picture.ts';
import { UnreadablePicture } from '../images/problem.ts';
import { makeInput } from './input.ts';
import type {
  Done,
  Inspection,
  Item,
  Packed,
  Plan,
  Task,
  TaskFailure,
  ToWorker,
  WorkerStart,
} from './messages.ts';
import { PictureCache } from './picture-cache.ts';
import type { CacheFiles } from './picture-cache.ts';
import { readSource } from './read-source.ts';
import { addPicture, emptySums } from './statistics.ts';

/** What a worker can do on Node alone. */
export interface NodeWork {
  readonly cacheFiles: CacheFiles;
  inspect(item: Item): Promise<Inspection>;
  shrink(item: Item, size: number): Promise<Packed>;
}

/**
 * The body of a data worker: it has pictures read, kept, changed and written into the batch. One
 * task is one answer.
 */
export class PictureWorker {
  readonly #answer: (done: Done) => void;
  readonly #node: NodeWork | undefined;
  readonly #plans = new Map<number, { plan: Plan; slots: readonly Float32Array[] }>();
  #cache: PictureCache | undefined;

  constructor(answer: (done: Done) => void, node?: NodeWork) {
    this.#answer = answer;
    this.#node = node;
  }

  receive(message: ToWorker): void {
    if ('task' in message) void this.#do(message);
    else if ('start' in message) this.#start(message.start);
    else if ('chunk' in message) this.#cache!.learn(message.chunk, message.memory);
    else this.#setPlan(message.plan, message.is);
  }

  #start(start: WorkerStart): void {
    setDecodeLimits(start.limits);
    this.#cache = new PictureCache(start, this.#node?.cacheFiles);
  }

  #setPlan(number: number, plan: Plan | undefined): void {
    if (plan === undefined) this.#plans.delete(number);
    else this.#plans.set(number, { plan, slots: plan.slots.map((slot) => new Float32Array(slot)) });
  }

  async #do(task: Task): Promise<void> {
    const { work, items, reading } = task;
    const kept: Done['kept'][number][] = [];
    const failures: TaskFailure[] = [];
    const inspections: Inspection[] = [];
    const packed: Packed[] = [];
    const sums = work.do === 'measure' ? emptySums(work.imageSize) : undefined;
    let bug: string | undefined;
    for (const [i, item] of items.entries()) {
      try {
        if (work.do === 'inspect') inspections.push(await this.#onNode().inspect(item));
        else if (work.do === 'pack') packed.push(await this.#onNode().shrink(item, work.size));
        else {
          const picture = await this.#picture(item, task, kept);
          if (work.do === 'fill') this.#fill(work, i, item.index, picture);
          else addPicture(sums!, picture, reading.resize.size);
        }
      } catch (error) {
        if (error instanceof UnreadablePicture)
          failures.push({ index: item.index, kind: error.kind, detail: error.detail });
        else bug ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
      }
    }
    const news = this.#cache!.news();
    this.#answer({ task: task.task, kept, failures, sums, inspections, packed, bug, ...news });
  }

  #onNode(): NodeWork {
    if (this.#node === undefined) throw new Error('Only a worker on Node does this.');
    return this.#node;
  }

  async #picture(item: Item, { reading }: Task, kept: Done['kept'][number][]): Promise<Picture> {
    await loadPixelKernels();
    if ('place' in item.from) return this.#cache!.read(item.from.place);
    const picture = await readSource(item.from.source, reading);
    const place = this.#cache!.keep(picture);
    if (place) kept.push({ index: item.index, place });
    return picture;
  }

  #fill(
    work: Extract<Task['work'], { do: 'fill' }>,
    i: number,
    index: number,
    picture: Picture,
  ): void {
    const { plan, slots } = this.#plans.get(work.plan)!;
    const size = plan.crops * 3 * plan.preprocessing.crop ** 2;
    const at = (work.position + i) * size;
    makeInput(slots[work.slot]!, at, picture, plan, work.epoch, index, work.leaders?.[i]);
  }
}
