/** Philox 4×32-10 as src/random/philox.ts defines it; 64-bit products come for free here. */
function philox(block: u64, stream: u32, last: u32, seed: u64, out: usize): void {
  let c0 = <u32>block,
    c1 = <u32>(block >> 32),
    c2 = stream,
    c3 = last;
  let k0 = <u32>seed,
    k1 = <u32>(seed >> 32);
  for (let round = 0; round < 10; round++) {
    const p: u64 = <u64>0xd2511f53 * <u64>c0;
    const q: u64 = <u64>0xcd9e8d57 * <u64>c2;
    c0 = (<u32>(q >> 32)) ^ c1 ^ k0;
    c2 = (<u32>(p >> 32)) ^ c3 ^ k1;
    c1 = <u32>q;
    c3 = <u32>p;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  store<u32>(out, c0);
  store<u32>(out, c1, 4);
  store<u32>(out, c2, 8);
  store<u32>(out, c3, 12);
}

/**
 * The mask of one image a task, `[cells][channels]`: `kept` where the word is at or above
 * `threshold`, else 0. Words are counted in the canonical order, channel · cells + cell. Whole
 * numbers beyond 2³² come as f64.
 */
export function dropoutMask(
  mask: usize,
  channels: u32,
  cells: u32,
  threshold: u32,
  kept: f32,
  seed: f64,
  stream: u32,
  last: u32,
  firstImage: f64,
  task: u32,
  scratch: usize,
): void {
  const features = channels * cells;
  mask += task * features * 4;
  let counter = (<u64>firstImage + task) * features;
  let word = <u32>(counter & 3);
  philox(counter >> 2, stream, last, <u64>seed, scratch);
  for (let channel: u32 = 0; channel < channels; channel++) {
    for (let cell: u32 = 0; cell < cells; cell++) {
      if (word == 4) {
        philox(counter >> 2, stream, last, <u64>seed, scratch);
        word = 0;
      }
      store<f32>(
        mask + (cell * channels + channel) * 4,
        load<u32>(scratch + word * 4) >= threshold ? kept : 0,
      );
      word++;
      counter++;
    }
  }
}
