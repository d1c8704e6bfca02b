import { readPackageFile } from '#platform';
import { plainTileRows, relaxedTileRows } from './constants.ts';

/**
 * Plain SIMD runs everywhere that matters; relaxed SIMD adds fused multiply-add (Node 22 and later,
 * current browsers).
 */
export type Simd = 'simd' | 'relaxed';

/** `tileRows` of kernels/simd.ts in each build. */
export const tileRows: Readonly<Record<Simd, number>> = {
  simd: plainTileRows,
  relaxed: relaxedTileRows,
};

/**
 * `(func (result v128) (i8x16.splat (i32.const 0)))` and the same with a relaxed multiply-add: does
 * this platform know them?
 */
const plainProbe = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  8,
  1,
  6,
  0,
  65,
  0,
  253,
  15,
  11,
);
const relaxedProbe = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  19,
  1,
  17,
  0,
  65,
  0,
  253,
  15,
  65,
  0,
  253,
  15,
  65,
  0,
  253,
  15,
  253,
  133,
  2,
  11,
);

/** The best build this platform runs; none without SIMD. */
export function supportedSimd(): Simd | undefined {
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(plainProbe)) return undefined;
  return WebAssembly.validate(relaxedProbe) ? 'relaxed' : 'simd';
}

const modules = new Map<string, Promise<WebAssembly.Module>>();

/** The compiled kernels; compiled once a process, whatever the number of sessions. */
export function kernels(simd: Simd, shared: boolean): Promise<WebAssembly.Module> {
  const name = `${simd}${shared ? '-shared' : ''}`;
  let compiled = modules.get(name);
  if (compiled === undefined) {
    compiled = readPackageFile(urlOf(simd, shared)).then((bytes) => WebAssembly.compile(bytes));
    compiled.catch(() => modules.delete(name));
    modules.set(name, compiled);
  }
  return compiled;
}

/** Written out in full, so that bundlers find the files. */
function urlOf(simd: Simd, shared: boolean): URL {
  if (simd === 'relaxed')
    return shared
      ? new URL('./relaxed-shared.wasm', import.meta.url)
      : new URL('./relaxed.wasm', import.meta.url);
  return shared
    ? new URL('./simd-shared.wasm', import.meta.url)
    : new URL('./simd.wasm', import.meta.url);
}
