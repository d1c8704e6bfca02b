import type { Terminal } from './terminal.ts';

/**
 * Runs `work` with a signal that SIGINT and SIGTERM abort; a second one ends the process as usual.
 * @param reason what the work is stopped with; without one it is told to be saving.
 */
export async function untilInterrupted<T>(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<T>,
  reason?: Error,
): Promise<T> {
  const stop = new AbortController();
  const listen = (signal: NodeJS.Signals): void => {
    terminal.progress('');
    if (reason === undefined) terminal.note(`${signal}: saving. Once more ends at once.`);
    stop.abort(reason);
  };
  process.once('SIGINT', listen).once('SIGTERM', listen);
  try {
    return await work(stop.signal);
  } finally {
    terminal.progress('');
    process.removeListener('SIGINT', listen).removeListener('SIGTERM', listen);
  }
}
