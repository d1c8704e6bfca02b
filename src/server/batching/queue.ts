import { Refusal } from '../refusal.ts';
import type { Cost } from './cost.ts';

/** Tensors by name: `probabilities`, `logits`, or a layer's. Each `[pictures, …]`. */
export type Outputs = ReadonlyMap<string, Float32Array>;

/** Who computes. */
export interface Computer {
  /** Numbers of one picture. */
  readonly pictureSize: number;
  /** The most pictures at once where these outputs are asked for. */
  batchOf(outputs: ReadonlySet<string>): number;
  /** @param images `[pictures, c, h, w]` */
  compute(images: Float32Array, outputs: ReadonlySet<string>): Promise<Outputs>;
}

export interface QueueOptions {
  readonly computer: Computer;
  readonly cost: Cost;
  /** Pictures of one batch. */
  readonly batch: number;
  /** Pictures that may wait or be computed at once. */
  readonly capacity: number;
  /** Told of each batch that was computed. */
  readonly onBatch?: (pictures: number, seconds: number) => void;
  /** In milliseconds. Default: the clock. */
  readonly now?: () => number;
}

/** Until when an answer is of use. */
export interface Patience {
  /** On the queue's clock, in milliseconds. */
  readonly deadline: number;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export interface Timing {
  /** Seconds in the queue, and in the batches that held it. */
  readonly queued: number;
  readonly computed: number;
}

export interface QueueAnswer {
  readonly outputs: Outputs;
  readonly timing: Timing;
}

/** Room for a request's pictures, from its admission to its answer. */
export interface Ticket {
  /** @param images `[pictures, c, h, w]`, no more of them than were admitted. */
  compute(images: Float32Array, outputs: ReadonlySet<string>): Promise<QueueAnswer>;
  /** Gives the room back; twice does nothing. Must be called, also after an answer. */
  release(): void;
}

interface Entry {
  readonly images: Float32Array;
  readonly pictures: number;
  readonly wanted: ReadonlySet<string>;
  readonly patience: Patience;
  readonly since: number;
  readonly found: Map<string, Float32Array>;
  readonly resolve: (answer: QueueAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Pictures that have gone into a batch, and that have come out of one. */
  sent: number;
  done: number;
  begun: number | undefined;
}

interface Piece {
  readonly entry: Entry;
  readonly from: number;
  readonly count: number;
}

/**
 * Requests that wait for one model. Whenever the engine is free, all that waits goes in together,
 * as much as a batch holds: nothing waits for company while the engine has nothing to do. A request
 * may fill several batches, and share each with others.
 */
export class BatchQueue {
  readonly #options: QueueOptions;
  readonly #now: () => number;
  readonly #waiting: Entry[] = [];
  #staging: Float32Array | undefined;
  #admitted = 0;
  #running: { readonly since: number; readonly expected: number } | undefined;
  #idle: Promise<void> = Promise.resolve();
  #whenEmpty: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Pictures that were admitted and not answered yet. */
  get pictures(): number {
    return this.#admitted;
  }

  /** Seconds until so many more pictures would be answered, as far as can be said. */
  expectedSeconds(pictures: number): number {
    const { cost, batch } = this.#options;
    const all = cost.all(this.#admitted + pictures, batch);
    if (this.#running === undefined) return all;
    const passed = (this.#now() - this.#running.since) / 1000;
    return all - Math.min(passed, this.#running.expected);
  }

  /**
   * @param before seconds until they would be here, decoded.
   * @throws {Refusal} where so many more pictures would not be answered in time.
   */
  checkRoom(pictures: number, deadline: number, before = 0): void {
    const { capacity, cost, batch } = this.#options;
    if (pictures > capacity)
      throw new Refusal(
        'large',
        `Expected at most ${capacity} pictures in one request but found ${pictures}. Split them.`,
      );
    if (this.#admitted + pictures > capacity)
      throw new Refusal(
        'busy',
        `${this.#admitted} pictures are waiting, of ${capacity} that may. Try again later.`,
        Math.ceil(cost.all(this.#admitted + pictures - capacity, batch)),
      );
    const left = (deadline - this.#now()) / 1000;
    const expected = Math.max(before, this.expectedSeconds(pictures));
    if (expected <= left || this.#admitted === 0) return;
    throw new Refusal(
      'busy',
      `The answer would take ${expected.toFixed(1)} s, longer than the ${left.toFixed(1)} s ` +
        'that the request may take. Try again later.',
      Math.ceil(expected - left),
    );
  }

  /** @throws {Refusal} as {@link checkRoom}. */
  admit(pictures: number, patience: Patience): Ticket {
    this.checkRoom(pictures, patience.deadline);
    this.#admitted += pictures;
    let released = false;
    return {
      compute: (images, outputs) => this.#enqueue(images, outputs, patience),
      release: () => {
        if (released) return;
        released = true;
        this.#admitted -= pictures;
        if (this.#admitted === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
      },
    };
  }

  /** Settles once nothing is admitted, and nothing computed. */
  async empty(): Promise<void> {
    if (this.#admitted > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
    await this.#idle;
  }

  #enqueue(
    images: Float32Array,
    wanted: ReadonlySet<string>,
    patience: Patience,
  ): Promise<QueueAnswer> {
    const pictures = images.length / this.#options.computer.pictureSize;
    return new Promise((resolve, reject) => {
      const since = this.#now();
      const own = { images, pictures, wanted, patience, since, resolve, reject };
      this.#waiting.push({ ...own, found: new Map(), sent: 0, done: 0, begun: undefined });
      if (this.#running === undefined) this.#idle = this.#run();
    });
  }

  async #run(): Promise<void> {
    // What else arrived in the same round of the event loop goes along.
    this.#running = { since: this.#now(), expected: 0 };
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const pieces = this.#take();
      if (pieces.length === 0) break;
      await this.#compute(pieces);
    }
    this.#running = undefined;
  }

  /** The next batch: the first that waits, and what behind it fits and asks for the same kind. */
  #take(): Piece[] {
    this.#dropUseless();
    const { computer, cost } = this.#options;
    const pieces: Piece[] = [];
    const [first] = this.#waiting;
    if (first === undefined) return pieces;
    let room = computer.batchOf(first.wanted);
    const size = room;
    for (const entry of this.#waiting) {
      if (room === 0) break;
      if (computer.batchOf(entry.wanted) !== size) continue;
      const count = Math.min(room, entry.pictures - entry.sent);
      pieces.push({ entry, from: entry.sent, count });
      room -= count;
    }
    const since = this.#now();
    for (const { entry, count } of pieces) {
      entry.sent += count;
      entry.begun ??= since;
    }
    this.#keep((entry) => entry.sent < entry.pictures);
    this.#running = { since, expected: cost.batch(size - room) };
    return pieces;
  }

  /** Nothing is computed for those who have gone, or whose time is over before it would be done. */
  #dropUseless(): void {
    const { cost } = this.#options;
    const now = this.#now();
    this.#keep((entry) => {
      if (entry.patience.signal.aborted) {
        entry.reject(new Refusal('gone', 'The client is gone.'));
        return false;
      }
      const needed = 1000 * cost.batch(Math.min(entry.pictures, this.#options.batch));
      // What has begun is not given up; and one that is alone has nobody to give way to.
      const alone = this.#waiting.length === 1 && entry.patience.deadline > now;
      if (entry.begun !== undefined || alone || now + needed <= entry.patience.deadline)
        return true;
      entry.reject(late());
      return false;
    });
  }

  #keep(which: (entry: Entry) => boolean): void {
    const kept = this.#waiting.filter(which);
    this.#waiting.splice(0, this.#waiting.length, ...kept);
  }

  async #compute(pieces: readonly Piece[]): Promise<void> {
    const { computer, cost, onBatch } = this.#options;
    const pictures = pieces.reduce((sum, { count }) => sum + count, 0);
    const wanted = new Set(pieces.flatMap(({ entry }) => [...entry.wanted]));
    const begin = this.#now();
    try {
      const outputs = await computer.compute(this.#packed(pieces, pictures), wanted);
      const seconds = (this.#now() - begin) / 1000;
      cost.observe(pictures, seconds);
      onBatch?.(pictures, seconds);
      this.#deliver(pieces, pictures, outputs);
    } catch (error) {
      for (const { entry } of pieces) entry.reject(error);
      this.#keep((entry) => !pieces.some((piece) => piece.entry === entry));
    }
  }

  /** Side by side in one array; a request that has the batch to itself lies there already. */
  #packed(pieces: readonly Piece[], pictures: number): Float32Array {
    const size = this.#options.computer.pictureSize;
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined)
      return only.entry.images.subarray(only.from * size, (only.from + only.count) * size);
    this.#staging ??= new Float32Array(this.#options.batch * size);
    let at = 0;
    for (const { entry, from, count } of pieces) {
      this.#staging.set(entry.images.subarray(from * size, (from + count) * size), at * size);
      at += count;
    }
    return this.#staging.subarray(0, pictures * size);
  }

  #deliver(pieces: readonly Piece[], pictures: number, outputs: Outputs): void {
    let at = 0;
    for (const { entry, from, count } of pieces) {
      for (const name of entry.wanted) {
        const values = outputs.get(name)!;
        const each = values.length / pictures;
        const part = values.subarray(at * each, (at + count) * each);
        // Alone in one batch, it is a view of the answer.
        const whole = count === entry.pictures;
        const own = whole
          ? part
          : (entry.found.get(name) ?? new Float32Array(entry.pictures * each));
        if (!whole) own.set(part, from * each);
        entry.found.set(name, own);
      }
      at += count;
      entry.done += count;
      if (entry.done === entry.pictures) this.#answer(entry);
    }
  }

  #answer(entry: Entry): void {
    const begun = entry.begun!;
    const timing = {
      queued: (begun - entry.since) / 1000,
      computed: (this.#now() - begun) / 1000,
    };
    entry.resolve({ outputs: entry.found, timing });
  }
}

export function late(): Refusal {
  return new Refusal(
    'late',
    'The request could not be answered within its time: too many are waiting. Try again later.',
    1,
  );
}
