import { Command, CommanderError } from 'commander';
import { reason, yieldToEvents } from '#platform';
import { AlexNetError, UsageError, nearest } from '../errors.ts';
import { version } from '../version.ts';
import { answersOf } from './answers.ts';
import { addCommonOptions } from './options.ts';
import { Terminal } from './terminal.ts';
import type { TerminalStream } from './terminal.ts';

/** What every `commands/<verb>.ts` exports. */
export interface CommandModule {
  /**
   * Adds arguments, options, an example and the action. What the action answers goes through
   * `terminal`.
   */
  readonly register: (command: Command, terminal: Terminal) => void;
}

interface Verb {
  readonly summary: string;
  /** Imported only when this verb is asked for, so that each starts quickly. */
  readonly load: () => Promise<CommandModule>;
}

export const verbs: Readonly<Record<string, Verb>> = {
  train: {
    summary: 'trains on a folder of photographs',
    load: () => import('./commands/train.ts'),
  },
  data: {
    summary: 'checks a dataset; packs it into shards',
    load: () => import('./commands/data.ts'),
  },
  convert: {
    summary: 'between weight files: PyTorch, safetensors, ONNX, Caffe, NumPy',
    load: () => import('./commands/convert.ts'),
  },
  pull: {
    summary: 'fetches published weights, checks them and makes a model of them',
    load: () => import('./commands/pull.ts'),
  },
  evaluate: {
    summary: 'how good a model is on labelled photographs',
    load: () => import('./commands/evaluate.ts'),
  },
  shrink: {
    summary: 'a smaller, faster model out of a trained one, within a budget',
    load: () => import('./commands/shrink.ts'),
  },
  predict: { summary: 'what is on a photograph', load: () => import('./commands/predict.ts') },
  explain: {
    summary: 'the network layer by layer: shapes with their formulas, parameters, work, memory',
    load: () => import('./commands/explain.ts'),
  },
  doctor: {
    summary: 'what this machine offers, and what to install for more',
    load: () => import('./commands/doctor.ts'),
  },
  native: {
    summary: "builds the oneDNN engine, the fastest on a CPU, from the package's own sources",
    load: () => import('./commands/native.ts'),
  },
  bench: {
    summary: "an engine's speed alone, on made-up images",
    load: () => import('./commands/bench.ts'),
  },
  serve: {
    summary: 'models over HTTP: pictures, the Open Inference Protocol, metrics',
    load: () => import('./commands/serve.ts'),
  },
  inspect: {
    summary:
      'what a model has learned, and why it answers so: kernels, maps, heat maps, ' +
      'neighbours, a story',
    load: () => import('./commands/inspect.ts'),
  },
  app: {
    summary: 'AlexNet in your browser: walk through it with your own picture, see every number',
    load: () => import('./commands/app.ts'),
  },
  experiment: {
    summary: "one of the paper's claims, tried on this machine: ReLU, dropout, LRN and more",
    load: () => import('./commands/experiment.ts'),
  },
  demo: {
    summary: 'draws a picture set, trains on it, evaluates and predicts, in a few minutes',
    load: () => import('./commands/demo.ts'),
  },
};

export interface Streams {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

/**
 * The command line.
 * @param argv the words after `alexnet`.
 * @param leave ends the process at once, for work that does not end by itself when it is stopped.
 * @returns the exit code: 0 done, 1 failed while working, 2 wrong usage.
 */
export async function main(
  argv: readonly string[],
  streams: Streams = process,
  leave?: (code: number) => void,
): Promise<number> {
  // Nobody who reads the progress, or no room for it, is no reason to stop a training.
  streams.stderr.on('error', () => undefined);
  const unwritten = unwrittenAnswer(streams.stdout);
  const terminal = new Terminal(streams.stdout, streams.stderr, leave);
  const program = rootCommand(terminal);
  let current = program;
  try {
    const words =
      argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv.length === 0 ? ['--help'] : argv;
    const [verb] = words;
    if (verb !== undefined && !verb.startsWith('-'))
      current = within(await addVerb(program, verb, terminal), words.slice(1));
    await program.parseAsync(words, { from: 'user' });
    const failure = await unwritten();
    if (failure !== undefined)
      throw new AlexNetError(`Standard output could not be written: ${reason(failure)}.`);
    return 0;
  } catch (error) {
    return report(error, current, terminal);
  } finally {
    terminal.stay();
  }
}

function rootCommand(terminal: Terminal): Command {
  const list = Object.entries(verbs).map(
    ([name, { summary }]) => `  ${name.padEnd(10)}  ${summary}`,
  );
  return quietly(new Command('alexnet'), terminal)
    .description('AlexNet: train it on your own photographs, see inside it, ship it.')
    .usage('<verb> [options]')
    .version(version, '--version', 'print the version')
    .addHelpText(
      'after',
      `\nVerbs:\n${list.join('\n')}\n\nHelp on one of them: alexnet <verb> --help`,
    );
}

async function addVerb(program: Command, name: string, terminal: Terminal): Promise<Command> {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) {
    const guess = nearest(name, Object.keys(verbs));
    throw new UsageError(
      `There is no verb "${name}". ${guess === undefined ? '' : `Did you mean "${guess}"? `}The ` +
        `verbs are: ${Object.keys(verbs).join(', ')}.`,
    );
  }
  const command = quietly(new Command(name), terminal).description(verb.summary);
  (await verb.load()).register(command, terminal);
  addCommonOptions(command);
  addAnswer(command, name);
  command.hook('preAction', (_, action) => {
    // Commander gives common options after `inspect why` to `inspect`: here they reach the action
    // that asks for them.
    for (const [key, value] of Object.entries(action.optsWithGlobals()))
      action.setOptionValueWithSource(
        key,
        value,
        action.getOptionValueSourceWithGlobals(key) ?? 'default',
      );
    terminal.configure(action.opts());
  });
  for (const sub of command.commands) {
    quietly(addCommonOptions(sub), terminal);
    addAnswer(sub, `${name} ${sub.name()}`);
  }
  program.addCommand(command);
  return command;
}

/** The keys of its JSON in its help. */
function addAnswer(command: Command, name: string): void {
  for (const [form, answer] of answersOf(name)) {
    const given = form === name ? '' : `${form.slice(name.length + 1)} and `;
    command.addHelpText('after', `\nWith ${given}--json:\n  ${answer}`);
  }
}

/** The command itself, or the one under it that the words name: `data check`. */
function within(command: Command, words: readonly string[]): Command {
  return command.commands.find((sub) => sub.name() === words[0]) ?? command;
}

/** Commander throws instead of exiting, and leaves the telling of errors to {@link report}. */
function quietly(command: Command, terminal: Terminal): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.error(text.trimEnd()),
      outputError: () => undefined,
    })
    .helpOption('-h, --help', 'print this help');
}

/**
 * A user's mistake is a sentence, with the usage where the words were wrong; anything else is a bug
 * of ours and shows its stack.
 */
function report(error: unknown, command: Command, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Only for a verb that needs a second one, `alexnet data`: its help is printed already.
    if (error.code === 'commander.help') return 2;
    return reportUsage(sentence(error.message), command, terminal);
  }
  if (error instanceof UsageError) return reportUsage(error.message, command, terminal);
  const mendable = error instanceof AlexNetError ? error.message : machineProblem(error);
  if (mendable !== undefined) {
    terminal.error(mendable);
    return 1;
  }
  terminal.error(
    'This is a bug of alexnet, not a mistake of yours. Please report it with these ' +
      `lines:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return 1;
}

/** What the system refused, or memory that is not there: no bug of ours, wherever it happened. */
function machineProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('syscall' in error && 'code' in error) {
    const { path, syscall } = error as NodeJS.ErrnoException;
    return `${path ?? `The system's ${syscall}`} failed: ${reason(error)}.`;
  }
  if (
    error instanceof RangeError &&
    /allocation failed|Invalid typed array length/.test(error.message)
  )
    return 'There is not enough memory for that. Ask for less at once: a smaller --batch.';
  return undefined;
}

function reportUsage(message: string, command: Command, terminal: Terminal): number {
  const name = fullName(command);
  terminal.error(`${message}\nUsage: ${name} ${command.usage()}\nMore: ${name} --help`);
  return 2;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** Commander's "error: unknown option '--x'" as a sentence. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, '');
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?)]$/.test(capital) ? capital : `${capital}.`;
}

/**
 * Watches standard output. `alexnet explain | head -1` closes the pipe early, which is no failure;
 * a full disk is one, also where it is noticed after the last word was written.
 * @returns what says, once all is written or cannot be, what went wrong.
 */
function unwrittenAnswer(stream: TerminalStream): () => Promise<Error | undefined> {
  let failure: Error | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') failure ??= error;
  });
  return async () => {
    // Errors of files and pipes are told in a later round of the event loop.
    await yieldToEvents();
    return failure;
  };
}
