import type { Region } from '../plan/arena.ts';
import type { Job } from './job.ts';

/** The arguments of the kernel `multiply` by name. Addresses and strides in bytes. */
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
const chunk = 640;
/** A multiple of both builds' tile rows, 4 and 6. */
const pixelBlock = 180;
const panelBlock = 4;

export function multiply(m: Multiply): Job {
  const tapsPerChunk = Math.max(1, Math.floor(chunk / Math.max(1, m.run)));
  const tasks =
    m.groups * Math.ceil(Math.ceil(m.outputs / 8) / panelBlock) * Math.ceil(m.pixels / pixelBlock);
  return {
    kernel: 'multiply',
    tasks,
    arguments: [
      m.pixelsIn,
      m.pixelsOut,
      m.pixels,
      pixelBlock,
      m.input,
      m.inputGroup,
      m.taps,
      m.tapCount,
      tapsPerChunk,
      m.run,
      m.lastRun,
      m.weights,
      m.inputs * 32,
      m.outputs,
      panelBlock,
      m.output,
      m.outputGroup,
      m.bias,
      Number(m.rectify),
    ],
  };
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
  return {
    kernel: 'placeTable',
    tasks: images,
    arguments: [table.at, rows, columns, strides.image, strides.row, strides.cell],
  };
}
