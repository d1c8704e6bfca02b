/**
 * TensorBoard's event files: records of `length u64, masked CRC of it, data, masked CRC of the
 * data`, each a message `tensorflow.Event` (tensorflow/core/util/event.proto; the framing is
 * TFRecord's). Only scalars are written.
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
