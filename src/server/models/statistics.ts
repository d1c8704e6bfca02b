/** Times in nanoseconds and how often, as Triton's statistics count them. */
interface Sum {
  count: number;
  ns: number;
}

function sum(): Sum {
  return { count: 0, ns: 0 };
}

function add(to: Sum, seconds: number, count = 1): void {
  to.count += count;
  to.ns += Math.round(seconds * 1e9);
}

/** What one answered request took, in seconds. */
export interface RequestTimes {
  /** From its arrival to its answer. */
  readonly total: number;
  readonly queued: number;
  /** Decoding, or reading tensors. */
  readonly read: number;
  readonly computed: number;
  /** Writing the answer. */
  readonly written: number;
}

/** Counts of one model, since it was loaded. */
export class Statistics {
  readonly #sums = {
    success: sum(),
    fail: sum(),
    queue: sum(),
    compute_input: sum(),
    compute_infer: sum(),
    compute_output: sum(),
    cache_hit: sum(),
    cache_miss: sum(),
  };
  readonly #batches = new Map<number, Sum>();
  #pictures = 0;
  #executions = 0;
  #last = 0;

  answered(pictures: number, times: RequestTimes): void {
    this.#pictures += pictures;
    this.#last = Date.now();
    add(this.#sums.success, times.total);
    add(this.#sums.queue, times.queued);
    add(this.#sums.compute_input, times.read);
    add(this.#sums.compute_infer, times.computed);
    add(this.#sums.compute_output, times.written);
  }

  failed(seconds: number): void {
    add(this.#sums.fail, seconds);
  }

  batch(pictures: number, seconds: number): void {
    this.#executions++;
    const sums = this.#batches.get(pictures) ?? sum();
    add(sums, seconds);
    this.#batches.set(pictures, sums);
  }

  /** As Triton's statistics extension has it. */
  toJson(): Record<string, unknown> {
    const none = sum();
    return {
      last_inference: this.#last,
      inference_count: this.#pictures,
      execution_count: this.#executions,
      inference_stats: this.#sums,
      batch_stats: [...this.#batches]
        .toSorted(([a], [b]) => a - b)
        .map(([size, infer]) => ({
          batch_size: size,
          compute_input: none,
          compute_infer: infer,
          compute_output: none,
        })),
      memory_usage: [],
    };
  }
}
