import { arch, availableParallelism, cpus, platform } from 'node:os';
import { Option } from 'commander';
import type { Command } from 'commander';
import { benchmark } from '../../engine/bench.ts';
import type { BenchMode, BenchResult } from '../../engine/bench.ts';
import type { Precision } from '../../engine/engine.ts';
import { findEngine } from '../../engine/registry.ts';
import { alexnet, parseVariant } from '../../network/variants.ts';
import { addVariantOption, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { prefixed } from '../../text.ts';

interface BenchFlags extends CommonOptions {
  readonly variant: string;
  readonly batch: number;
  readonly precision: Precision;
  readonly steps: number;
  readonly mode: BenchMode;
  readonly peak?: true;
}

export function register(command: Command, terminal: Terminal): void {
  addVariantOption(command)
    .option('--batch <n>', 'images in one call', wholeNumber(1, 1e5), 32)
    .addOption(
      new Option('--precision <p>', 'of weights and activations inside the engine')
        .choices(['f32', 'bf16'])
        .default('f32'),
    )
    .option('--steps <n>', 'calls that are timed, after a warm-up', wholeNumber(1, 1e6), 10)
    .addOption(
      new Option('--mode <m>', 'forward alone, or whole training steps')
        .choices(['infer', 'train'])
        .default('infer'),
    )
    .option(
      '--peak',
      "no engine: the machine's own limits, measured by small loops of the onednn engine's addon",
    )
    .addHelpText(
      'after',
      '\nExamples:\n  alexnet bench --mode train --batch 64 --json\n  alexnet bench --peak',
    )
    .action((flags: BenchFlags) =>
      flags.peak === true ? peak(flags, terminal) : bench(flags, terminal),
    );
}

async function bench(
  { variant: name, engine: engineName, batch, precision, steps, mode, threads, seed }: BenchFlags,
  terminal: Terminal,
): Promise<void> {
  const variant = parseVariant(name);
  const engine = await findEngine(engineName);
  terminal.note(
    `${mode === 'train' ? 'Training' : 'Inference'} of ${variant}, batch ${batch}, ` +
      `${precision}, on the ${engine.name} engine; ${machine()}`,
  );
  const { threads: used, ...result } = await benchmark(engine, alexnet(variant), {
    mode,
    batch,
    steps,
    precision,
    seed,
    ...(threads !== undefined && { threads }),
    onStep: (step, milliseconds) =>
      terminal.progress(`call ${step} of ${steps}: ${milliseconds.toFixed(1)} ms`),
  });
  terminal.progress('');
  terminal.answer(
    { engine: engine.name, variant, batch, precision, threads: used, mode, ...result },
    () => summary(result, mode, used, terminal),
  );
}

/**
 * What a fused multiply-add loop, a bf16 dot product loop and a sum over memory reach: the roof
 * over every engine on this CPU.
 */
async function peak(
  { threads = availableParallelism() }: BenchFlags,
  terminal: Terminal,
): Promise<void> {
  const { requireAddon } = await import('../../engine/onednn/node/native.ts');
  const { f32, bf16, memory } = await requireAddon().peak(threads);
  terminal.note(machine());
  terminal.answer(
    {
      threads,
      f32FlopsPerSecond: f32,
      bf16FlopsPerSecond: bf16 === 0 ? null : bf16,
      memoryBytesPerSecond: memory,
    },
    () =>
      [
        `${prefixed(f32)}FLOP/s f32, fused multiply-adds on ${threads} ` +
          `thread${threads === 1 ? '' : 's'}`,
        bf16 === 0
          ? 'no bf16 dot products on this CPU'
          : `${prefixed(bf16)}FLOP/s bf16, dot products summed in f32`,
        `${prefixed(memory)}B/s read from memory`,
      ].join('\n'),
  );
}

function machine(): string {
  const processors = cpus();
  return (
    `${processors[0]?.model.trim() ?? arch()}, ${processors.length} processors, ` +
    `${platform()}, Node ${process.versions.node}`
  );
}

function summary(
  { imagesPerSecond, milliseconds, flopsPerSecond, flopsPerImage }: Omit<BenchResult, 'threads'>,
  mode: BenchMode,
  threads: number,
  terminal: Terminal,
): string {
  return [
    terminal.bold(`${imagesPerSecond.toPrecision(3)} images per second`),
    `${milliseconds.toPrecision(4)} ms for one ` +
      `${mode === 'train' ? 'training step' : 'forward'} (median), ${threads} ` +
      `thread${threads === 1 ? '' : 's'}`,
    `${prefixed(flopsPerSecond)}FLOP/s, counting ${prefixed(flopsPerImage)}FLOP an image (2 ` +
      'for each multiply-add)',
  ].join('\n');
}
