import { signal } from '@preact/signals';

/** `[256, 3]`, as the worker gives them: bright for large amounts; blue, pale, red around zero. */
export interface Palettes {
  readonly amounts: Uint8Array;
  readonly signs: Uint8Array;
}

export const palettes = signal<Palettes | undefined>(undefined);

/** Bytes as RGBA. */
export function coloured(bytes: Uint8Array, palette: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const from = 3 * bytes[i]!;
    out[4 * i] = palette[from]!;
    out[4 * i + 1] = palette[from + 1]!;
    out[4 * i + 2] = palette[from + 2]!;
    out[4 * i + 3] = 255;
  }
  return out;
}

/** RGB as RGBA. */
export function opaque(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3) {
    out[to++] = rgb[from]!;
    out[to++] = rgb[from + 1]!;
    out[to++] = rgb[from + 2]!;
    out[to++] = 255;
  }
  return out;
}
