import { arch, cpus, platform } from 'node:os';
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
import { prefixed } from '../text.ts';

interface BenchFlags extends CommonOptions {
  readonly variant: string;
  readonly batch: number;
  readonly precision: Precision;
  readonly steps: number;
  readonly mode: BenchMode;
}

export function register(command: Command, terminal: Terminal): void {
  addVariantOption(command)
    .option('--batch <n>', 'images in one call', wholeNumber(1), 32)
    .addOption(new Option('--precision <p>', 'of weights and activations inside the engine').choices(['f32', 'bf16']).default('f32'))
    .option('--steps <n>', 'calls that are timed, after a warm-up', wholeNumber(1), 10)
    .addOption(new Option('--mode <m>', 'forward alone, or whole training steps').choices(['infer', 'train']).default('infer'))
    .addHelpText('after', '\nExample:\n  alexnet bench --mode train --batch 64 --json')
    .action((flags: BenchFlags) => bench(flags, terminal));
}

async function bench({ variant: name, engine: engineName, batch, precision, steps, mode, threads, seed }: BenchFlags, terminal: Terminal): Promise<void> {
  const variant = parseVariant(name);
  const engine = await findEngine(engineName);
  terminal.note(`${mode === 'train' ? 'Training' : 'Inference'} of ${variant}, batch ${batch}, ${precision}, on the ${engine.name} engine; ${machine()}`);
  const { threads: used, ...result } = await benchmark(engine, alexnet(variant), {
    mode,
    batch,
    steps,
    precision,
    seed,
    ...(threads !== undefined && { threads }),
    onStep: (step, milliseconds) => terminal.progress(`call ${step} of ${steps}: ${milliseconds.toFixed(1)} ms`),
  });
  terminal.progress('');
  terminal.answer({ engine: engine.name, variant, batch, precision, threads: used, mode, ...result }, () => summary(result, mode, used, terminal));
}

function machine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? arch()}, ${processors.length} processors, ${platform()}, Node ${process.versions.node}`;
}

function summary({ imagesPerSecond, milliseconds, flopsPerSecond, flopsPerImage }: Omit<BenchResult, 'threads'>, mode: BenchMode, threads: number, terminal: Terminal): string {
  return [
    terminal.bold(`${imagesPerSecond.toPrecision(3)} images per second`),
    `${milliseconds.toPrecision(4)} ms for one ${mode === 'train' ? 'training step' : 'forward'} (median), ${threads} thread${threads === 1 ? '' : 's'}`,
    `${prefixed(flopsPerSecond)}FLOP/s, counting ${prefixed(flopsPerImage)}FLOP an image (2 for each multiply-add)`,
  ].join('\n');
}
