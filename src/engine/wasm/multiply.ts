import type { Region } from '../plan/arena.ts';
import { panelBytes, panelWidth } from './constants.ts';
import type { Job } from './job.ts';
import { call } from './signatures.ts';

/** A product of tiles; addresses and strides in bytes. */
export interface Multiply {
  readonly pixelsIn: number;
  readonly pixelsOut: number;
  readonly pixels: number;
  readonly input: number;
  readonly inputGroup: number;
  readonly taps: number;
  readonly tapCount: number;
  /** Floats of one tap; the last may be shorter. */
  readonly run: number;
  readonly lastRun: number;
  readonly groups: number;
  readonly weights: number;
  /** Numbers that one output sums over. */
  readonly inputs: number;
  /** Of one group. */
  readonly outputs: number;
  readonly output: number;
  readonly outputGroup: number;
  /** 0 for none. */
  readonly bias: number;
  readonly rectify: boolean;
}

/** Floats of a panel's chunk that should stay in the first-level cache, 8 channels wide. */
const chunkFloats = 640;
/** A multiple of both builds' tile rows, 4 and 6. */
const pixelBlock = 180;
const panelBlock = 4;

/** One job of the kernel `multiply`, with blocks that fit the caches. */
export function multiply({ groups, inputs, ...given }: Multiply): Job {
  const { outputs, pixels, run } = given;
  const blocks = Math.ceil(panelsOf(outputs) / panelBlock) * Math.ceil(pixels / pixelBlock);
  return call.multiply(groups * blocks, {
    ...given,
    pixelBlock,
    panelBlock,
    tapsPerChunk: Math.max(1, Math.floor(chunkFloats / Math.max(1, run))),
    weightsPanel: inputs * panelBytes,
  });
}

/** Panels that so many channels fill, the last one perhaps in part. */
export function panelsOf(channels: number): number {
  return Math.ceil(channels / panelWidth);
}

/**
 * A table of the byte offsets of `images` × rows × columns places, filled when the session starts.
 */
export function tableJob(
  table: Region,
  images: number,
  rows: number,
  columns: number,
  strides: { image: number; row: number; cell: number },
): Job {
  return call.placeTable(images, { to: table.at, rows, columns, ...strides });
}
