import type { Command } from 'commander';
import { buildAddon } from '../../engine/onednn/node/build.ts';
import { AlexNetError } from '../../errors.ts';
import type { Terminal } from '../terminal.ts';

interface NativeOptions {
  readonly ifPossible?: true;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .option('--if-possible', 'where it cannot be built, say why and succeed all the same')
    .addHelpText('after', '\nExample:\n  alexnet native')
    .action(({ ifPossible }: NativeOptions) => native(terminal, ifPossible === true));
}

async function native(terminal: Terminal, ifPossible: boolean): Promise<void> {
  try {
    const result = await buildAddon((line) => terminal.progress(line));
    terminal.progress('');
    terminal.answer(
      result,
      () =>
        `The onednn engine ${result.compiled > 0 ? 'is built' : 'was built already'} against ` +
        `oneDNN ${result.version}: ${result.library}`,
    );
  } catch (error) {
    if (!ifPossible || !(error instanceof AlexNetError)) throw error;
    terminal.answer(
      { built: false, library: null, version: null, reason: error.message },
      () => `The onednn engine is NOT built, the others are. ${error.message}`,
    );
  }
}
