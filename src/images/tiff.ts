/** TIFF 6.0, sections 3 to 23, and what came later. Those that are not here are read. */
const compressions: Readonly<Record<number, string>> = {
  6: 'JPEG as TIFF had it before 1995',
  32766: 'NeXT',
  32809: 'ThunderScan',
  32908: 'PixarFilm',
  32909: 'PixarLog',
  34661: 'JBIG',
  34676: 'SGILog',
  34677: 'SGILog',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50002: 'JPEG XL',
};

const colours: Readonly<Record<number, string>> = {
  4: 'a transparency mask',
  8: 'colours in CIE Lab',
  9: 'colours in ICC Lab',
  10: 'colours in ITU Lab',
  32803: 'the raw values of a sensor',
  32844: 'colours in LogLuv',
  32845: 'colours in LogLuv',
};

const compressionTag = 259;
const coloursTag = 262;

/**
 * Why a TIFF is not read though nothing is wrong with it: a compression or colours that the decoder
 * does not know. Undefined where it knows them, or where the file does not say.
 */
export function unsupportedTiff(bytes: Uint8Array): string | undefined {
  const compression = firstValue(bytes, compressionTag);
  const known = compressions[compression ?? 1];
  if (known !== undefined) return `is compressed with ${known}`;
  const kind = colours[firstValue(bytes, coloursTag) ?? 2];
  return kind === undefined ? undefined : `holds ${kind}`;
}

/** A 16-bit value of the first directory. */
function firstValue(bytes: Uint8Array, tag: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = bytes[0] === 0x49;
  try {
    const directory = view.getUint32(4, little);
    for (let entry = 0; entry < view.getUint16(directory, little); entry++) {
      const at = directory + 2 + 12 * entry;
      if (view.getUint16(at, little) === tag) return view.getUint16(at + 8, little);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // it ends before
  }
  return undefined;
}
