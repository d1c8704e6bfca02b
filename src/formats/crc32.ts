let tables: Int32Array | undefined;

/**
 * Eight tables of 256, so that eight bytes are taken in one step (Kounavis and Berry 2005). Signed,
 * because V8 keeps those as machine words.
 */
function crcTables(): Int32Array {
  if (tables !== undefined) return tables;
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++)
      value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    made[byte] = value;
  }
  for (let i = 256; i < made.length; i++)
    made[i] = (made[i - 256]! >>> 8) ^ made[made[i - 256]! & 255]!;
  tables = made;
  return made;
}

/**
 * The CRC-32 of zip archives (PKWARE APPNOTE 4.4.7).
 * @param before the checksum of the bytes before these, where they are a later part.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const { buffer, byteOffset, length } = bytes;
  const head = Math.min(length, -byteOffset & 3);
  const pairs = (length - head) >>> 3;
  const start = plain(~before, bytes.subarray(0, head));
  const middle =
    pairs === 0 ? start : byPairs(start, new Int32Array(buffer, byteOffset + head, 2 * pairs));
  return ~plain(middle, bytes.subarray(head + 8 * pairs)) >>> 0;
}

function plain(crc: number, bytes: Uint8Array): number {
  const t = crcTables();
  for (const byte of bytes) crc = (crc >>> 8) ^ t[(crc ^ byte) & 255]!;
  return crc;
}

function byPairs(crc: number, words: Int32Array): number {
  const t = crcTables();
  for (let i = 0; i < words.length; i += 2) {
    const low = crc ^ words[i]!;
    const high = words[i + 1]!;
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + (high & 255)]! ^
      t[512 + ((high >>> 8) & 255)]! ^
      t[256 + ((high >>> 16) & 255)]! ^
      t[high >>> 24]!;
  }
  return crc;
}
