import { cores, startThread } from '#platform';
import { decodeLimits } from '../../images/decode-limits.ts';
import { loadSharp } from '../../images/node/sharp.ts';
import { UnreadablePicture } from '../../images/problem.ts';
import type { Thread, ThreadSource } from '../../platform/platform.ts';
import type { Patience } from '../batching/queue.ts';
import { late } from '../batching/queue.ts';
import type { InferRequest } from '../protocol/request.ts';
import { Refusal } from '../refusal.ts';
import type { Done, Reader, ToWorker, Work } from './messages.ts';

const source: ThreadSource = {
  file: './worker.js',
  beside: import.meta.url,
  inPage: () => {
    throw new Error('This worker runs on Node.');
  },
};

interface Task {
  readonly work: Work;
  readonly patience: Patience;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
  /** When a thread got it. */
  begun?: number;
}

interface Member {
  thread: Thread;
  /** By task number. */
  readonly running: Map<number, Task>;
}

/** So that a thread never waits for its next order. */
const tasksAtOnce = 2;

/**
 * Threads that decode, so that the event loop only passes bytes on. What waits for them is bounded
 * by who admits requests.
 */
export class DecodingTeam {
  readonly #members: Member[];
  readonly #waiting: Task[] = [];
  readonly #readers = new Map<number, Reader>();
  readonly #limits: ReturnType<typeof decodeLimits>;
  #tasks = 0;
  /** Seconds that a thread takes for a task, as lately measured. */
  #seconds = 0;
  #readerCount = 0;
  #closed = false;

  private constructor(threads: number, maximumPixels?: number) {
    this.#limits = decodeLimits(maximumPixels);
    this.#members = Array.from({ length: threads }, () => {
      const member: Member = { thread: this.#start(() => member), running: new Map() };
      return member;
    });
  }

  /** @param threads default: the machine's cores. */
  static async open(threads: number = cores(), maximumPixels?: number): Promise<DecodingTeam> {
    // Here too: a native module that only worker threads load is taken away with the first of them.
    await loadSharp();
    return new DecodingTeam(threads, maximumPixels);
  }

  /** Seconds until what waits now is done, as far as can be said. */
  get expectedSeconds(): number {
    return (this.#waiting.length * this.#seconds) / this.#members.length;
  }

  /** Tells all threads how a model reads pictures. @returns the reader's number. */
  addReader(reader: Reader): number {
    const number = this.#readerCount++;
    this.#readers.set(number, reader);
    for (const { thread } of this.#members)
      thread.post({ reader: number, is: reader } satisfies ToWorker);
    return number;
  }

  removeReader(number: number): void {
    this.#readers.delete(number);
    for (const { thread } of this.#members)
      thread.post({ reader: number, is: undefined } satisfies ToWorker);
  }

  /**
   * A picture as its model wants it, `[crops, 3, crop, crop]`. The bytes are handed over, and gone
   * from here where they are a buffer of their own. @throws {UnreadablePicture}
   * @throws {Refusal} where its time is over, or its client gone, before its turn came.
   */
  async decode(
    bytes: Uint8Array,
    reader: number,
    crops: 1 | 10,
    patience: Patience,
  ): Promise<Float32Array> {
    const done = await this.#run({ do: 'decode', bytes: own(bytes), reader, crops }, patience);
    return done.images!;
  }

  /** @throws {Refusal} of a request that is not what it should be. */
  async parse(
    body: Uint8Array,
    jsonLength: number | undefined,
    patience: Patience,
  ): Promise<InferRequest> {
    const done = await this.#run({ do: 'parse', body: own(body), jsonLength }, patience);
    return done.request!;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#members.map(({ thread }) => thread.end()));
    for (const { running } of this.#members) for (const task of running.values()) closed(task);
    for (const task of this.#waiting.splice(0)) closed(task);
  }

  async #run(work: Work, patience: Patience): Promise<Done> {
    const done = await new Promise<Done>((resolve, reject) => {
      const task: Task = { work, patience, resolve, reject };
      if (this.#closed) closed(task);
      else this.#waiting.push(task);
      this.#dispatch();
    });
    if (done.bug !== undefined) throw new Error(done.bug);
    if (done.refused !== undefined) throw new Refusal(done.refused.kind, done.refused.message);
    if (done.unreadable !== undefined)
      throw new UnreadablePicture(done.unreadable.kind, done.unreadable.detail);
    return done;
  }

  #start(member: () => Member): Thread {
    const thread = startThread(source, {
      message: (data) => {
        const done = data as Done;
        const own = member();
        const task = own.running.get(done.task);
        if (task !== undefined) this.#observe((performance.now() - task.begun!) / 1000);
        task?.resolve(done);
        own.running.delete(done.task);
        if (own.running.size === 0) own.thread.hold(false);
        this.#dispatch();
      },
      error: (error) => this.#restart(member(), error),
    });
    thread.post({ limits: this.#limits } satisfies ToWorker);
    for (const [reader, is] of this.#readers) thread.post({ reader, is } satisfies ToWorker);
    return thread;
  }

  /** Of tasks that lie with a thread two at a time, each seems to take twice what it does. */
  #observe(seconds: number): void {
    this.#seconds += (seconds / tasksAtOnce - this.#seconds) / 16;
  }

  /** A thread that stopped takes its own pictures with it, and no others. */
  #restart(member: Member, error: Error): void {
    if (this.#closed) return;
    const lost = [...member.running.values()];
    member.running.clear();
    // Its room in the budget of memory was not given back.
    Atomics.store(new Int32Array(this.#limits.budget), 0, 0);
    member.thread = this.#start(() => member);
    for (const task of lost) task.reject(error);
    this.#dispatch();
  }

  /** To the thread with the least to do. */
  #dispatch(): void {
    for (;;) {
      const member = this.#members.reduce((a, b) => (b.running.size < a.running.size ? b : a));
      if (member.running.size >= tasksAtOnce) return;
      const task = this.#waiting.shift();
      if (task === undefined) return;
      if (useless(task)) continue;
      const number = this.#tasks++;
      task.begun = performance.now();
      member.running.set(number, task);
      member.thread.hold(true);
      const { work } = task;
      const owned = work.do === 'parse' ? work.body : work.bytes;
      member.thread.post({ task: number, work } satisfies ToWorker, [owned.buffer as ArrayBuffer]);
    }
  }
}

/** Bytes that are all of their buffer can be handed over; of others a copy. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}

/** Tells it, where nobody waits for it any more. */
function useless({ patience, reject }: Task): boolean {
  if (patience.signal.aborted) reject(new Refusal('gone', 'The client is gone.'));
  else if (performance.now() > patience.deadline) reject(late());
  else return false;
  return true;
}

function closed({ reject }: Task): void {
  reject(new Refusal('unavailable', 'The server is shutting down.'));
}
