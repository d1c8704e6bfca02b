import { InvalidArgumentError } from 'commander';

const units = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 } as const;

/** Reads `250M` or `100000000` as a number of pixels. */
export function parsePixels(text: string): number {
  const pixels = /b$/i.test(text) ? 0 : Math.floor(parseSize(text));
  if (pixels >= 1) return pixels;
  throw new InvalidArgumentError(`Expected a number of pixels like 250M but found "${text}".`);
}

/** Reads `500M`, `4G`, `1.5GB` as bytes, in decimal units, for commander's `argParser`. */
export function parseSize(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([kmgt]?)b?$/i.exec(text.trim()) ?? [];
  if (amount !== undefined)
    return Number(amount) * units[unit!.toLowerCase() as keyof typeof units];
  throw new InvalidArgumentError(`Expected a size like 500M or 4G but found "${text}".`);
}
