import type { Guess } from '../model/guesses.ts';
import type { Terminal } from './terminal.ts';

/** What was assumed of weights that say less than a model of ours, and how to say otherwise. */
export function tellGuesses(file: string, guesses: readonly Guess[], terminal: Terminal): void {
  for (const { text } of guesses)
    terminal.note(
      `${file}: ${text} To say otherwise, make a model of it: alexnet convert IN OUT.safetensors`,
    );
}
