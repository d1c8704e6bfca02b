import { listen } from '#platform';
import { crossEntropy, softmax } from '../loss.ts';
import { meeting } from './job.ts';
import type { Answer, Message, Run, Start } from './job.ts';
import { kernelNames } from './signatures.ts';
import type { lossSignatures } from './signatures.ts';
import { read, write } from './transfer.ts';

type Kernel = (...numbers: number[]) => void;

/** How often a thread looks before it sleeps: jobs follow one another within microseconds. */
const looks = 20_000;

/** One thread of a session: the kernels over its memory, and the words it meets the others at. */
class Member {
  readonly #buffer: ArrayBufferLike;
  /** By `Job.kernel`. */
  readonly #kernels: readonly Kernel[];
  readonly #words: Int32Array;
  readonly #start: Start;

  private constructor(start: Start, memory: WebAssembly.Memory, instance: WebAssembly.Instance) {
    this.#start = start;
    this.#buffer = memory.buffer;
    this.#words = new Int32Array(memory.buffer, start.control);
    const kernels: Readonly<Record<string, Kernel>> = {
      ...(instance.exports as Record<string, Kernel>),
      ...lossKernels(memory.buffer),
    };
    this.#kernels = kernelNames.map((name) => {
      const kernel = kernels[name];
      if (kernel === undefined) throw new Error(`There is no kernel "${name}".`);
      return kernel;
    });
  }

  static async start(start: Start): Promise<Member> {
    const pages = start.memory;
    const memory =
      typeof pages === 'number'
        ? new WebAssembly.Memory({ initial: pages, maximum: pages })
        : pages;
    const abort = (): never => {
      throw new Error('A kernel gave up.');
    };
    return new Member(
      start,
      memory,
      await WebAssembly.instantiate(start.module, { env: { memory, abort } }),
    );
  }

  write(message: Extract<Message, { kind: 'write' }>): void {
    write(this.#buffer, message.transfer, message.data);
  }

  /**
   * Works through the jobs with the others. The first thread returns what was asked for, and calls
   * `passed` on its way.
   */
  run(
    { jobs, reads, tell }: Run,
    passed: (jobs: number) => void,
  ): Float32Array<ArrayBuffer>[] | undefined {
    const words = this.#words;
    const { scratch, index } = this.#start;
    this.#meet(() => words.fill(0, meeting.counters, meeting.counters + jobs.length));
    for (const [number, job] of jobs.entries()) {
      const kernel = this.#kernels[job.kernel]!;
      for (;;) {
        const task = Atomics.add(words, meeting.counters + number, 1);
        if (task >= job.tasks) break;
        kernel(...job.arguments, task, scratch);
      }
      this.#meet();
      if (index === 0 && tell.includes(number + 1)) passed(number + 1);
    }
    return index === 0 ? reads.map((transfer) => read(this.#buffer, transfer)) : undefined;
  }

  /** Tells the others not to wait for this thread any more. */
  fail(): void {
    Atomics.store(this.#words, meeting.failed, 1);
    Atomics.add(this.#words, meeting.round, 1);
    if (this.#start.threads > 1) Atomics.notify(this.#words, meeting.round);
  }

  /** Returns once all threads are here; the last to come runs `before` it lets them go. */
  #meet(before?: () => void): void {
    const words = this.#words;
    const round = Atomics.load(words, meeting.round);
    if (Atomics.add(words, meeting.arrived, 1) + 1 === this.#start.threads) {
      before?.();
      Atomics.store(words, meeting.arrived, 0);
      Atomics.add(words, meeting.round, 1);
      if (this.#start.threads > 1) Atomics.notify(words, meeting.round);
      return;
    }
    for (let i = 0; i < looks; i++) if (Atomics.load(words, meeting.round) !== round) break;
    while (Atomics.load(words, meeting.round) === round) Atomics.wait(words, meeting.round, round);
    if (Atomics.load(words, meeting.failed) !== 0) throw new Error('Another thread failed.');
  }
}

/**
 * Softmax and cross-entropy are small, and shared with the other engines. Strides in bytes, one
 * image a task.
 */
function lossKernels(memory: ArrayBufferLike): Record<keyof typeof lossSignatures, Kernel> {
  const vector = (at: number, stride: number, task: number, length: number): Float32Array =>
    new Float32Array(memory, at + task * stride, length);
  return {
    softmax: (logits, logitsStride, out, outStride, classes, task) => {
      softmax(
        vector(logits, logitsStride, task, classes),
        1,
        classes,
        vector(out, outStride, task, classes),
      );
    },
    crossEntropy: (
      logits,
      logitsStride,
      labels,
      gradient,
      gradientStride,
      results,
      classes,
      labelSmoothing,
      divisor,
      task,
    ) => {
      const label = new Int32Array(memory, labels + task * 4, 1);
      const options = { labelSmoothing: labelSmoothing, divisor: divisor };
      const { lossSum, correct, correct5 } = crossEntropy(
        vector(logits, logitsStride, task, classes),
        label,
        1,
        classes,
        options,
        vector(gradient, gradientStride, task, classes),
      );
      new Float64Array(memory, results + task * 24, 3).set([lossSum, correct, correct5]);
    },
  };
}

let member: Promise<Member> | undefined;

listen((data, answer) => {
  const message = data as Message;
  const reply = (answered: Answer, transfer: Transferable[] = []): void =>
    answer(answered, transfer);
  if (message.kind === 'start') {
    member = Member.start(message);
    member.then(
      () => reply({ kind: 'ready' }),
      (error) => reply({ kind: 'failed', id: -1, message: String(error) }),
    );
    return;
  }
  void member?.then((self) => {
    if (message.kind === 'write') {
      self.write(message);
      return;
    }
    try {
      const data = self.run(message, (jobs) => reply({ kind: 'passed', id: message.id, jobs }));
      if (data !== undefined)
        reply(
          { kind: 'done', id: message.id, data },
          data.map(({ buffer }) => buffer),
        );
    } catch (error) {
      self.fail();
      reply({ kind: 'failed', id: message.id, message: String(error) });
    }
  });
});
