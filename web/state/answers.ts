import { useEffect, useState } from 'preact/hooks';
import type { AnswerOf, Kind, Progress, WishOf } from '../compute/protocol.ts';
import { ask } from './client.ts';

/** What is known of a wish: its answer, how far it is, or why there is none. */
export interface Answered<T> {
  readonly value?: T;
  readonly error?: string;
  readonly progress?: Progress;
  readonly pending: boolean;
}

/** The last answers by their wish: going back shows them at once. */
const kept = new Map<string, unknown>();
const mostKept = 96;

function keep(key: string, answer: unknown): void {
  kept.delete(key);
  kept.set(key, answer);
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
}

/** Files stand under an id of their own in a wish. */
export function keyOf(kind: Kind, wish: unknown): string {
  return kind + JSON.stringify(wish);
}

/** Answers that came with the page, until the worker has its own. */
export function giveExamples(examples: Readonly<Record<string, unknown>>): void {
  for (const [key, answer] of Object.entries(examples)) if (!kept.has(key)) keep(key, answer);
}

/**
 * The answer to a wish, asked for once it is there and dropped when another takes its place. With
 * `undefined` nothing is asked.
 */
export function useAnswer<K extends Kind>(
  kind: K,
  wish: WishOf<K> | undefined,
): Answered<AnswerOf<K>> {
  const key = wish === undefined ? '' : keyOf(kind, wish);
  const [found, setFound] = useState<Answered<AnswerOf<K>> & { readonly key: string }>({
    key: '',
    pending: true,
  });
  useEffect(() => {
    if (wish === undefined || kept.has(key)) return undefined;
    const stop = new AbortController();
    const set = (state: Answered<AnswerOf<K>>): void => {
      if (!stop.signal.aborted) setFound({ ...state, key });
    };
    const progress = (progress: Progress): void => set({ progress, pending: true });
    ask(kind, wish, { signal: stop.signal, progress }).then(
      (value) => {
        keep(key, value);
        set({ value, pending: false });
      },
      (error: Error) => set({ error: error.message, pending: false }),
    );
    return () => stop.abort();
  }, [key]);
  if (wish === undefined) return { pending: true };
  if (kept.has(key)) return { value: kept.get(key) as AnswerOf<K>, pending: false };
  return found.key === key ? found : { pending: true };
}

/** The same, and until it is there the answer to the wish before. */
export function useLastAnswer<K extends Kind>(
  kind: K,
  wish: WishOf<K> | undefined,
): Answered<AnswerOf<K>> & { readonly stale: boolean } {
  const now = useAnswer(kind, wish);
  const [before, setBefore] = useState<AnswerOf<K>>();
  useEffect(() => {
    if (now.value !== undefined) setBefore(now.value);
  }, [now.value]);
  if (now.value !== undefined || now.error !== undefined || before === undefined)
    return { ...now, stale: false };
  return { ...now, value: before, stale: true };
}
