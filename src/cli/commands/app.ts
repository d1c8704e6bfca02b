import type { Command } from 'commander';
import { serveApp } from '../../server/app/serve.ts';
import { untilInterrupted } from '../interrupt.ts';
import { wholeNumber } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** The year of the network. */
const defaultPort = 2012;

interface AppFlags {
  readonly port: number;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .argument('[model]', 'a file of weights to open: ours, PyTorch, ONNX, Caffe or NumPy')
    .option(
      '--port <n>',
      'on 127.0.0.1; 0 for any that is free',
      wholeNumber(0, 65535),
      defaultPort,
    )
    .addHelpText('after', '\nExample:\n  alexnet app runs/photos/model.safetensors')
    .action(serve);

  async function serve(model: string | undefined, { port }: AppFlags): Promise<void> {
    const app = await serveApp({ port, ...(model !== undefined && { model }) });
    terminal.answer({ address: app.address }, () => app.address);
    terminal.note('Open this address in a browser. Ctrl+C ends it.');
    await untilInterrupted(terminal, ended, new Error('ended'));
    await app.close();
  }
}

/** Until the signal comes. */
function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
