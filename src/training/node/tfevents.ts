/**
 * TensorBoard's event files: records of `length u64, masked CRC of it, data, masked CRC of the
 * data`, each a message `tensorflow.Event` (tensorflow/core/util/event.proto; the framing is
 * TFRecord's). Scalars, histograms and images are written.
 */

/** One event with scalars. @param seconds wall time since 1970. */
export function scalarsEvent(
  seconds: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, concatenate([bytesField(1, utf8(tag)), float32Field(2, value)])),
  );
  return summaryEvent(seconds, step, values);
}

const buckets = 30;

/** One event with a histogram of each list of finite numbers, in buckets of equal width. */
export function histogramsEvent(
  seconds: number,
  step: number,
  lists: Readonly<Record<string, Float32Array>>,
): Uint8Array {
  const values = Object.entries(lists).map(([tag, numbers]) =>
    bytesField(1, concatenate([bytesField(1, utf8(tag)), bytesField(5, histogram(numbers))])),
  );
  return summaryEvent(seconds, step, values);
}

/** A message `tensorflow.HistogramProto`. */
function histogram(numbers: Float32Array): Uint8Array {
  let [lowest, highest, sum, squares] = [Infinity, -Infinity, 0, 0];
  for (const value of numbers) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
    sum += value;
    squares += value * value;
  }
  const width = (highest - lowest) / buckets || 1;
  const counts = new Float64Array(buckets);
  for (const value of numbers)
    counts[Math.min(buckets - 1, Math.floor((value - lowest) / width))]! += 1;
  const limits = Float64Array.from(counts, (_, i) => lowest + width * (i + 1));
  return concatenate([
    float64Field(1, lowest),
    float64Field(2, highest),
    float64Field(3, numbers.length),
    float64Field(4, sum),
    float64Field(5, squares),
    bytesField(6, new Uint8Array(limits.buffer)),
    bytesField(7, new Uint8Array(counts.buffer)),
  ]);
}

/** One event with a PNG. */
export function imageEvent(
  seconds: number,
  step: number,
  tag: string,
  {
    png,
    width,
    height,
  }: { readonly png: Uint8Array; readonly width: number; readonly height: number },
): Uint8Array {
  const image = concatenate([
    varintField(1, height),
    varintField(2, width),
    varintField(3, 3),
    bytesField(4, png),
  ]);
  const value = concatenate([bytesField(1, utf8(tag)), bytesField(4, image)]);
  return summaryEvent(seconds, step, [bytesField(1, value)]);
}

function summaryEvent(seconds: number, step: number, values: readonly Uint8Array[]): Uint8Array {
  return record(
    concatenate([
      float64Field(1, seconds),
      varintField(2, step),
      bytesField(5, concatenate(values)),
    ]),
  );
}

/** The first event of a file. */
export function versionEvent(seconds: number): Uint8Array {
  return record(concatenate([float64Field(1, seconds), bytesField(3, utf8('brain.Event:2'))]));
}

/**
 * Says that the run starts again at `step`: TensorBoard forgets what earlier files say about it and
 * later steps.
 */
export function restartEvent(seconds: number, step: number): Uint8Array {
  return record(
    concatenate([float64Field(1, seconds), varintField(2, step), bytesField(7, varintField(1, 1))]),
  );
}

function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return concatenate([length, maskedCrc(length), data, maskedCrc(data)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

function varintField(field: number, value: number): Uint8Array {
  return concatenate([varint(field * 8), varint(value)]);
}

function bytesField(field: number, data: Uint8Array): Uint8Array {
  return concatenate([varint(field * 8 + 2), varint(data.length), data]);
}

function float32Field(field: number, value: number): Uint8Array {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setFloat32(0, value, true);
  return concatenate([varint(field * 8 + 5), data]);
}

function float64Field(field: number, value: number): Uint8Array {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setFloat64(0, value, true);
  return concatenate([varint(field * 8 + 1), data]);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** CRC-32C (Castagnoli), rotated and shifted by a constant as TFRecord wants it. */
function maskedCrc(data: Uint8Array): Uint8Array {
  const crc = crc32c(data);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, masked, true);
  return out;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}
