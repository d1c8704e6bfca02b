import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { AlexNetError } from '../../../errors.ts';
import type { Availability, Draw, ParameterPart } from '../../engine.ts';
import type {
  BackwardPass,
  ResolvedBackwardOptions,
  ResolvedGradientOptions,
  ResolvedUpdate,
} from '../../session.ts';
import type { SessionDescription } from '../description.ts';
import { builtAddons } from './paths.ts';

/**
 * What `native/node/addon.cc` exports. Every promise is settled after the work has run on the
 * addon's own thread.
 */
export interface Addon {
  /** Of the oneDNN library that is loaded: `2.6.3`. */
  version(): string;
  cpu(): { readonly features: string; readonly bf16: boolean };
  /** The machine's own limits with this many threads. Computes for about a second. */
  peak(threads: number): Promise<Peak>;
  /**
   * Ends all computing, now and for good. Answers when nothing runs any more, at most a layer's
   * time later.
   */
  stop(): void;
  readonly Session: new () => NativeSession;
}

export interface Peak {
  /** Floating-point operations per second of fused multiply-adds. */
  readonly f32: number;
  /** The same of bf16 dot products summed in f32; 0 where the CPU has none. */
  readonly bf16: number;
  /** Bytes per second of reading. */
  readonly memory: number;
}

/**
 * Layers and parameters by index. The number of images is that of the last pass where it is not
 * given.
 */
export interface NativeSession {
  /** @returns bytes allocated. */
  prepare(description: SessionDescription): Promise<number>;
  /** @returns the last layer's output, `size` numbers per image. */
  forward(
    images: Float32Array,
    count: number,
    size: number,
    draw: Required<Draw> | undefined,
  ): Promise<Float32Array>;
  gradients(
    images: Float32Array,
    labels: Int32Array,
    count: number,
    options: ResolvedGradientOptions,
    onFinal: BackwardPass['onFinal'],
  ): Promise<{ readonly lossSum: number; readonly correct: number; readonly correct5: number }>;
  update(options: ResolvedUpdate): Promise<void>;
  gradientNorm(): Promise<number>;
  backward(
    layer: number,
    gradient: Float32Array,
    options: ResolvedBackwardOptions,
    onFinal: BackwardPass['onFinal'],
  ): Promise<void>;
  readActivation(layer: number, length: number): Promise<Float32Array>;
  readActivationGradient(layer: number, length: number): Promise<Float32Array>;
  readParameter(index: number, part: ParameterPart, length: number): Promise<Float32Array>;
  writeParameter(index: number, part: ParameterPart, values: Float32Array): Promise<void>;
  /**
   * The gradient's own memory, its layout's padding included; of no length after `dispose()`. Fails
   * where JavaScript may not see memory of others.
   */
  viewGradient(index: number): Promise<Float32Array>;
  dispose(): Promise<void>;
}

const howToBuild =
  'Install a C++ compiler and oneDNN (Debian and Ubuntu: "apt install g++ libdnnl-dev"; ' +
  'Homebrew: "brew install onednn libomp"; conda: "onednn") and run "npx alexnet native" ' +
  '(in a checkout: "make native").';

let loaded: Addon | string | undefined;

/** The addon, or one sentence or two that say why there is none. Never throws; looks once. */
export function loadAddon(): Addon | string {
  loaded ??= load();
  return loaded;
}

/** @throws {AlexNetError} with what to do, where the addon does not load. */
export function requireAddon(): Addon {
  const addon = loadAddon();
  if (typeof addon === 'string')
    throw new AlexNetError(`The onednn engine does not run here: ${addon}`);
  return addon;
}

export function probe(): Availability {
  const addon = loadAddon();
  if (typeof addon === 'string') return { available: false, reason: addon, details: {} };
  const { features, bf16 } = addon.cpu();
  const version = addon.version();
  const threads = availableParallelism();
  const precisions = bf16 ? 'f32 and bf16' : 'f32 (this CPU has no bf16)';
  return {
    available: true,
    reason: `oneDNN ${version} on ${features}, ${threads} threads; ${precisions}.`,
    details: { version, features, bf16, threads },
  };
}

function load(): Addon | string {
  const file = builtAddons().find((candidate) => existsSync(candidate));
  if (file === undefined) return `It is not built yet. ${howToBuild}`;
  // GNU's OpenMP reads this when it is loaded. A thread that waits for the others spins this often,
  // about 0.1 ms, before it gives its core away; by default it spins for many milliseconds, which
  // doubles the processor time wherever something else wants the core.
  if (process.env['OMP_WAIT_POLICY'] === undefined) process.env['GOMP_SPINCOUNT'] ??= '30000';
  try {
    const addon = createRequire(import.meta.url)(file) as Addon;
    // process.exit() runs no cleanup hooks of addons, but the library's exit handlers, which free
    // the code that another thread may be running.
    process.once('exit', () => {
      addon.stop();
    });
    return addon;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return (
      `It is built but does not load (${why}). ` +
      `Build it again after installing what is missing. ${howToBuild}`
    );
  }
}
