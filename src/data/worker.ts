/**
 * The body of a data worker: it has pictures read, kept, changed and written into the batch. One
 * task is one answer.
 */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import type { Picture } from '../images/picture.ts';
import { UnreadablePicture } from '../images/problem.ts';
import { inspect } from './inspect.ts';
import { Keeper } from './keep.ts';
import { makeInput } from './make.ts';
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
import { shrink } from './shrink.ts';
import { readSource } from './read.ts';
import { addPicture, emptySums } from './statistics.ts';

const start = workerData as WorkerStart;
const keeper = new Keeper(start);
const plans = new Map<number, Plan>();
const slots = new Map<number, Float32Array[]>();

// One thread a picture: there are as many workers as cores. And no cache of operations: we keep
// what is worth keeping.
sharp.concurrency(1);
sharp.cache(false);

parentPort!.on('message', (message: ToWorker) => {
  if ('task' in message) void answer(message);
  else if ('chunk' in message) keeper.learn(message.chunk, message.memory);
  else setPlan(message.plan, message.is);
});

function setPlan(number: number, plan: Plan | undefined): void {
  if (plan) {
    plans.set(number, plan);
    slots.set(
      number,
      plan.slots.map((slot) => new Float32Array(slot)),
    );
  } else {
    plans.delete(number);
    slots.delete(number);
  }
}

async function answer(task: Task): Promise<void> {
  const kept: Done['kept'][number][] = [];
  const failures: TaskFailure[] = [];
  const inspections: Inspection[] = [];
  const packed: Packed[] = [];
  const sums = task.work.do === 'measure' ? emptySums(task.work.imageSize) : undefined;
  let bug: string | undefined;
  for (const [i, item] of task.items.entries()) {
    try {
      if (task.work.do === 'inspect') inspections.push(await inspect(item));
      else if (task.work.do === 'pack') packed.push(await shrink(item, task.work.size));
      else {
        const picture = await pictureOf(item, task, kept);
        if (task.work.do === 'fill') fill(task.work, i, item.index, picture);
        else addPicture(sums!, picture, task.resize.size);
      }
    } catch (error) {
      if (error instanceof UnreadablePicture)
        failures.push({ index: item.index, kind: error.kind, detail: error.detail });
      else bug ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  }
  const done: Done = {
    task: task.task,
    kept,
    failures,
    sums,
    inspections,
    packed,
    bug,
    ...keeper.news(),
  };
  parentPort!.postMessage(done);
}

async function pictureOf(
  item: Item,
  { resize }: Task,
  kept: Done['kept'][number][],
): Promise<Picture> {
  if ('place' in item.from) return keeper.read(item.from.place);
  const picture = await readSource(item.from.source, resize);
  const place = keeper.keep(picture);
  if (place) kept.push({ index: item.index, place });
  return picture;
}

function fill(
  work: Extract<Task['work'], { do: 'fill' }>,
  i: number,
  index: number,
  picture: Picture,
): void {
  const plan = plans.get(work.plan)!;
  const size = plan.crops * 3 * plan.preprocessing.crop ** 2;
  makeInput(
    slots.get(work.plan)![work.slot]!,
    (work.position + i) * size,
    picture,
    plan,
    work.epoch,
    index,
  );
}
