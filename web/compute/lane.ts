import type { Progress, Request, Response } from './protocol.ts';
import { tasks } from './tasks/index.ts';
import type { Context } from './context.ts';

type Wish = Extract<Request, { readonly wish: unknown }>;
type Send = (response: Response, transfer?: readonly Transferable[]) => void;

/**
 * Fulfils wishes one after another, each alone: a session's calls must not mix. What is cancelled
 * while it waits is never begun; what is cancelled while it runs stops at its next breath.
 */
export class Lane {
  readonly #context: Context;
  readonly #send: Send;
  #waiting: Wish[] = [];
  #running: { readonly id: number; readonly stop: AbortController } | undefined;

  constructor(context: Context, send: Send) {
    this.#context = context;
    this.#send = send;
  }

  wish(wish: Wish): void {
    this.#waiting.push(wish);
    if (this.#running === undefined) void this.#work();
  }

  cancel(id: number): void {
    this.#waiting = this.#waiting.filter((wish) => wish.id !== id);
    if (this.#running?.id === id) this.#running.stop.abort(new Error('cancelled'));
  }

  async #work(): Promise<void> {
    for (let wish = this.#waiting.shift(); wish !== undefined; wish = this.#waiting.shift()) {
      const stop = new AbortController();
      this.#running = { id: wish.id, stop };
      await this.#fulfil(wish, stop.signal);
    }
    this.#running = undefined;
  }

  async #fulfil({ id, kind, wish }: Wish, signal: AbortSignal): Promise<void> {
    const progress = (progress: Progress): void => {
      if (!signal.aborted) this.#send({ id, progress });
    };
    try {
      const task = tasks[kind];
      const answer = await task(wish as never, { ...this.#context, signal, progress });
      if (!signal.aborted) this.#send({ id, answer }, buffersIn(answer));
    } catch (error) {
      if (!signal.aborted)
        this.#send({ id, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** Arrays that were made for this answer alone go over without being copied. */
function buffersIn(answer: unknown, found = new Set<Transferable>()): Transferable[] {
  if (ArrayBuffer.isView(answer)) {
    if (answer.buffer instanceof ArrayBuffer && answer.byteLength === answer.buffer.byteLength)
      found.add(answer.buffer);
  } else if (typeof answer === 'object' && answer !== null) {
    for (const value of Object.values(answer)) buffersIn(value, found);
  }
  return [...found];
}
