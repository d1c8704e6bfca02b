import { memory } from '#platform';
import { makeBuffer } from '../platform/buffer.ts';
import type { PictureFormat } from './sniff.ts';

/** 100 megapixels: what the largest sensors of photographers give. */
export const maximumPixels = 100e6;

/** What decoding may take. Plain data, so that threads can be given the limits of another. */
export interface DecodeLimits {
  /** Of one picture: more are refused before decoding. */
  readonly maximumPixels: number;
  /**
   * `Int32[2]`, in KiB: what the pictures that are being decoded take, and what they may take
   * together. Threads that share it share the memory.
   */
  readonly budget: ArrayBufferLike;
}

const unit = 1024;

/**
 * New limits.
 * @param bytes for all pictures in flight together. Default a quarter of the memory that is free.
 */
export function decodeLimits(
  pixels: number = maximumPixels,
  bytes: number = memory().available / 4,
): DecodeLimits {
  const budget = makeBuffer(8);
  new Int32Array(budget)[1] = Math.min(2 ** 31 - 1, Math.max(1, Math.floor(bytes / unit)));
  return { maximumPixels: pixels, budget };
}

let current: DecodeLimits | undefined;

/** This thread's limits. */
export function currentLimits(): DecodeLimits {
  return (current ??= decodeLimits());
}

/** Has this thread decode within the limits of another. */
export function setDecodeLimits(limits: DecodeLimits): void {
  current = limits;
}

/** How long a picture waits before it asks again whether others are done, in milliseconds. */
const patience = 5;

/**
 * Waits until there is room for so many bytes. A picture that needs more than all of it is decoded
 * alone.
 * @returns what gives the room back.
 */
export async function reserve(bytes: number): Promise<() => void> {
  const counter = new Int32Array(currentLimits().budget);
  const units = Math.min(counter[1]!, Math.ceil(bytes / unit));
  while (!taken(counter, units)) await new Promise((resolve) => setTimeout(resolve, patience));
  return () => void Atomics.sub(counter, 0, units);
}

function taken(counter: Int32Array, units: number): boolean {
  for (;;) {
    const used = Atomics.load(counter, 0);
    // Not by a sum, which for two large pictures is more than 32 bits hold.
    if (units > counter[1]! - used) return false;
    if (Atomics.compareExchange(counter, 0, used, used + units) === used) return true;
  }
}

/**
 * What decoding a picture takes at worst: its bytes, all of its pixels as they are stored (which
 * interlaced and progressive files need at once), and as 8-bit RGB.
 */
export function decodingBytes(
  format: PictureFormat,
  bytes: Uint8Array,
  width: number,
  height: number,
): number {
  return bytes.length + width * height * (storedBytes(format, bytes) + 3);
}

function storedBytes(format: PictureFormat, bytes: Uint8Array): number {
  switch (format) {
    case 'JPEG':
      return 6; // coefficients of 16 bits
    case 'GIF':
    case 'WebP':
      return 4;
    case 'PNG':
      return pngBytes(bytes);
    case 'AVIF':
    case 'TIFF':
      return 8;
  }
}

/** From its header: the depth of a sample, and the colour type (PNG, section 11.2.1). */
function pngBytes(bytes: Uint8Array): number {
  const samples = [1, 0, 3, 3, 2, 0, 4][bytes[25] ?? 6] ?? 4;
  return (bytes[24] ?? 8) > 8 ? 2 * samples : samples;
}
