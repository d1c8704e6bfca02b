import { setTimeout as wait } from 'node:timers/promises';
import { Option } from 'commander';
import type { Command } from 'commander';
import { AlexNetError } from '../../errors.ts';
import type { Precision } from '../../engine/engine.ts';
import { parseDuration } from '../duration.ts';
import { maxPixelsOption, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { applyConfiguration, readKeys, readSecret } from '../serve-files.ts';
import { parseSize } from '../size.ts';
import type { Terminal } from '../terminal.ts';

/** Seconds that may pass after the drain until all is answered. */
const patience = 25;

export interface ServeFlags extends CommonOptions {
  readonly host: string;
  readonly port: number;
  readonly precision: Precision;
  readonly maxBatch: number;
  readonly queue: number;
  readonly timeout: number;
  readonly maxBody: number;
  readonly maxPixels?: number;
  readonly connections: number;
  readonly decodingThreads?: number;
  readonly cors?: readonly string[];
  readonly keyFile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly drain: number;
  readonly logLevel?: string;
  readonly config?: string;
  /** Of a configuration; on the command line they are arguments. */
  readonly models?: readonly string[];
}

export function register(command: Command, terminal: Terminal): void {
  command
    .argument(
      '[model...]',
      'model files, NAME=FILE, or folders of models and run folders (or "models" in --config)',
    )
    .option('--host <address>', 'where to listen; 0.0.0.0 for everywhere', '127.0.0.1')
    .option('--port <n>', '0: any that is free', wholeNumber(0, 65535), 8000)
    .addOption(
      new Option('--precision <p>', 'what to compute with').choices(['f32', 'bf16']).default('f32'),
    )
    .option('--max-batch <n>', 'pictures computed at once', wholeNumber(1, 1024), 32)
    .option('--queue <n>', 'pictures that may wait for a model', wholeNumber(1, 1e6), 256)
    .addOption(
      new Option('--timeout <time>', 'what a request may take: 10s, 1m')
        .argParser(parseDuration)
        .default(10, '10s'),
    )
    .addOption(
      new Option('--max-body <size>', 'of one request, decompressed')
        .argParser(parseSize)
        .default(64e6, '64M'),
    )
    .addOption(maxPixelsOption())
    .option('--connections <n>', 'open at once', wholeNumber(1, 1e6), 1024)
    .option('--decoding-threads <n>', "for pictures (default: the machine's)", wholeNumber(1, 256))
    .option('--cors <origin...>', 'pages of these origins may use it (default: none)')
    .option('--key-file <file>', 'keys, one a line: without one of them nothing is answered')
    .option('--cert <file>', 'TLS: the certificate, PEM; with --key')
    .option('--key <file>', 'TLS: its private key, PEM')
    .addOption(
      new Option('--drain <time>', 'after SIGTERM: not ready, but answering, for so long')
        .argParser(drainTime)
        .default(5, '5s'),
    )
    .addOption(
      new Option(
        '--log-level <level>',
        'JSON lines on standard error (default: info, warn on a terminal)',
      ).choices(['silent', 'error', 'warn', 'info', 'debug']),
    )
    .option('--config <file>', 'these settings as one JSON file: {"models": […], "maxBatch": 8}')
    .addHelpText(
      'after',
      '\nExample:\n  alexnet serve runs/photos\n' +
        "  curl --data-binary @cat.jpg 'http://127.0.0.1:8000/classify?top=3'",
    )
    .action(async (models: readonly string[]) => {
      await applyConfiguration(command);
      await run(models, command.opts<ServeFlags>(), terminal);
    });
}

/** `0s` too: at once. */
function drainTime(text: string): number {
  return /^0+s?$/.test(text.trim()) ? 0 : parseDuration(text);
}

async function run(words: readonly string[], flags: ServeFlags, terminal: Terminal): Promise<void> {
  const models = words.length > 0 ? words : (flags.models ?? []);
  const keys = flags.keyFile === undefined ? [] : await readKeys(flags.keyFile);
  const { cert, key } = flags;
  if ((cert === undefined) !== (key === undefined))
    throw new AlexNetError('Expected --cert and --key together, but found one of them.');
  const tls =
    cert === undefined || key === undefined
      ? undefined
      : { cert: await readSecret('--cert', cert), key: await readSecret('--key', key) };
  // Loaded only now: whoever asks for --help has no use for it.
  const [{ createServer }, { openLog }] = await Promise.all([
    import('../../server/server.ts'),
    import('../../server/log.ts'),
  ]);
  const log = openLog(flags.logLevel ?? (process.stderr.isTTY || flags.quiet ? 'warn' : 'info'));
  const { maxPixels, threads, decodingThreads } = flags;
  const server = await createServer({
    models,
    engine: flags.engine,
    precision: flags.precision,
    maxBatch: flags.maxBatch,
    queue: flags.queue,
    timeout: flags.timeout,
    maxBody: flags.maxBody,
    connections: flags.connections,
    cors: flags.cors ?? [],
    keys,
    logger: log.logger,
    ...(tls !== undefined && { tls }),
    ...(threads !== undefined && { threads }),
    ...(decodingThreads !== undefined && { decodingThreads }),
    ...(maxPixels !== undefined && { maximumPixels: maxPixels }),
  });
  try {
    const stop = signalled();
    const address = await server.listen(flags);
    announce({ ...server, address }, flags, terminal);
    const signal = await stop;
    await endWell(server, signal === 'SIGINT' ? 0 : flags.drain, terminal);
  } finally {
    await server.close();
    log.flush();
  }
}

/** What the addresses that a server may be reached at have in common for what is printed. */
function announce(
  { models, engine, address }: { models: readonly string[]; engine: string; address: string },
  { host, keyFile, cert, precision }: ServeFlags,
  terminal: Terminal,
): void {
  const [first = ''] = models;
  const query = models.length > 1 ? `?model=${first}` : '';
  const words = [
    'curl',
    ...(cert === undefined ? [] : [`--cacert ${cert}`]),
    ...(keyFile === undefined ? [] : [`-H "Authorization: Bearer $(head -n 1 ${keyFile})"`]),
    '--data-binary @cat.jpg',
    `'${address}/classify${query}'`,
  ];
  const curl = words.join(' ');
  terminal.answer({ url: address, models, engine, precision, curl }, () =>
    [
      `${terminal.bold(models.join(', '))} on ${engine}, ${precision}: ${address}`,
      `  ${curl}`,
      `  a page to drop pictures on: ${address}/   what there is: ${address}/docs`,
    ].join('\n'),
  );
  const local = ['127.0.0.1', 'localhost', '::1'].includes(host);
  if (!local && keyFile === undefined)
    terminal.note(`Whoever reaches ${host} may use this server: --key-file asks for a key.`);
}

/** A second signal ends the process as usual. */
function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const heard = (signal: NodeJS.Signals): void => {
      process.removeListener('SIGTERM', heard).removeListener('SIGINT', heard);
      resolve(signal);
    };
    process.once('SIGTERM', heard).once('SIGINT', heard);
  });
}

/** Not ready first, so that nobody sends more; then what was accepted is answered. */
async function endWell(
  server: { drain: () => void; close: () => Promise<void>; cutOff: () => void },
  drain: number,
  terminal: Terminal,
): Promise<void> {
  server.drain();
  terminal.note(`Stopping${drain > 0 ? ` in ${drain} s` : ''}: once more ends at once.`);
  await wait(1000 * drain);
  const timer = setTimeout(() => server.cutOff(), 1000 * patience);
  await server.close();
  clearTimeout(timer);
}
