import type { Models } from './models.ts';
import type { Progress } from './protocol.ts';
import type { Pictures } from './pictures.ts';
import type { Opened } from './opened.ts';

/** What every task of one lane shares. */
export interface Context {
  readonly models: Models;
  readonly pictures: Pictures;
  /** The network that was opened last, with its session. */
  readonly opened: Opened;
}

/** Of one wish. */
export interface Asked extends Context {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
}

/** What fulfils one kind of wish. */
export type Task<Wish, Answer> = (wish: Wish, asked: Asked) => Promise<Answer>;
