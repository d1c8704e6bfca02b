import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Patience } from '../batching/queue.ts';

/** What is known of a request while it is worked on, for its log line and its metrics. */
export interface Told {
  /** When it began, on the clock of `performance.now()`. */
  readonly since: number;
  patience: Patience;
  model?: string;
  pictures?: number;
  refused?: string;
  /** Gives back the room that its body takes. */
  release?: () => void;
}

const all = new WeakMap<FastifyRequest, Told>();

/** How it ended: told once for each request, answered or not. */
export type Ended = (
  request: FastifyRequest,
  end: Told & { readonly status: number; readonly seconds: number },
) => void;

/** nginx's number for a client that went away. */
const clientGone = 499;

/** Begins the clock of a request, and notices when its client goes away. */
export function begin(
  request: FastifyRequest,
  reply: FastifyReply,
  seconds: number,
  ended: Ended,
): void {
  const gone = new AbortController();
  const since = performance.now();
  const told: Told = { since, patience: { deadline: since + 1000 * seconds, signal: gone.signal } };
  all.set(request, told);
  let status = clientGone;
  reply.raw.once('finish', () => {
    status = reply.statusCode;
  });
  reply.raw.once('close', () => {
    told.release?.();
    if (status === clientGone) gone.abort();
    ended(request, { ...told, status, seconds: (performance.now() - since) / 1000 });
  });
}

/**
 * Its body is here: only now its time begins, because a slow line is no fault of the server.
 * @param release gives back the room that the body takes.
 */
export function arrived(request: FastifyRequest, seconds: number, release: () => void): void {
  const known = told(request);
  known.release = release;
  known.patience = { ...known.patience, deadline: performance.now() + 1000 * seconds };
}

export function told(request: FastifyRequest): Told {
  return all.get(request)!;
}
