import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cost } from './cost.ts';
import { BatchQueue } from './queue.ts';
import type { Outputs, QueueAnswer } from './queue.ts';

interface Batch {
  /** First number of each picture. */
  readonly pictures: readonly number[];
  readonly wanted: readonly string[];
  readonly finish: (error?: Error) => void;
}

/** A queue whose engine computes when it is told to, on a clock that stands still. */
function bench({ batch = 4, capacity = 16, seconds = 1 } = {}) {
  const batches: Batch[] = [];
  const arrived: (() => void)[] = [];
  let now = 0;
  let seen = 0;
  const queue = new BatchQueue({
    batch,
    capacity,
    cost: new Cost(0, seconds),
    now: () => now,
    computer: {
      pictureSize: 2,
      batchOf: (wanted) => (wanted.has('fc6') ? 2 : batch),
      compute: (images, wanted) =>
        new Promise<Outputs>((resolve, reject) => {
          const pictures = [...images].filter((_, i) => i % 2 === 0);
          const answer = (name: string): Float32Array =>
            Float32Array.from(pictures, (picture) => picture + name.length * 1000);
          batches.push({
            pictures,
            wanted: [...wanted],
            finish: (error) =>
              error === undefined
                ? resolve(new Map([...wanted].map((name) => [name, answer(name)])))
                : reject(error),
          });
          arrived.shift()?.();
        }),
    },
  });
  const ask = (
    pictures: readonly number[],
    { outputs = ['p'], deadline = Infinity, signal = new AbortController().signal } = {},
  ): Promise<QueueAnswer> => {
    const ticket = queue.admit(pictures.length, { deadline, signal });
    const images = Float32Array.from(pictures.flatMap((picture) => [picture, 0]));
    return ticket.compute(images, new Set(outputs)).finally(() => ticket.release());
  };
  return {
    queue,
    batches,
    ask,
    /** The next batch that is computed. */
    next: async (): Promise<Batch> => {
      const number = seen++;
      if (batches.length <= number) await new Promise<void>((resolve) => arrived.push(resolve));
      return batches[number]!;
    },
    pass: (milliseconds: number) => void (now += milliseconds),
  };
}

const numbers = (answer: QueueAnswer, name = 'p'): number[] => [...answer.outputs.get(name)!];

test('what waits when the engine gets free goes in together, and each gets its own', async () => {
  const { ask, next } = bench();
  const first = ask([1]);
  const one = await next();
  const others = [ask([2, 3]), ask([4])];
  assert.deepEqual(one.pictures, [1]);
  one.finish();
  assert.deepEqual(numbers(await first), [1001]);
  const two = await next();
  assert.deepEqual(two.pictures, [2, 3, 4]);
  two.finish();
  const answers = await Promise.all(others);
  assert.deepEqual(
    answers.map((answer) => numbers(answer)),
    [[1002, 1003], [1004]],
  );
});

test('a request larger than a batch goes through in parts that others fill up', async () => {
  const { ask, next } = bench();
  const large = ask([1, 2, 3, 4, 5, 6]);
  const small = ask([7]);
  const one = await next();
  assert.deepEqual(one.pictures, [1, 2, 3, 4]);
  one.finish();
  const two = await next();
  assert.deepEqual(two.pictures, [5, 6, 7]);
  two.finish();
  assert.deepEqual(numbers(await large), [1001, 1002, 1003, 1004, 1005, 1006]);
  assert.deepEqual(numbers(await small), [1007]);
});

test('layers are asked for in batches of their own, which hold fewer', async () => {
  const { ask, next } = bench();
  const asked = [ask([1]), ask([2, 3, 4], { outputs: ['fc6', 'p'] }), ask([5])];
  const one = await next();
  assert.deepEqual([one.pictures, one.wanted], [[1, 5], ['p']]);
  one.finish();
  const two = await next();
  assert.deepEqual(
    [two.pictures, two.wanted],
    [
      [2, 3],
      ['fc6', 'p'],
    ],
  );
  two.finish();
  const three = await next();
  assert.deepEqual(three.pictures, [4]);
  three.finish();
  const layers = (await Promise.all(asked))[1]!;
  assert.deepEqual(numbers(layers, 'fc6'), [3002, 3003, 3004]);
  assert.deepEqual(numbers(layers), [1002, 1003, 1004]);
});

test('what would wait longer than its time is refused at once, with when to come again', async () => {
  const { ask, next, queue, pass } = bench({ seconds: 1 });
  const first = ask([1, 2, 3, 4]);
  const one = await next();
  pass(500);
  assert.equal(queue.expectedSeconds(2), 5.5);
  assert.throws(() => queue.checkRoom(2, 4500), {
    kind: 'busy',
    retryAfter: 2,
    message:
      'The answer would take 5.5 s, longer than the 4.0 s that the request may take. Try again ' +
      'later.',
  });
  queue.checkRoom(2, 6500);
  assert.throws(() => queue.checkRoom(2, 6500, 7), { kind: 'busy', retryAfter: 1 });
  one.finish();
  await first;
});

test('an idle server tries, whatever it expects', () => {
  const { queue } = bench({ seconds: 100 });
  queue.checkRoom(1, 10);
});

test('more pictures than may wait are refused, and room comes back with answers', async () => {
  const { ask, next, queue } = bench({ capacity: 4 });
  const first = ask([1, 2, 3]);
  assert.throws(() => queue.checkRoom(2, Infinity), {
    kind: 'busy',
    retryAfter: 1,
    message: '3 pictures are waiting, of 4 that may. Try again later.',
  });
  assert.throws(() => queue.checkRoom(5, Infinity), {
    kind: 'large',
    message: 'Expected at most 4 pictures in one request but found 5. Split them.',
  });
  const one = await next();
  one.finish();
  await first;
  assert.equal(queue.pictures, 0);
  queue.checkRoom(4, Infinity);
});

test('neither the expired nor those whose client is gone are computed', async () => {
  const { ask, next, pass, batches } = bench({ seconds: 1 });
  const gone = new AbortController();
  const first = ask([1]);
  const one = await next();
  const expired = assert.rejects(ask([2], { deadline: 3000 }), { kind: 'late' });
  const left = assert.rejects(ask([3], { signal: gone.signal }), { kind: 'gone' });
  const good = ask([4], { deadline: 9000 });
  gone.abort();
  pass(2500);
  one.finish();
  await first;
  (await next()).finish();
  assert.deepEqual(numbers(await good), [1004]);
  await Promise.all([expired, left]);
  assert.deepEqual(
    batches.map(({ pictures }) => pictures),
    [[1], [4]],
  );
});

test('an error of the engine is told to its batch, and the next one is computed', async () => {
  const { ask, next, queue } = bench({ batch: 2 });
  const failing = [ask([1]), ask([2, 3])].map((answer) =>
    assert.rejects(answer, { message: 'out of order' }),
  );
  const good = ask([4]);
  (await next()).finish(new Error('out of order'));
  await Promise.all(failing);
  const two = await next();
  assert.deepEqual(two.pictures, [4]);
  two.finish();
  assert.deepEqual(numbers(await good), [1004]);
  await queue.empty();
});

test('Cost.between() finds what is fixed and what each picture costs, and follows the machine', () => {
  const cost = Cost.between(0.018, 0.095, 8);
  assert.ok(Math.abs(cost.fixed - 0.007) < 1e-9);
  assert.ok(Math.abs(cost.perPicture - 0.011) < 1e-9);
  assert.ok(Math.abs(cost.all(40, 32) - (2 * 0.007 + 40 * 0.011)) < 1e-9);
  for (let i = 0; i < 50; i++) cost.observe(8, 3 * 0.095);
  assert.ok(Math.abs(cost.factor - 3) < 0.01);
});
