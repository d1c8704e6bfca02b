import type { Command } from 'commander';
import { published, pull } from '../../model/node/pull.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { bytes } from '../../text.ts';

interface PullFlags extends CommonOptions {
  readonly from?: string;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .argument('<name>', `whose weights: ${Object.keys(published).join(', ')}`)
    .option(
      '--from <address>',
      'another address for the same file; its digest is checked all the same',
    )
    .addHelpText(
      'after',
      '\nExample:\n  alexnet pull torchvision\n  alexnet predict ' +
        '~/.cache/alexnet/torchvision.safetensors photo.jpg',
    )
    .action((name: string, flags: PullFlags) => run(name, flags, terminal));
}

async function run(name: string, { from }: PullFlags, terminal: Terminal): Promise<void> {
  const onProgress = (done: number, total: number | undefined): void =>
    terminal.progress(`${bytes(done)}${total === undefined ? '' : ` of ${bytes(total)}`}`);
  const pulled = await pull(name, { onProgress, ...(from !== undefined && { address: from }) });
  terminal.progress('');
  terminal.answer(
    pulled,
    () => `${pulled.name} is in ${pulled.file}\nNext: alexnet predict ${pulled.file} PHOTO.jpg`,
  );
}
