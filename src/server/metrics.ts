import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Repository } from './models/repository.ts';

const seconds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20];
const pictures = [1, 2, 4, 8, 16, 32, 64, 128];

/** What the server tells Prometheus. Every server has a registry of its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = this.#counter('requests_total', 'Requests answered.', [
    'route',
    'method',
    'status',
  ]);
  readonly #requestSeconds = this.#histogram(
    'request_seconds',
    'From the first byte of a request to the last of its answer.',
    ['route'],
    seconds,
  );
  readonly #pictures = this.#counter('pictures_total', 'Pictures answered.', ['model']);
  readonly #batches = this.#histogram(
    'batch_pictures',
    'Pictures that were computed at once.',
    ['model'],
    pictures,
  );
  readonly #computing = this.#histogram(
    'compute_seconds',
    'What one batch took, waiting for its turn among models included.',
    ['model'],
    seconds,
  );
  readonly #queued = this.#histogram(
    'queue_seconds',
    'What a request waited until its first picture was computed.',
    ['model'],
    seconds,
  );
  readonly #reading = this.#histogram(
    'read_seconds',
    'What a request waited for its pictures to be decoded, or its tensors to be read.',
    ['model'],
    seconds,
  );
  readonly #refusals = this.#counter('refusals_total', 'Requests refused, by reason.', ['reason']);

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Also tells what the repository holds, whenever it is asked. */
  watch(repository: Repository, bodyBytes: () => number): void {
    const info = this.#gauge('model_info', 'Models that answer, and who computes them.', [
      'model',
      'engine',
      'precision',
      'threads',
    ]);
    const memory = this.#gauge('model_memory_bytes', 'What the engine holds for a model.', [
      'model',
    ]);
    const waiting = this.#gauge('queue_pictures', 'Pictures that wait or are computed.', ['model']);
    const cost = this.#gauge('cost_seconds', 'Of a batch: fixed, and for each picture.', [
      'model',
      'part',
    ]);
    const bodies = this.#gauge('request_body_bytes', 'Bodies of requests in memory.', []);
    bodies.collect = () => bodies.set(bodyBytes());
    info.collect = () => {
      for (const gauge of [info, memory, waiting, cost]) gauge.reset();
      for (const [model, { facts, queue, cost: own }] of repository.loaded()) {
        const { engine, precision, threads } = facts;
        info.set({ model, engine, precision, threads: String(threads) }, 1);
        memory.set({ model }, facts.memoryBytes);
        waiting.set({ model }, queue.pictures);
        cost.set({ model, part: 'fixed' }, own.fixed);
        cost.set({ model, part: 'picture' }, own.perPicture);
      }
    };
  }

  request(route: string, method: string, status: number, took: number): void {
    this.#requests.inc({ route, method, status: String(status) });
    this.#requestSeconds.observe({ route }, took);
  }

  answered(model: string, count: number, queued: number, read: number): void {
    this.#pictures.inc({ model }, count);
    this.#queued.observe({ model }, queued);
    this.#reading.observe({ model }, read);
  }

  batch(model: string, count: number, took: number): void {
    this.#batches.observe({ model }, count);
    this.#computing.observe({ model }, took);
  }

  refused(reason: string): void {
    this.#refusals.inc({ reason });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name: `alexnet_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge<T extends string>(
    name: string,
    help: string,
    labelNames: T[],
  ): Gauge<T> & { collect: () => void } {
    const gauge = new Gauge({
      name: `alexnet_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
    });
    return Object.assign(gauge, { collect: () => undefined });
  }

  #histogram<T extends string>(
    name: string,
    help: string,
    labelNames: T[],
    buckets: number[],
  ): Histogram<T> {
    const registers = [this.#registry];
    return new Histogram({ name: `alexnet_${name}`, help, labelNames, buckets, registers });
  }
}
